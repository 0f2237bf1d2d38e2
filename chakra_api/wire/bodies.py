"""Reads the body of an answer, and no more of it than its reader wants, decompressed.

A megabyte of gzip may hold gigabytes. So it is decompressed piece by piece, here and not by
requests, and given up at a ceiling that nothing of ChakraHQ comes near.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, Protocol

from chakra_api.errors import AnswerTooLarge, Boundless, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CHUNK: Final = 1 << 20
"""Bytes of an answer that are read at a time."""

MOST_ANSWER_BYTES: Final = 128 << 20
"""Bytes of an answer at the most, decompressed, and of all answers of one list of users."""

SMALL_ANSWER_BYTES: Final = 16 << 20
"""The same of an answer that holds one thing, a job: many threads may wait for one at a time."""

_LONGEST_NUMBER: Final = 18
_PLAIN: Final = frozenset({"", "identity"})
_ENCODED: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Content-Encoding → zlib's window; of deflate there are two forms."""
_RAW_DEFLATE: Final = -15
CHECK_URL: Final = "Check the setting api_url, and whether a proxy stands between"
"""The next step where an answer can't be ChakraHQ's."""


class Incoming(Protocol):
    """An answer of which only the head is read."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers, by name in any case."""

    def pieces(self, size: int) -> Iterator[bytes]:
        """The body as it travels, at most so many bytes at a time."""

    def close(self) -> None:
        """Read no more of it: its connection is closed."""


def read_body(answer: Incoming, most_bytes: int | None, ceiling: int | None = None) -> bytes:
    """The body of an answer, decompressed.

    Args:
        answer: The answer.
        most_bytes: How large its reader wants it at the most; None for any size.
        ceiling: How large any such answer of ChakraHQ's is; None for `MOST_ANSWER_BYTES`.

    Raises:
        AnswerTooLarge: It is larger. No more of it is read, and its connection is closed.
        Boundless: It is larger than any answer of ChakraHQ's; as well.
        Unreadable: It is compressed in a way that was not asked for, or badly.
    """
    ceiling = ceiling or MOST_ANSWER_BYTES
    bound = min(most_bytes or ceiling, ceiling)
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    told = _length(answer)
    if told is not None and told > bound:
        answer.close()
        # Compressed, it is larger than it tells, nobody knows by how much.
        raise _too_large(most_bytes, told if encoding in _PLAIN else None, ceiling)
    chunks: list[bytes] = []
    read = 0
    for chunk in _decoded(answer, encoding):
        read += len(chunk)
        if read > bound:
            chunks.clear()
            answer.close()
            raise _too_large(most_bytes, None, ceiling)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def too_large(ceiling: int = MOST_ANSWER_BYTES) -> Boundless:
    """The error of an answer that is larger than any of ChakraHQ's."""
    return Boundless(
        f"An answer has more than {ceiling >> 20} MB, and was not read to its end",
        f"No answer of ChakraHQ's is as large. {CHECK_URL}",
    )


def _too_large(
    most_bytes: int | None, size: int | None, ceiling: int
) -> AnswerTooLarge | Boundless:
    if most_bytes is None:
        return too_large(ceiling)
    return AnswerTooLarge(f"An answer has more than {most_bytes:,} bytes", size=size)


def _decoded(answer: Incoming, encoding: str) -> Iterable[bytes]:
    pieces = answer.pieces(CHUNK)
    if encoding in _PLAIN:
        return pieces
    if encoding not in _ENCODED:
        answer.close()
        raise Unreadable("An answer is compressed in a way that was not asked for", CHECK_URL)
    return _inflated(answer, pieces, _ENCODED[encoding])


def _inflated(answer: Incoming, pieces: Iterable[bytes], window: int) -> Iterator[bytes]:
    """The pieces decompressed, at most `CHUNK` bytes at a time; gzip may have several members."""
    inflater, begun = zlib.decompressobj(window), False
    for piece in pieces:
        rest = piece
        while rest:
            if inflater.eof:
                inflater = zlib.decompressobj(window)
            try:
                chunk = inflater.decompress(rest, CHUNK)
            except zlib.error:
                if not begun and window == _ENCODED["deflate"]:
                    window, inflater = _RAW_DEFLATE, zlib.decompressobj(_RAW_DEFLATE)
                    begun = True
                    continue
                raise garbled(answer, "An answer could not be decompressed") from None
            begun = True
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if chunk:
                yield chunk
    while chunk := inflater.decompress(inflater.unconsumed_tail, CHUNK):
        yield chunk
    if begun and not inflater.eof:  # of JSON its parser would tell, of a file nothing else
        raise garbled(answer, "An answer was cut off before its end")


def garbled(answer: Incoming, said: str, brief: str = "garbled body") -> Unreadable:
    """The error of an answer that is no more read: it is closed.

    Args:
        answer: The answer.
        said: What is wrong with it.
        brief: The same in a word or two.
    """
    answer.close()
    made = Unreadable(said, CHECK_URL)
    made.brief = brief
    return made


def _length(answer: Incoming) -> int | None:
    """The bytes of a body as they travel; None if the answer does not tell."""
    told = answer.headers.get("Content-Length", "")
    return int(told) if told.isdecimal() and len(told) <= _LONGEST_NUMBER else None
