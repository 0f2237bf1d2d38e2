"""The kill campaigns: `python -m tests.campaigns.kills tap --points 1000 --workers 2`.

Prints each case that fails with its number (`tap --only 17` replays it), what the runs were doing
when they died, and the verdict, which it leaves in `.faults` for `make faults-report` too. With
`--resume` it goes on with a campaign that was cut off.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import shutil
import signal
import sys
import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.campaigns.results import REAL as FIGURES
from tests.campaigns.verdicts import Death, Fault, Verdict, counts

if TYPE_CHECKING:
    from collections.abc import Callable

    Runs = Callable[[int, Path], Verdict]

WHAT = {
    "tap": "tap",
    "target": "target",
    "apply": "apply",
    "undo": "undo",
    "message": "target as it sends messages",
}
"""What dies, and what it is called."""
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "the second")


class Campaign:
    """Cases by number, until so many runs have died.

    Args:
        runs: Runs a case in a folder.
        points: How many runs are to die.
        kept: Where verdicts are kept.
    """

    def __init__(self, runs: Runs, points: int, kept: Path) -> None:
        self._runs = runs
        self._points = points
        self._kept = kept
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self.verdicts: list[Verdict] = []

    def resume(self) -> None:
        """Take in the verdicts of a campaign that was cut off."""
        lines = self._kept.read_text().splitlines() if self._kept.exists() else []
        self.verdicts = [_verdict(json.loads(line)) for line in lines]

    def work(self) -> None:
        """Take cases until there are points enough."""
        done = {verdict.name for verdict in self.verdicts}
        while sum(verdict.points for verdict in self.verdicts) < self._points:
            number = next(self._numbers)
            if str(number) in done:
                continue
            verdict = self.one(number)
            with self._lock, self._kept.open("a") as kept:
                self.verdicts.append(verdict)
                kept.write(json.dumps(asdict(verdict)) + "\n")

    def one(self, number: int) -> Verdict:
        """Run a case and print what became of it."""
        folder = Path(tempfile.mkdtemp(prefix=f"kill-{number}-"))
        try:
            verdict = self._runs(number, folder)
        except Exception as error:  # noqa: BLE001 - reported with its number
            fault = Fault("wrong", f"{type(error).__name__}: {error}")
            verdict = Verdict(str(number), faults=[fault])
        told = [f"{death.how} {'+'.join(death.states) or '(ended)'}" for death in verdict.deaths]
        mark = "ok  " if not verdict.faults else "FAIL"
        print(f"{mark} {verdict.name}: {'; '.join(told)} ({verdict.seconds:.1f} s)", flush=True)
        for fault in verdict.faults[:3]:
            print(f"     {fault}", flush=True)
        if verdict.faults:
            print(f"     what it left is in {folder}", flush=True)
        else:
            shutil.rmtree(folder)
        return verdict


def main() -> int:
    """Run the campaign; 1 if a case failed."""
    options = _options()
    # What a shell starts in the background ignores Ctrl-C, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    module = importlib.import_module(f"tests.campaigns.kills.{options.what}_kills")
    FIGURES.mkdir(exist_ok=True)
    kept = FIGURES / f"kills-{options.what}-cases.jsonl"
    campaign = Campaign(
        lambda number, folder: module.run_case(folder, module.case_of(number)),
        points=options.points,
        kept=kept,
    )
    if options.only is not None:
        return 1 if campaign.one(options.only).faults else 0
    if options.resume:
        campaign.resume()
    else:
        kept.unlink(missing_ok=True)
    with ThreadPoolExecutor(options.workers) as executor:
        for worker in [executor.submit(campaign.work) for _ in range(options.workers)]:
            worker.result()
    return _report(options.what, campaign.verdicts, options.workers)


def _verdict(kept: dict[str, Any]) -> Verdict:
    deaths = [Death(each["how"], tuple(each["states"]), each["kind"]) for each in kept["deaths"]]
    faults = [Fault(**each) for each in kept["faults"]]
    return Verdict(**{**kept, "deaths": deaths, "faults": faults})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Kill the real process, and judge.")
    parser.add_argument("what", choices=WHAT, help="what dies")
    parser.add_argument("--points", type=int, default=1000, help="how many runs are to die")
    parser.add_argument("--workers", type=int, default=2, help="cases at a time")
    parser.add_argument("--resume", action="store_true", help="go on with one that was cut off")
    parser.add_argument("--only", type=int, help="one case, by its number")
    return parser.parse_args()


def _report(what: str, verdicts: list[Verdict], workers: int) -> int:
    seconds = sum(verdict.seconds for verdict in verdicts) / workers
    histogram = _histogram(verdicts)
    print(f"\n| the {WHAT[what]} died | {' | '.join(SIGNALS)} | in all |\n|---|---|---|---|---|")
    for state, by_signal in sorted(histogram.items()):
        cells = " | ".join(str(by_signal[how]) for how in SIGNALS)
        print(f"| {state} | {cells} | {by_signal.total()} |")
    faults = [fault for verdict in verdicts for fault in verdict.faults]
    row = {
        "campaign": f"kills of the {WHAT[what]}",
        "cases": len(verdicts),
        "faults": sum(verdict.points for verdict in verdicts),
        "rows": sum(verdict.rows for verdict in verdicts),
        **counts(faults),
        "unknown": sum(verdict.unknown for verdict in verdicts),
        "seconds": round(seconds),
        "states": histogram,
    }
    (FIGURES / f"kills-{what}.jsonl").write_text(json.dumps(row) + "\n")
    failed = sorted(int(verdict.name) for verdict in verdicts if verdict.faults)
    print(f"\n{row['cases']} cases, {row['faults']} runs died, {row['rows']:,} rows,", end=" ")
    print(f"{seconds:.0f} s: {row['lost']} lost, {row['doubled']} doubled, {row['wrong']} wrong")
    for number in failed:
        print(f"  python -m tests.campaigns.kills {what} --only {number}")
    return 1 if failed else 0


def _histogram(verdicts: list[Verdict]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for death in (death for verdict in verdicts for death in verdict.deaths):
        for state in death.states:
            found.setdefault(f"{state}, {death.kind}", Counter())[death.how] += 1
    return found


if __name__ == "__main__":
    sys.exit(main())
