"""Keeps the totals of the campaigns, and writes `docs/faults.md` from them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.campaigns.simulated.kinds import ALL_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.campaigns.simulated.campaigns import Total

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "output" / "faults"
REAL = ROOT / ".faults"
"""Where the kills and the fuzzing leave their figures."""
REAL_ONES = ("kills-tap", "kills-target", "kills-message", "soak", "fuzz")
PAGE = ROOT / "docs" / "faults.md"
CAMPAIGNS = (
    "single",
    "pairs",
    "random",
    "clocks",
    "lag",
    "entries",
    "schedule",
    "apply",
    "undo",
    "calls",
    "messages",
    "call-single",
    "call-pairs",
    "photos",
    "photo-single",
    "photo-pairs",
    "tap",
    "tap-beside",
)

HEAD = """# What the fault campaigns found last

Written by `make faults-report` from the last run of `make faults`; do not edit. What is promised,
and under which conditions, is in [guarantees.md](guarantees.md).

The target and the tap run in process against the sandbox's own rules, on a virtual clock, with the
default settings of `lost_answer_horizon` and `job_timeout` (but where jobs of ten minutes run one
behind another: there `job_timeout` is as long as all that are in flight take). A fault comes at one
step: a request, a transaction of the journal, a STATE line, a rejected row. A crash leaves the
files as they were at that step, also with the last write torn; the next run starts from the last
STATE that was printed.
The judges read only the server's rows, the input, the STATE lines and the receipts.

Kills are of real processes against a real sandbox (`make kill`), bad input is drawn by hypothesis
(`make fuzz`). There a *fault* is a run that died, or a wrong thing that was tried. A case of the
soak (`make soak`) is a day of simulated weeks: people at work, tap and target by a schedule.
"""
UNKNOWN = (
    "*Unknown* counts rows whose outcome a run said is unknown, with an exit code that is not 0:"
    " never in silence, and settled by a later run or by its user."
)

IDLE = "Transactions that had nothing to write (*idle* above) count as *journal* here."


def keep(total: Total, plan: Iterable[str], seconds: float) -> None:
    """Store a campaign's total."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    body = {
        "name": total.name,
        "plan": list(plan),
        "cases": total.cases,
        "rows": total.rows,
        "runs": total.runs,
        "unknown": total.unknown,
        "faults": dict(sorted(total.faults.items())),
        "lost": total.lost,
        "doubled": total.doubled,
        "wrong": total.wrong,
        "failed": total.failed,
        "seconds": round(seconds),
    }
    (FOLDER / f"{total.name}.json").write_text(json.dumps(body, indent=1))


def report() -> None:
    """Write the page from what was kept last."""
    paths = [FOLDER / f"{name}.json" for name in CAMPAIGNS]
    kept = [json.loads(path.read_text()) for path in paths if path.exists()]
    real = [REAL / f"{name}.jsonl" for name in REAL_ONES]
    PAGE.write_text(page(kept, [json.loads(path.read_text()) for path in real if path.exists()]))


def page(kept: list[dict[str, Any]], real: Iterable[Mapping[str, Any]] = ()) -> str:
    """The page: of the campaigns in process, and of those with real processes."""
    real = list(real)
    lines = [
        HEAD,
        "| campaign | cases | faults | rows | runs | lost | doubled | wrong | unknown | time |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *map(_line, kept),
        *map(_cells, real),
        "",
        UNKNOWN,
        "",
        "## The cases",
        "",
    ]
    for each in kept:
        lines += [f"- {each['name']}: {said}" for said in each["plan"]]
    lines += ["", "## The faults", "", IDLE, "", "| step | fault | came |", "|---|---|---:|"]
    lines += _faults(kept)
    for each in real:
        lines += _states(each)
    failed = {case: why for each in kept for case, why in each["failed"].items()}
    lines += ["", "## The cases that failed", "", *_failed(failed), ""]
    return "\n".join(lines)


def _line(each: Mapping[str, Any]) -> str:
    faults = sum(each["faults"].values())
    return _cells({**each, "campaign": each["name"], "faults": faults}, f" {each['runs']:,}")


def _cells(each: Mapping[str, Any], runs: str = "") -> str:
    """A line of the table; with real processes nobody counts runs."""
    return (
        f"| {each['campaign']} | {each['cases']:,} | {each['faults']:,} | {each['rows']:,} |{runs}"
        f" | {each['lost']} | {each['doubled']} | {each['wrong']} | {each['unknown']:,}"
        f" | {each['seconds'] / 60:.0f} min |"
    )


def _states(each: Mapping[str, Any]) -> list[str]:
    """What was going on when runs died, by signal."""
    if "states" not in each:
        return []
    signals = sorted({name for counts in each["states"].values() for name in counts})
    lines = ["", f"## What was going on: {each['campaign']}", ""]
    lines += [f"| it was | {' | '.join(signals)} |", "|---|" + "---:|" * len(signals)]
    for state, counts in sorted(each["states"].items()):
        lines.append(f"| {state} | {' | '.join(str(counts.get(name, 0)) for name in signals)} |")
    return lines


def _faults(kept: list[dict[str, Any]]) -> list[str]:
    found: Counter[str] = Counter()
    for each in kept:
        found.update(each["faults"])
    # Until it ends, nobody knows of a transaction that it writes nothing: it is one of `journal`.
    steps = [
        (family, kind) for family, kinds in ALL_KINDS.items() for kind in kinds if family != "idle"
    ]
    return [f"| {family} | {kind} | {found[f'{family}/{kind}']:,} |" for family, kind in steps]


def _failed(failed: Mapping[str, list[str]]) -> list[str]:
    if not failed:
        return ["None."]
    again = "python -m tests.campaigns --only"
    return [f'- `{again} "{case}"`: {why[0]}' for case, why in failed.items()]
