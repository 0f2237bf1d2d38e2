"""Reads the body of an answer, and no more of it than its reader wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from chakra_api.errors import AnswerTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHUNK: Final = 1 << 20
"""Bytes of an answer that are read at a time."""


class Incoming(Protocol):
    """An answer of which only the head is read, as requests has it."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers, by name in any case."""

    def iter_content(self, chunk_size: int) -> Iterator[bytes]:
        """The body, decompressed."""

    def close(self) -> None:
        """Read no more of it: its connection is closed."""


def read_body(answer: Incoming, most_bytes: int | None) -> bytes:
    """The body of an answer, decompressed.

    Args:
        answer: The answer.
        most_bytes: How large it may be; None for any size.

    Raises:
        AnswerTooLarge: It is larger. No more of it is read, and its connection is closed.
    """
    if most_bytes is None:
        return b"".join(answer.iter_content(CHUNK))
    told = _length(answer)
    if told is not None and told > most_bytes:
        answer.close()
        # Compressed, it is larger than it tells, nobody knows by how much.
        size = None if "Content-Encoding" in answer.headers else told
        raise AnswerTooLarge(f"An answer has more than {most_bytes:,} bytes", size=size)
    chunks: list[bytes] = []
    read = 0
    for chunk in answer.iter_content(CHUNK):
        read += len(chunk)
        if read > most_bytes:
            chunks.clear()
            answer.close()
            raise AnswerTooLarge(f"An answer has more than {most_bytes:,} bytes")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _length(answer: Incoming) -> int | None:
    """The bytes of a body as they travel; None if the answer does not tell."""
    told = answer.headers.get("Content-Length", "")
    return int(told) if told.isdecimal() else None
