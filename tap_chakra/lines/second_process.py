"""The second process types rows and writes lines beside the process that reads.

One Python process can't use a second core. So a long read hands its rows over as they came, and
everything else that is to be printed as the lines that it is, in one order; this process writes to
the standard output that both share. What is handed over (`second_process_client.py`) are frames on
standard input: a kind, the length of the body, the body.

It is started by `isolated.py`, says in a line that it is ready, and ends with the input, having
written all that came whole. Signals are for the process that reads, which keeps them from this one.
"""

from __future__ import annotations

import gc
import os
import struct
import sys
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from typing import IO, TYPE_CHECKING, Final

import orjson

from chakra_api.account.account import Account, resolve_account
from chakra_api.account.people import Directory
from chakra_api.endpoints.answers import rows_of
from chakra_api.values.zones import zone_of
from chakra_api.wire.wire_json import decode, encode
from tap_chakra.lines.record_lines import RecordLines
from tap_chakra.masking.masked_procedure import masked
from tap_chakra.masking.stream_mask import Spelled, StreamMask
from tap_chakra.records.row_parser import RowParser
from tap_chakra.records.row_typer import COUNTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from chakra_api.endpoints.answers import ProcessPage, Row

HEAD: Final = struct.Struct(">cI")
"""Kind and length of a frame's body, in bytes."""
BEGIN, ROWS, LINES, COUNTS = b"B", b"R", b"L", b"C"
READY: Final = b"ready\n"
"""What it says once it can work, where it answers."""
READER_GONE: Final = 9
"""Exit code where nobody reads the output any more."""
NO_MEMORY: Final = 10
"""Exit code where the memory does not suffice."""
OUTPUT_FAULT: Final = 64
"""Exit code where the output can't be written, more by the number that the system gave."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the rows of a stream are typed from.

    Attributes:
        config: The account's configuration, as the API showed it (contract 4.22).
        users: The rows of the users endpoint.
        naive: The zone of times that name none, by name; None for the team's.
        unit_ms: Milliseconds in the unit of the account's times.
        procedure: ShortId.
        stream: The name that the lines carry.
        deselected: Paths of properties to leave out.
        mask: What must not leave in the clear, with the salt of its hashes: it is sent through the
            pipe and nowhere else. None if nothing is masked.
    """

    config: Mapping[str, object]
    users: Sequence[Row]
    procedure: str
    stream: str
    deselected: Sequence[Sequence[str]]
    naive: str | None = None
    unit_ms: int = 1
    mask: Spelled | None = field(default=None, repr=False)

    def encoded(self, after: Beginning | None = None) -> bytes:
        """As the body of a frame.

        Args:
            after: The one that was sent before, whose account is not sent once more.
        """
        held = {each.name: getattr(self, each.name) for each in fields(self)}
        if after is not None and after.config is self.config and after.users is self.users:
            del held["config"], held["users"]
        return encode({**held, "mask": self.mask and asdict(self.mask)})

    @classmethod
    def decoded(cls, body: bytes) -> Beginning:
        """That of a frame; without a configuration where the one before it holds it."""
        held = decode(body)
        if not isinstance(held, dict):
            return cls({}, (), "", "", ())
        held = {"config": {}, "users": (), **held}
        mask = held.pop("mask")
        return cls(**held, mask=mask and Spelled(**mask))

    def resolved(self) -> tuple[Account, Directory]:
        """The account and its users: for all streams of a run the same."""
        return resolve_account(dict(self.config)), Directory.from_users(self.users)

    def parser(self, resolved: tuple[Account, Directory] | None = None) -> RowParser:
        """What makes records of its rows.

        Args:
            resolved: As `resolved` has found it before.
        """
        account, directory = resolved or self.resolved()
        times = replace(account.times(zone_of(self.naive)), unit_ms=self.unit_ms)
        procedure = account.procedure(self.procedure)
        if self.mask is not None:
            procedure = masked(procedure, StreamMask.of(self.mask))
        return RowParser(procedure, directory, times, self.deselected)


def rows_frame(
    page: ProcessPage, positions: Sequence[int], version: int | None, extracted: str
) -> tuple[bytes, bytes]:
    """Rows of a page as the body of a frame, in two parts, with the answer itself if it is at hand.

    So no JSON has to be made of rows that came as JSON.

    Args:
        page: The page.
        positions: Positions of the rows in it that are meant.
        version: The version of the stream; None for none.
        extracted: When they came, ISO 8601.
    """
    if page.body or page.heads:
        return _head(version, extracted, [*positions]), page.body
    return _head(version, extracted, None), encode([page.rows[at] for at in positions])


def _head(version: int | None, extracted: str, positions: Sequence[int] | None) -> bytes:
    return orjson.dumps([version, extracted, positions]) + b"\n"


class Work:
    """What this process does with frames.

    Args:
        out: Where lines go.
        counts: Where counts go when they are asked for.
    """

    def __init__(self, out: int, counts: int) -> None:
        self._print = partial(write_all, partial(os.write, out))
        self._answer = partial(write_all, partial(os.write, counts))
        self._parser: RowParser | None = None
        self._lines = RecordLines("")
        self._resolved: tuple[Account, Directory] | None = None

    def take(self, kind: bytes, body: bytes) -> None:
        """Do what a frame asks for."""
        if kind == LINES:
            self._print(body)
        elif kind == BEGIN:
            self._begin(Beginning.decoded(body))
        elif self._parser is not None and kind == ROWS:
            self._print(self._typed(self._parser, body))
        elif self._parser is not None and kind == COUNTS:
            said = {name: getattr(self._parser.typer, name) for name in COUNTED}
            self._answer(orjson.dumps(said) + b"\n")

    def _begin(self, beginning: Beginning) -> None:
        if self._resolved is None or beginning.config:
            account, directory = beginning.resolved()
            self._resolved = replace(account, collections={}), directory  # those are not needed
        self._parser = beginning.parser(self._resolved)
        self._lines = RecordLines(beginning.stream)

    def _typed(self, parser: RowParser, body: bytes) -> bytes:
        ends = body.index(b"\n")
        version, extracted, positions = orjson.loads(body[:ends])
        content = body[ends + 1 :]
        if positions is None:
            records = list(map(parser.record, rows_of(decode(content))))
        else:
            records = parser.records(content, positions)
        return self._lines.lines(records, version, extracted)


def write_all(write: Callable[[memoryview], int | None], content: bytes) -> None:
    """Write all of it; a pipe may take it piece by piece."""
    rest = memoryview(content)
    while rest:
        rest = rest[write(rest) or 0 :]


def frames(source: IO[bytes]) -> Iterable[tuple[bytes, bytes]]:
    """The frames that come whole."""
    while len(head := source.read(HEAD.size)) == HEAD.size:
        kind, length = HEAD.unpack(head)
        body = source.read(length)
        if len(body) < length:
            return
        yield kind, body


def main(answers: int) -> None:
    """Work until the input ends.

    Args:
        answers: The open file to answer on.
    """
    gc.disable()  # rows hold no cycles
    work = Work(sys.stdout.fileno(), answers)
    try:
        write_all(partial(os.write, answers), READY)
        for kind, body in frames(sys.stdin.buffer):
            work.take(kind, body)
    except BrokenPipeError:
        os._exit(READER_GONE)
    except MemoryError:
        os._exit(NO_MEMORY)
    except OSError as error:
        os._exit(OUTPUT_FAULT + (error.errno or 0))
