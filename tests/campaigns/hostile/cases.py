"""One case: a real command against a hostile server, and the verdict on what came of it.

The command runs in this process, over a real connection; only its waits between attempts are short.
The judge knows what the server holds, and reads what the command printed and left.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tap_chakra.__main__ as tap_command
import target_chakra.__main__ as target_command
from chakra_api.connection import Connection
from chakra_api.elsewhere.links import SignedLinks
from chakra_api.endpoints.client import ChakraClient
from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_api.redaction import ApiKey
from chakra_api.wire.multipart import Upload
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_api.wire.transport import RequestsTransport, TransportSettings
from tap_chakra.run import source as tap_source
from tap_chakra.singer import tap
from target_chakra.run import session as target_session
from target_chakra.singer import target
from tests.campaigns.hostile.beside import PLUGIN
from tests.campaigns.hostile.grammar import (
    FALSE_IDS,
    LISTED_ONCE,
    all_of_them,
    make_bombs,
    make_dense,
)
from tests.campaigns.hostile.scenes import FEW, SCENES
from tests.campaigns.hostile.server import KEY, Hostile
from tests.support.in_process import Told, _run, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from chakra_api.clock import Clock
    from tests.campaigns.hostile.scenes import Scene

READ_TIMEOUT: Final = 0.4
TAP_CODES: Final = frozenset({0, 3, 4, 5, 6, 9})
TARGET_CODES: Final = frozenset({0, 3, 4, 5, 7, 8, 9, 10})
MOST_SECONDS: Final = 180.0
"""On a machine that does other work, too; what has no end takes hours."""
MOST_BYTES: Final = 600 << 20
"""Of the whole process at its highest: a ceiling of 128 MB an answer, and what was there before."""
ALWAYS: Final = 10**9
READ_UNTIL_STOPPED: Final = ("json new rows without end", ALWAYS)
"""Nothing tells such rows from real ones (decision 27); memory stays flat."""
SMALL: Final = 30
LARGE: Final = 450
SENT: Final = 12


@dataclass(frozen=True)
class Verdict:
    """What came of a case.

    Attributes:
        case: Its name.
        condemned: What was wrong; empty if nothing was.
        code: The exit code.
        seconds: How long it took.
        peak: Bytes that the process held at its highest.
        spoilt: Replies that were spoilt.
        requests: Requests that came.
    """

    case: str
    condemned: tuple[str, ...]
    code: int
    seconds: float
    peak: int
    spoilt: int
    requests: int


@dataclass
class Case:
    """A command, an endpoint, a malformation, how often, and how many rows there are."""

    name: str
    command: str = field(init=False)
    scene: Scene | None = field(init=False)
    endpoint: str = field(init=False)
    malformation: str = field(init=False)
    times: int = field(init=False)
    rows: int = field(init=False)

    def __post_init__(self) -> None:
        named, self.endpoint, self.malformation, times, rows = self.name.split("/")
        self.scene = SCENES.get(named)
        self.command = named if self.scene is None else self.scene.command
        self.times, self.rows = ALWAYS if times == "always" else int(times), int(rows)


class QuickClock:
    """The machine's time, but that waiting is short."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> float:
        """Wall clock time."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds, those that were not waited for among them."""
        return time.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        """Wait for a moment."""
        short = min(seconds, 0.001)
        time.sleep(short)
        self._skipped += seconds - short

    def random(self) -> float:
        """Always the middle."""
        return 0.5


def connect(
    connection: Connection, clock: Clock, pool_size: int, _watchers: object = ()
) -> ChakraClient:
    """A client over a real connection, as the commands make it; nobody watches."""
    settings = TransportSettings(READ_TIMEOUT, READ_TIMEOUT, connection.user_agent, pool_size)
    transport = RequestsTransport(connection.api_url, connection.api_key, settings, time.monotonic)
    links = SignedLinks(connection.api_url, settings, time.monotonic)
    return ChakraClient(transport, Pacer(clock, connection.max_rps), clock, RetryPolicy(), links)


def cases() -> list[str]:
    """All cases, by name."""
    return [*_first_cases(), *(case for name in SCENES for case in _cases_of(name))]


def _cases_of(scene: str) -> Iterator[str]:
    """Each reply spoilt of a scene's endpoints, or the first of each."""
    for end in SCENES[scene].ends:
        for name in all_of_them():
            if end not in SCENES[scene].is_file or not name.startswith("json"):
                yield from (f"{scene}/{end}/{name}/{times}/{FEW}" for times in ("1", "always"))


