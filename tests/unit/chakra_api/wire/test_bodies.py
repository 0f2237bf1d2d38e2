"""An answer is read as far as its reader wants, and its connection is closed where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import AnswerTooLarge
from chakra_api.wire.bodies import CHUNK, read_body

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Answer:
    """An answer of so many bytes."""

    def __init__(self, size: int, **headers: str) -> None:
        self._size = size
        self.headers: Mapping[str, str] = {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        self.read = 0
        self.closed = False

    def iter_content(self, chunk_size: int) -> Iterator[bytes]:
        while self.read < self._size:
            piece = min(chunk_size, self._size - self.read)
            self.read += piece
            yield b"x" * piece

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
@pytest.mark.parametrize("bound", [None, 3 * CHUNK])
def test_an_answer_within_its_bound_is_read_whole(size: int, bound: int | None) -> None:
    answer = Answer(size, Content_Length=str(size))
    assert read_body(answer, bound) == b"x" * size
    assert not answer.closed


def test_one_that_tells_its_length_is_not_even_begun() -> None:
    answer = Answer(5 * CHUNK, Content_Length=str(5 * CHUNK))
    with pytest.raises(AnswerTooLarge) as caught:
        read_body(answer, CHUNK)
    assert (caught.value.size, answer.read, answer.closed) == (5 * CHUNK, 0, True)


def test_one_that_does_not_is_read_no_further_than_its_bound() -> None:
    answer = Answer(50 * CHUNK)
    with pytest.raises(AnswerTooLarge) as caught:
        read_body(answer, 2 * CHUNK)
    assert (caught.value.size, answer.read, answer.closed) == (None, 3 * CHUNK, True)


def test_a_compressed_one_is_larger_than_it_tells() -> None:
    small = Answer(5 * CHUNK, Content_Length="1000", Content_Encoding="gzip")
    with pytest.raises(AnswerTooLarge):
        read_body(small, CHUNK)
    large = Answer(50 * CHUNK, Content_Length=str(2 * CHUNK), Content_Encoding="gzip")
    with pytest.raises(AnswerTooLarge) as caught:
        read_body(large, CHUNK)
    assert (caught.value.size, large.read) == (None, 0)
