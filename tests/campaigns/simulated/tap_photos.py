"""Runs of the tap that fetch photos: a fault at every request, file, row and STATE.

Files stay from run to run, and what a death leaves of one is there for the next. The judges read
the files themselves, what the server says that they hold, and the lines that were printed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chakra_sandbox.knobs import Knobs
from chakra_sandbox.rows.account import Account, shelf_of
from chakra_sandbox.rows.model import Attribute, uid
from chakra_sandbox.world import World
from chakra_sandbox.writes.changes import Mutation
from chakra_sandbox.writes.made_photos import made_png
from tap_chakra.photos import places, wanted
from tap_chakra.whole_files import part_of
from tests.campaigns.simulated.scenarios import LEAD, old, phone, rows_of
from tests.campaigns.simulated.tap import STREAM, TapSimulation
from tests.campaigns.simulated.tap_judges import bookmark_of
from tests.campaigns.simulated.target import BEGAN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from chakra_api.wire.transport import Request
    from tap_chakra.photos.places import Place
    from tap_chakra.photos.settings import PhotoSettings
    from tests.campaigns.simulated.tap import TapHistory
    from tests.campaigns.simulated.target import Plan

LEADS: Final = 16
SHOWN: Final = 6
"""Leads with a photo, two of which show the same one."""
PHOTOS: Final = "photos"
ATTRIBUTE: Final = "portrait"
MODEL: Final = replace(
    LEAD, attributes=(*LEAD.attributes, Attribute(ATTRIBUTE, "photo", "Portrait", owner="lead"))
)


@dataclass(frozen=True, slots=True)
class PhotoLine:
    """A record of a photo, or a STATE, as it was printed.

    Attributes:
        run: Of which run.
        record: The record; empty for a STATE.
        state: The STATE; empty for a record.
        body: What the file held then that the record names; None if there was none.
        living: At a STATE: `updatedAt` of each living process by id.
    """

    run: int
    record: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    living: Mapping[str, int] = field(default_factory=dict)


class PhotoSimulation(TapSimulation):
    """A case on its way.

    Args:
        plan: Says which faults come.
    """

    streams = frozenset({STREAM, PHOTOS})

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, world=_world())
        self._root = tempfile.TemporaryDirectory(prefix="chakra-photos-")
        self._folder = Path(self._root.name) / "files"
        self.lines: list[PhotoLine] = []
        self.files: dict[str, bytes] = {}
        self._lost = (0, "")

    def play(self) -> TapHistory:
        """Runs as of any case; the files are kept for the judges, and go."""
        try:
            return super().play()
        finally:
            paths = (path for path in self._folder.glob("*") if path.is_file())
            self.files = {path.name: path.read_bytes() for path in paths}
            self._root.cleanup()

    @property
    def config(self) -> dict[str, Any]:
        """Where photos go."""
        return {"photos": {"to": str(self._folder)}}

    def _mutate(self, number: int) -> None:
        """Rows change, and none goes whose photo would be looked for in vain."""
        self.server.catch_up()
        self.world.mutate("lead", Mutation(update=5), number)

    def _sync(self) -> int:
        with _swapped(wanted, "place_of", self._place):
            return super()._sync()

    def _place(self, settings: PhotoSettings) -> Place:
        return FaultyPlace(places.place_of(settings), self)

    def _request(self, request: Request) -> str | None:
        if "/photo/" not in request.path:
            return super()._request(request)
        kind = self._step("photo", "photo")
        if kind == "lost all run":
            self._lost = (self._run, request.path)
        return "reset after" if self._lost == (self._run, request.path) else kind

    def file_step(self, name: str) -> str | None:
        """The fault that hits the writing of a file."""
        return self._step("file", name)

    def _note(self, message: Mapping[str, Any], line: bytes) -> None:
        if message["type"] == "RECORD" and message["stream"] == PHOTOS:
            record = message["record"]
            path = Path(record["path"] or "none")
            body = path.read_bytes() if path.exists() else None
            self.lines.append(PhotoLine(self._run, record, body=body))
            self.history.output.append(line.decode())
            return
        if message["type"] == "STATE":
            state, living = message["value"], self._living()
            self.lines.append(PhotoLine(self._run, state=state, living=living))
        super()._note(message, line)

    def condemned(self) -> list[str]:
        """What is wrong with the photos at the end."""
        shown = dict(_shown())
        return [
            *(f"photo_files_are_whole: {why}" for why in files_are_whole(self.files)),
            *(f"photo_records_are_true: {why}" for why in records_are_true(self.lines)),
            *(f"no_photo_is_lost: {why}" for why in none_is_lost(self.lines, shown)),
            *(f"no_state_is_ahead: {why}" for why in no_state_is_ahead(self.lines, shown)),
        ]


class FaultyPlace:
    """A folder on a disk that fails as it is told to.

    Args:
        place: The folder.
        simulation: Says which fault comes.
    """

    def __init__(self, place: Place, simulation: PhotoSimulation) -> None:
        self._place = place
        self._simulation = simulation
        self.size, self.read, self.path = place.size, place.read, place.path

    def write(self, name: str, content: bytes) -> None:
        """Write a file, or die at it."""
        kind = self._simulation.file_step(name)
        if kind == "crash before":
            self._simulation.turns.crash()
        if kind == "disk full":
            with _swapped(places, "write_whole", _no_room):
                self._place.write(name, content)
        if kind == "torn":
            part = part_of(Path(self.path(name)))
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content[: len(content) // 2])
            self._simulation.turns.crash()
        self._place.write(name, content)
        if kind == "crash after":
            self._simulation.turns.crash()


@contextlib.contextmanager
def _swapped(module: ModuleType, name: str, value: object) -> Iterator[None]:
    """Within the block a module has another part of that name."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def _no_room(_path: Path, _content: bytes) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _world() -> World:
    shown = dict(_shown())
    data = [
        {"lead_id": old(n), "name": f"Lead {n}", "phone_number": phone(n), "score": n}
        for n in range(1, LEADS + 1)
    ]
    for n, each in enumerate(data):
        with contextlib.suppress(KeyError):
            each[ATTRIBUTE] = shown[uid("lead", str(n))]
    shelves = {"lead": shelf_of(MODEL, rows_of(MODEL, data, int(BEGAN * 1000)))}
    return World(Account(shelves), Knobs(), 7)