def _first_cases() -> list[str]:
    """Those of whole procedures, read and written by jobs."""
    found = []
    tap_ends = ("config", "users", "users v2", "list")
    target_ends = ("config", "list", "submit", "job", "entries")
    for name in all_of_them():
        for rows in (SMALL, LARGE):
            for times in ("1", "always"):
                ends = tap_ends if rows == SMALL else ("list",)
                found += [f"tap/{end}/{name}/{times}/{rows}" for end in ends]
        for times in ("1", "always"):
            found += [f"target/{end}/{name}/{times}/{SMALL}" for end in target_ends]
    return found


@lru_cache
def _place() -> tuple[Hostile, Path]:
    return Hostile(), Path(tempfile.mkdtemp())


def judged(name: str) -> Verdict:
    """Carry out a case against the server of this process, and judge it."""
    return carried_out(name, *_place())


def carried_out(name: str, hostile: Hostile, folder: Path) -> Verdict:
    """Carry out a case, and judge it."""
    case = Case(name)
    how = all_of_them()[case.malformation]
    hostile.begin(case.rows, case.endpoint, how.change, case.times, refuses=how.refuses)
    if "a bomb" in case.malformation:
        make_bombs()  # which takes longer than a reply may
    if "is dense" in case.malformation:
        make_dense()
    shutil.rmtree(folder)
    folder.mkdir()
    _forget_peak()
    began = time.monotonic()
    told, endless = _told(case, hostile, folder)
    seconds = time.monotonic() - began
    peak = _peak()
    hostile.end()
    wrong = ["did not end"] if endless else []
    wrong += _in_order(case, told, hostile, folder)
    plausible = how.plausible or _has_false_ids(case)
    if not plausible:
        wrong += _judges(case)(told, hostile)
    if case.scene is not None and case.scene.rows and not plausible:
        wrong += _again(case, hostile, folder)
    if seconds > MOST_SECONDS and (case.malformation, case.times) != READ_UNTIL_STOPPED:
        wrong.append(f"took {seconds:.0f} s")
    if peak > MOST_BYTES:
        wrong.append(f"held {peak >> 20} MB")
    return Verdict(name, tuple(wrong), told.code, seconds, peak, hostile.spoilt, hostile.asked)


def _has_false_ids(case: Case) -> bool:
    """Whether ids are false wherever they are told: they are those of another account then."""
    if case.malformation != FALSE_IDS:
        return False
    is_whole = (case.command, case.endpoint, case.rows) == ("tap", "list", SMALL)
    return case.endpoint in LISTED_ONCE or (is_whole and case.times == ALWAYS)


def _judges(case: Case) -> Callable[[Told, Hostile], Iterable[str]]:
    if case.scene is not None:
        return case.scene.judge
    return _of_tap if case.command == "tap" else _of_target


def _again(case: Case, hostile: Hostile, folder: Path) -> list[str]:
    """The same rows once more, while all answers are honest: nothing is made a second time."""
    hostile.relent()
    told, _ = _told(case, hostile, folder)
    wrong = [*_in_order(case, told, hostile, folder), *_judges(case)(told, hostile)]
    hostile.end()
    return [f"the second run: {why}" for why in wrong]


def _told(case: Case, hostile: Hostile, folder: Path) -> tuple[Told, bool]:
    """Run the command; whether it had to be stopped."""
    config: dict[str, Any] = {"api_key": KEY, "api_url": hostile.url}
    scene = case.scene
    if scene is not None:
        config |= scene.settings(hostile, folder)
    if case.command == "client":
        return _uploaded(case.endpoint, hostile), False
    stopper = threading.Timer(MOST_SECONDS, hostile.relent)  # from then on it is honest
    stopper.start()
    try:
        if case.command == "tap":
            config |= {"concurrency": 2}
            streams = scene.streams if scene is not None else ("process_lead", "users")
            catalog = {"streams": [_entry(stream) for stream in streams]}
            args = ["--config", written(folder, "config.json", config)]
            args += ["--catalog", written(folder, "catalog.json", catalog)]
            clock = QuickClock()
            swaps = [(tap_source, "connect", connect), (tap, "SystemClock", lambda: clock)]
            return _run(tap_command.run, args, swaps), False
        config |= {
            "streams": [{"stream": "s", "procedure": "lead"}],
            **config,
            "journal": f"sqlite:///{folder}/journal.db",
            "rejects_path": f"{folder}/rejects.jsonl",
            "batch_size": 6,
            "lost_answer_horizon": 2,
            "job_timeout": 5,
        }
        rows = scene.rows if scene is not None else _scores()
        lines = "\n".join(map(json.dumps, _messages(rows)))
        args = ["--config", written(folder, "config.json", config)]
        args += ["--input", written(folder, "input.jsonl", lines)]
        clock = QuickClock()
        swaps = [(target_session, "connect", connect), (target, "SystemClock", lambda: clock)]
        return _run(target_command.run, args, swaps), False
    finally:
        stopper.cancel()


