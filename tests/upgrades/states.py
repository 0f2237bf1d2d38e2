"""The STATEs that each version of the tap leaves behind, and what a later tap reads from them.

The sandbox serves rows whose times are fixed, so that two runs differ in nothing but the instant
at which their scans began. That instant is not kept either: a kept STATE says `INSTANT` in its
place, and the rows of a later day were changed around it.
"""

from __future__ import annotations

import calendar
import json
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from chakra_sandbox.launch import start_sandbox
from tests.support.strict_singer import messages_of
from tests.support.tap_process import COMMAND, catalog_of, environment
from tests.upgrades.kept import DATA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

STREAM: Final = "process_contact"
BASE: Final = 1_704_067_200_000
"""2024-01-01: the first row; one comes every ten minutes."""
INSTANT: Final = "2024-02-01T00:00:00.000Z"
INSTANT_MS: Final = 1_706_745_600_000
LATER: Final = "2024-02-01T01:00:00.000Z"
"""In place of the instant of a scan that followed another one."""
NOW: Final = "2024-03-01T00:00:00.000Z"
"""In place of the instant of a scan that a test begins."""
LOOKBACK_MS: Final = 600_000
COUNT: Final = 1200
NEW: Final = 5
STOPPED: Final = 9
"""The documented exit code of a run that a signal stopped."""


@dataclass(frozen=True, slots=True)
class StateCase:
    """How a STATE came to be.

    Attributes:
        name: Of its file.
        method: Of the process streams.
        streams: Those that are selected.
        settings: The tap's.
        after: Name of the case whose STATE the run was given; empty for none.
        cut_behind: Records behind which the run is stopped; 0 for never.
        order: In which the sandbox lists.
    """

    name: str
    method: str = "INCREMENTAL"
    streams: tuple[str, ...] = (STREAM,)
    settings: dict[str, Any] = field(default_factory=dict)
    after: str = ""
    cut_behind: int = 0
    order: str = "created_asc"


SEVERAL: Final = (STREAM, "process_lead", "users", "teams", "team")
IDS: Final = {"emit_scan_ids": True}
WITH_IDS: Final = (STREAM, "scanned_ids", "complete_scans")
CREATED: Final = {"change_detection": "created"}
CASES: Final = (
    StateCase("complete"),
    StateCase("cut off", cut_behind=300),
    StateCase("cut off, pieces", cut_behind=300, order="random_stable"),
    StateCase("short look-back", settings={"lookback_seconds": 60}),
    StateCase("full table", "FULL_TABLE"),
    StateCase("full table, cut off", "FULL_TABLE", cut_behind=300),
    StateCase("cut off after a bookmark", after="complete", cut_behind=4),
    StateCase("scan ids", streams=WITH_IDS, settings=IDS),
    StateCase("several streams", streams=SEVERAL),
    StateCase("new rows only", settings=CREATED, after="complete"),
)
"""Each after the ones whose STATE it needs."""
GOLDEN: Final = (
    StateCase("walks"),
    StateCase("pieces", order="random_stable"),
    StateCase("versions", "FULL_TABLE"),
    StateCase("several", streams=SEVERAL),
    StateCase("ids", streams=WITH_IDS, settings=IDS),
)
"""Runs of which every STATE is kept, byte for byte but for the instant of their beginning."""


def rows(around: int | None = None) -> list[dict[str, Any]]:
    """The contacts; of a later day, with some that were changed or created around an instant."""
    found = [_row(n, BASE + n * 600_000 + n % 7 * 1000) for n in range(COUNT)]
    if around is not None:
        edges = (-LOOKBACK_MS - 1, -LOOKBACK_MS, -60_001, -60_000, 0, 1000)
        for at, edge in enumerate(edges):
            for row in found[at::300]:
                row["touched"] = around + edge
        found += [_row(COUNT + n, around + n * 60_000) for n in range(NEW)]
    return found


def _row(number: int, made: int) -> dict[str, Any]:
    touched = made + number % 5 * 86_400_000 if number < COUNT else made
    return {"ref": number, "score": number % 97, "made": made, "touched": touched}


@contextmanager
def account(
    folder: Path, around: int | None = None, *, procedure: str = "contact"
) -> Iterator[Sandbox]:
    """A sandbox that serves the rows as a procedure, and nothing but them."""
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows(around)))
    columns = ["--key", "ref", "--created-column", "made", "--updated-column", "touched"]
    empty = ["--rows", "0", "--tickets", "0", "--orders", "0"]
    with start_sandbox(["--load", str(path), "--procedure", procedure, *columns, *empty]) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Printed:
    """What a run of the tap printed.

    Attributes:
        code: Its exit code.
        lines: Its output, line by line.
        stderr: What it said to a person.
    """

    code: int
    lines: list[str]
    stderr: str

    @property
    def states(self) -> list[str]:
        """Its lines of STATE, as they are."""
        return [line for line in self.lines if line.startswith('{"type":"STATE"')]

    @property
    def last_state(self) -> Any:
        """The value of the last one."""
        return json.loads(self.states[-1])["value"]


