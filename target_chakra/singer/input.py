"""Reads Singer messages line by line, and lets the run work while no line comes."""

from __future__ import annotations

import codecs
import queue
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from singer_sdk.singerlib.encoding.base import GenericSingerReader

from chakra_api.errors import SettingsError
from chakra_api.values import exact_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

MOST_BYTES: Final = 100 << 20
"""Bytes of a line, at most: no row is as large, and memory is not without end."""
CHUNK_BYTES: Final = 256 << 10
"""Bytes that are asked for at once: a pipe gives fewer."""
CHUNKS_AHEAD: Final = 4
"""Chunks of lines that are read before they are worked on."""
TICK: Final = 0.2
"""Seconds without a line after which the run may work."""


class Source(Protocol):
    """An input, as Python's own readers of bytes are."""

    def read1(self, size: int, /) -> bytes:
        """So many bytes at most, with a single read of what is below; none at the end."""


class Lines:
    """The lines of an input without their ends, read ahead on a thread.

    Args:
        source: The input.
        idle: Called when no line came for a while; true to stop reading.
    """

    def __init__(self, source: Source, idle: Callable[[], bool]) -> None:
        self._source = source
        self._idle = idle
        self._chunks: queue.Queue[list[bytes] | Exception | None] = queue.Queue(CHUNKS_AHEAD)
        self.number = 0
        """Of the line that is being worked on, from 1."""

    def __iter__(self) -> Iterator[bytes]:
        threading.Thread(target=self._read, daemon=True, name="input").start()
        while True:
            try:
                chunk = self._chunks.get(timeout=TICK)
            except queue.Empty:
                if self._idle():
                    return
                continue
            if chunk is None:
                return
            if isinstance(chunk, Exception):
                raise chunk
            for line in chunk:
                self.number += 1
                yield line

    def _read(self) -> None:
        number, begun = 0, _OpenLine()
        try:
            # At most one read of the source at a time: a line that is there is never kept waiting
            # for further ones.
            while read := self._source.read1(CHUNK_BYTES):
                first, *lines = read.split(b"\n")
                begun.add(first)
                if begun.size > MOST_BYTES:
                    self._chunks.put(_too_long(number + 1))
                    return
                if lines:
                    chunk = [begun.ended(), *lines[:-1]]
                    number += len(chunk)
                    self._chunks.put(chunk)
                    begun.add(lines[-1])
            if begun.size:
                self._chunks.put([begun.ended()])
        except (OSError, ValueError) as error:
            # A ValueError: the run has ended and its input is closed; no more lines are asked for.
            self._chunks.put(error)
        else:
            self._chunks.put(None)


class _OpenLine:
    """A line of which the end has not been read."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def add(self, part: bytes) -> None:
        """More of it was read."""
        self._parts.append(part)
        self.size += len(part)

    def ended(self) -> bytes:
        """The whole line; another one begins."""
        line = b"".join(self._parts)
        self._parts, self.size = [], 0
        return line


class LineReader(GenericSingerReader[bytes]):
    """Reads Singer messages as bytes, one a line, and names the line that is broken.

    Args:
        idle: As for `Lines`.
    """

    def __init__(self, idle: Callable[[], bool]) -> None:
        super().__init__()
        self._idle = idle
        self._lines: Lines | None = None

    @property
    def default_input(self) -> IO[bytes]:
        """Standard input.

        Raises:
            SettingsError: It was closed, `<&-` in a shell.
        """
        if sys.stdin is None:
            raise SettingsError("The input is closed", "Give it a tap's output, or name --input")
        return sys.stdin.buffer

    @property
    def line(self) -> int:
        """Number of the line that is being worked on."""
        return self._lines.number if self._lines else 0

    def process_lines(
        self,
        file_input: IO[bytes] | None,
        callbacks: dict[str, Callable[[dict[str, Any]], None]],
    ) -> Any:  # noqa: ANN401 - the SDK's counter
        """Hand each message to its callback."""
        source: Any = file_input or self.default_input
        self._lines = Lines(getattr(source, "buffer", source), self._idle)
        return super().process_lines(self._whole(self._lines), callbacks)  # type: ignore[arg-type]  # lines are all it takes

    @staticmethod
    def _whole(lines: Lines) -> Iterator[bytes]:
        return (line for line in lines if line and not line.isspace())

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """The message in a line.

        Raises:
            SettingsError: It holds none.
        """
        line = _unmarked(line) if self.line == 1 else line
        try:
            message = exact_json.loads(line, constants=True)
        except ValueError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise SettingsError(
                f"Line {self.line} of the input is no Singer message: {_shown(line)}",
                "See what the tap wrote there; the receipt says what became of the rows before it",
            )
        return message

    def _process_unknown_message(self, message_dict: dict[str, Any]) -> NoReturn:
        raise SettingsError(
            f"Line {self.line} of the input has the unknown type {message_dict['type']!r:.60}",
            "See what the tap wrote there; the receipt says what became of the rows before it",
        )


def _too_long(number: int) -> SettingsError:
    return SettingsError(
        f"Line {number} of the input has more than {MOST_BYTES >> 20} MB",
        "No row is as large: see what wrote the input; the receipt says what became of the rows"
        " before it",
    )


def _unmarked(line: bytes) -> bytes:
    """The first line without a byte-order mark.

    Raises:
        SettingsError: The mark says that the input is UTF-16.
    """
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SettingsError("The input is UTF-16 text", "Write it as UTF-8")
    return line.removeprefix(codecs.BOM_UTF8)


def _shown(line: bytes) -> str:
    text = line.decode(errors="replace").strip()
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - a line's worth