def _uploaded(endpoint: str, hostile: Hostile) -> Told:
    """Have a file uploaded by the client, and tell of it as a command would."""
    client = connect(Connection(ApiKey(KEY), hostile.url), QuickClock(), 1)
    upload = Upload.of_bytes("a.png", "image/png", b"picture" * 1_000)
    asks: dict[str, Callable[[], object]] = {
        "upload": lambda: client.photos.upload(upload),
        "upload as": lambda: client.photos.upload_as("4b8f6a2e", upload),
        "media": lambda: client.whatsapp.upload_media(PLUGIN, upload),
    }
    try:
        return Told(0, repr(asks[endpoint]()), "")
    except ChakraError as error:
        return Told(int(error.exit_code), "", str(error))
    except Exception:  # noqa: BLE001 - what its user would see as a fault of ours
        return Told(int(ExitCode.BUG), "", traceback.format_exc())
    finally:
        client.close()


def _scores() -> list[dict[str, Any]]:
    return [{"lead_id": f"L-{25 + n}", "score": 1_000 + n} for n in range(SENT)]


def _messages(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    types = {str: "string", int: "integer", bool: "boolean"}
    properties = {name: {"type": types[type(value)]} for name, value in rows[0].items()}
    return [
        {"type": "SCHEMA", "stream": "s", "schema": {"properties": properties}},
        *({"type": "RECORD", "stream": "s", "record": row} for row in rows),
        {"type": "STATE", "value": {"done": True}},
    ]


def _entry(stream: str) -> dict[str, Any]:
    selected = {"breadcrumb": [], "metadata": {"selected": True, "inclusion": "available"}}
    schema = {"type": "object", "properties": {"id": {"type": ["string"]}}}
    return {"tap_stream_id": stream, "stream": stream, "replication_method": "FULL_TABLE",
            "key_properties": ["id"], "schema": schema, "metadata": [selected]}  # fmt: skip


def _in_order(case: Case, told: Told, hostile: Hostile, folder: Path) -> list[str]:
    """What no command may do, whatever a server says."""
    codes = TAP_CODES if case.command == "tap" else TARGET_CODES
    wrong = [] if told.code in codes else [f"exit code {told.code}: {told.stderr[-300:]}"]
    if "Traceback" in told.stderr:
        wrong.append(f"a traceback: {told.stderr[-300:]}")
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "config.json")
    left = [path.read_bytes() for path in files]
    if KEY in told.stdout + told.stderr or any(KEY.encode() in each for each in left):
        wrong.append("the key in an output")
    if hostile.leaks:
        wrong.append(f"the key was sent to another host {hostile.leaks} times")
    if hostile.strangers and not (case.scene and case.scene.goes_elsewhere):
        wrong.append(f"{hostile.strangers} connections to another host")
    return wrong


def _of_tap(told: Told, hostile: Hostile) -> list[str]:
    """Whether what was called complete was."""
    wrong = []
    seen: dict[str, set[Any]] = {"process_lead": set(), "users": set()}
    for line in told.lines:
        if line["type"] == "RECORD":
            seen[line["stream"]].add(line["record"].get("id"))
        elif line["type"] == "ACTIVATE_VERSION":
            users = {user["id"] for user in hostile.users}
            held = set(hostile.rows) if line["stream"] == "process_lead" else users
            if seen[line["stream"]] != held:
                wrong.append(f"ACTIVATE_VERSION of {line['stream']}, which is not whole")
        elif line["type"] == "STATE":
            lead = line["value"].get("bookmarks", {}).get("process_lead", {})
            if "last_complete_scan" not in lead:
                continue
            if seen["process_lead"] != set(hostile.rows):
                wrong.append("the bookmark moved, and rows are missing")
            if lead["last_complete_scan"]["began"][:4] > time.strftime("%Y"):
                wrong.append(f"the bookmark is {lead['last_complete_scan']['began']}")
    return wrong


def _of_target(told: Told, hostile: Hostile) -> list[str]:
    """Whether what was called done was."""
    scores = {row["data"].get("lead_id"): row["data"].get("score") for row in hostile.rows.values()}
    keys = [row["data"].get("lead_id") for row in hostile.rows.values()]
    done = all(scores.get(f"L-{25 + n}") == 1_000 + n for n in range(SENT))
    wrong = []
    if told.code == 0 and not done:
        wrong.append("exit code 0, and rows are not there")
    if told.stdout.strip() and not done and told.code != 7 and '"rejected": 0' in told.stderr:
        wrong.append("STATE, and rows are not there")
    if len(keys) != len(set(keys)):
        wrong.append("a row was created twice")
    return wrong


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    import resource  # noqa: PLC0415 - not on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