class Tap:
    """Runs the tap on one sandbox.

    Args:
        folder: For its files.
        sandbox: What it reads.
    """

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self._folder = folder
        self._sandbox = sandbox
        self._catalogs: dict[str, dict[str, Any]] = {}

    def _catalog(self, case: StateCase, config: dict[str, Any]) -> dict[str, Any]:
        key = f"{case.method} {case.streams}"
        if key not in self._catalogs:
            catalog = catalog_of(self._folder, config, *case.streams, method=case.method)
            self._catalogs[key] = catalog
        return self._catalogs[key]

    def run(self, case: StateCase, state: Any = None, *, cut_behind: int = 0) -> Printed:
        """Run it as a case says."""
        self._sandbox.knobs(list_order=case.order, latency_ms=60 if cut_behind else 0)
        base = {"api_key": self._sandbox.api_key, "api_url": self._sandbox.url, "concurrency": 1}
        config = {**base, **case.settings}
        files = {"catalog": self._catalog(case, config), "config": config}
        command = list(COMMAND)
        for name, content in {**files, **({} if state is None else {"state": state})}.items():
            path = self._folder / f"{name}.json"
            path.write_text(json.dumps(content))
            command += [f"--{name}", str(path)]
        return self._printed(command, cut_behind)

    def _printed(self, command: list[str], cut_behind: int) -> Printed:
        printed, said = self._folder / "printed.jsonl", self._folder / "said.txt"
        with printed.open("wb") as out, said.open("wb") as err:
            running = subprocess.Popen(command, stdout=out, stderr=err, env=environment())
            while cut_behind and running.poll() is None:
                if printed.read_bytes().count(b'{"type":"RECORD"') >= cut_behind:
                    running.send_signal(signal.SIGTERM)
                    break
                time.sleep(0.01)
            code = running.wait(timeout=100)
        return Printed(code, printed.read_text().splitlines(), said.read_text())


TODAY: Final = re.compile(r"20(?:2[5-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(?=\.000Z)")
"""An instant of the server's clock: all rows lie before."""


def undated(printed: Printed, text: str, instant: str) -> str:
    """A text of a run with an instant in place of those at which its own scans began."""
    for found in sorted(set(TODAY.findall("".join(printed.states)))):
        text = text.replace(found, instant.removesuffix(".000Z"))
        text = text.replace(_seconds(found), _seconds(instant.removesuffix(".000Z")))
    return text


def _seconds(instant: str) -> str:
    return str(calendar.timegm(time.strptime(instant, "%Y-%m-%dT%H:%M:%S")))


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as ranges from the first to the last of each, each number counted."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def answer(tap: Tap, case: StateCase, state: Any) -> dict[str, Any]:
    """What the tap reads from a kept STATE on a later day, as plain JSON."""
    printed = tap.run(case, state)
    assert printed.code == 0, printed.stderr
    messages = messages_of(printed.lines, ended=True)
    records = [each for each in messages if each["type"] == "RECORD"]
    contacts = [each for each in records if each["stream"] == STREAM]
    ended = [m for m in messages if m["type"] == "ACTIVATE_VERSION" and m["stream"] == STREAM]
    others = sorted({each["stream"] for each in records} - {STREAM})
    return {
        "contacts": ranges(int(each["record"]["data"]["ref"]) for each in contacts),
        "others": {name: sum(each["stream"] == name for each in records) for name in others},
        "versions": _versions(printed, contacts),
        "activated": _versions(printed, ended),
        "resumed": "going on with a scan that was cut off" in printed.stderr,
        "state": json.loads(undated(printed, json.dumps(printed.last_state), NOW)),
    }


def _versions(printed: Printed, messages: list[dict[str, Any]]) -> list[str]:
    found = {str(each["version"]) for each in messages if "version" in each}
    return sorted(undated(printed, version, NOW) for version in found)


def golden(tap: Tap, case: StateCase) -> str:
    """Every STATE of a run, byte for byte but for the instant at which its scan began."""
    printed = tap.run(case)
    assert printed.code == 0, printed.stderr
    return "".join(f"{undated(printed, line, INSTANT)}\n" for line in printed.states)


def made(tap: Tap, case: StateCase, before: dict[str, Any]) -> Any:
    """The last STATE of a case's run, with `INSTANT` in it."""
    printed = tap.run(case, before.get(case.after), cut_behind=case.cut_behind)
    assert printed.code == (STOPPED if case.cut_behind else 0), printed.stderr
    instant = LATER if case.after else INSTANT
    return json.loads(undated(printed, json.dumps(printed.last_state), instant))


def states_folder(version: str) -> Path:
    """Where the STATEs of a version are kept."""
    return DATA / version / "states"


def keep(version: str, folder: Path) -> None:
    """Write down the STATEs of this version."""
    kept: dict[str, Any] = {}
    states_folder(version).mkdir(parents=True, exist_ok=True)
    for later in (False, True):
        with account(folder, INSTANT_MS if later else None) as sandbox:
            tap = Tap(folder, sandbox)
            for case in (each for each in CASES if bool(each.after) == later):
                kept[case.name] = made(tap, case, kept)
            for case in () if later else GOLDEN:
                (states_folder(version) / f"{case.name}.jsonl").write_text(golden(tap, case))
    (states_folder(version) / "states.json").write_text(json.dumps(kept, indent=1) + "\n")


def keep_answers(folder: Path) -> None:
    """Write down what this version reads from all STATEs that are kept."""
    with account(folder, INSTANT_MS) as sandbox:
        tap = Tap(folder, sandbox)
        for path in sorted(DATA.glob("*/states/states.json")):
            states = json.loads(path.read_text())
            found = {case.name: answer(tap, case, states[case.name]) for case in CASES}
            path.with_name("answers.json").write_text(json.dumps(found, indent=1) + "\n")