def _shown() -> Iterator[tuple[str, str]]:
    """The photo of each process that has one."""
    for n in range(SHOWN):
        yield uid("lead", str(n)), uid("photo", str(min(n, SHOWN - 2)))


# Judges


def files_are_whole(files: Mapping[str, bytes]) -> Iterator[str]:
    """A file under the name of a photo is all of it; what is not begins with a point.

    Args:
        files: What each holds, by name.
    """
    for name, body in files.items():
        if not name.startswith(".") and body != made_png(name):
            yield f"{name} holds {len(body)} bytes, and not those of its photo"


def records_are_true(lines: Iterable[PhotoLine]) -> Iterator[str]:
    """When a record was printed, its file was there as it says; and each run prints it once."""
    seen: set[tuple[object, ...]] = set()
    for line in lines:
        if not (record := line.record):
            continue
        name = (line.run, record["process"], record["attribute"], record["id"])
        if name in seen:
            yield f"run {line.run} emitted {record['id']} of {record['process']} twice"
        seen.add(name)
        if record["path"] is None:
            if not record["reason"]:
                yield f"{record['id']} has neither a file nor a reason"
            continue
        digest = hashlib.sha256(line.body or b"").hexdigest()
        if line.body is None or (record["bytes"], record["sha256"]) != (len(line.body), digest):
            yield f"the file of {record['id']} is not what its record says"


def none_is_lost(lines: Iterable[PhotoLine], shown: Mapping[str, str]) -> Iterator[str]:
    """At the end each photo that a process shows has its file.

    Args:
        lines: What was printed.
        shown: The photo of each process that shows one.
    """
    last = {line.record["process"]: line.record for line in lines if line.record}
    for process, photo in shown.items():
        record = last.get(process)
        if record is None or record["id"] != photo or record["path"] is None:
            yield f"{photo} of {process} was not had: {record and record['reason']}"


def no_state_is_ahead(lines: Iterable[PhotoLine], shown: Mapping[str, str]) -> Iterator[str]:
    """When a bookmark moved, the photos of what it covers were told, or are named as lost."""
    had: set[str] = set()
    before: tuple[int, ...] = ()
    for line in lines:
        if line.record:
            process = str(line.record["process"])
            (had.add if line.record["path"] else had.discard)(process)
            continue
        said = bookmark_of(line.state)
        entry = line.state.get("bookmarks", {}).get(STREAM, {})
        lost = {process for process, _, _ in entry.get("lostPhotos", ())}
        if said and said != before:
            due = {process for process, at in line.living.items() if at < max(said)}
            for process in sorted(due & shown.keys() - had - lost):
                yield f"STATE is ahead: the photo of {process} was not told"
        before = said
