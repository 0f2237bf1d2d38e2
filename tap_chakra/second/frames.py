"""Frames: what a second process is handed through a pipe, and what it answers.

A frame is a kind, the length of its body, the body. The process ends with its input, having done
all that came whole. Signals are for the process that reads, which keeps them from this one.
"""

from __future__ import annotations

import gc
import os
import struct
import sys
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final

import orjson

from chakra_api.endpoints.answers import rows_of
from chakra_api.wire.wire_json import decode, encode
from tap_chakra.whole_files import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chakra_api.endpoints.answers import ProcessPage, Row

HEAD: Final = struct.Struct(">cI")
"""Kind and length of a frame's body, in bytes."""
BEGIN, ROWS, COUNTS = b"B", b"R", b"C"
"""Kinds that every such process knows: what rows are typed from, rows, what was counted of them."""
READY: Final = b"ready\n"
"""What it says once it can work, where it answers."""
READER_GONE: Final = 9
"""Exit code where nobody reads what it writes any more."""
NO_MEMORY: Final = 10
"""Exit code where the memory does not suffice."""
OUTPUT_FAULT: Final = 64
"""Exit code where the output can't be written, more by the number that the system gave."""


def rows_frame(
    page: ProcessPage, positions: Sequence[int], said: Sequence[object] = ()
) -> tuple[bytes, bytes]:
    """Rows of a page as the body of a frame, in two parts, with the answer itself if it is at hand.

    So no JSON has to be made of rows that came as JSON.

    Args:
        page: The page.
        positions: Positions of the rows in it that are meant.
        said: What else is said of them, values of JSON.
    """
    if page.body or page.heads:
        return _head(said, [*positions]), page.body
    return _head(said, None), encode([page.rows[at] for at in positions])


def _head(said: Sequence[object], positions: Sequence[int] | None) -> bytes:
    return orjson.dumps([*said, positions]) + b"\n"


def rows_in(body: bytes) -> tuple[list[Any], list[int] | None, bytes]:
    """What the body of a frame of rows holds: what is said of them, their positions, the answer.

    Without positions they are all the rows of an array.
    """
    ends = body.index(b"\n")
    *said, positions = orjson.loads(body[:ends])
    return said, positions, body[ends + 1 :]


def whole_rows(content: bytes, positions: Sequence[int] | None) -> list[Row]:
    """The rows of a frame as objects, from what `rows_in` found.

    Raises:
        ValueError: They are none.
    """
    held = decode(content)
    if positions is None:
        return rows_of(held)
    rows = rows_of(held["_data"] if isinstance(held, dict) else held)
    return [rows[at] for at in positions]


def frames(source: IO[bytes]) -> Iterable[tuple[bytes, bytes]]:
    """The frames that come whole."""
    while len(head := source.read(HEAD.size)) == HEAD.size:
        kind, length = HEAD.unpack(head)
        body = source.read(length)
        if len(body) < length:
            return
        yield kind, body


def serve(answers: int, take: Callable[[bytes, bytes], None]) -> None:
    """Do what frames on standard input ask for, until it ends.

    Args:
        answers: The open file to answer on.
        take: Does what one asks for.
    """
    gc.disable()  # rows hold no cycles
    try:
        write_all(partial(os.write, answers), READY)
        for kind, body in frames(sys.stdin.buffer):
            take(kind, body)
    except BrokenPipeError:
        os._exit(READER_GONE)
    except MemoryError:
        os._exit(NO_MEMORY)
    except OSError as error:
        os._exit(OUTPUT_FAULT + (error.errno or 0))
