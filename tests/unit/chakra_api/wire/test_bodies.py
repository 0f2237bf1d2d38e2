"""An answer is read as far as its reader wants, and its connection is closed where it is not."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import AnswerTooLarge, Boundless, Unreadable
from chakra_api.wire import bodies
from chakra_api.wire.bodies import CHUNK, read_body

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Answer:
    """An answer of so many bytes, or of these."""

    def __init__(self, size: int, body: bytes | None = None, **headers: str) -> None:
        self._size = size if body is None else len(body)
        self._body = body
        self.headers: Mapping[str, str] = {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        self.read = 0
        self.closed = False

    def pieces(self, size: int) -> Iterator[bytes]:
        while self.read < self._size:
            piece = min(size, self._size - self.read)
            self.read += piece
            begin = self.read - piece
            yield b"x" * piece if self._body is None else self._body[begin : self.read]

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


def compressed(size: int, kind: str) -> bytes:
    made = {"gzip": 31, "deflate": 15, "raw": -15}[kind]
    packer = zlib.compressobj(9, zlib.DEFLATED, made)
    return b"".join(
        [*(packer.compress(b"x" * CHUNK) for _ in range(size // CHUNK)), packer.flush()]
    )


def test_a_compressed_one_is_larger_than_it_tells() -> None:
    small = Answer(0, compressed(5 * CHUNK, "gzip"), Content_Encoding="gzip")
    with pytest.raises(AnswerTooLarge):
        read_body(small, CHUNK)
    large = Answer(50 * CHUNK, Content_Length=str(2 * CHUNK), Content_Encoding="gzip")
    with pytest.raises(AnswerTooLarge) as caught:
        read_body(large, CHUNK)
    assert (caught.value.size, large.read) == (None, 0)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("gzip", "gzip"),
        ("gzip", "x-gzip"),
        ("deflate", "deflate"),
        ("raw", "deflate"),
        ("gzip", " GZIP "),
    ],
)
def test_it_is_decompressed(kind: str, named: str) -> None:
    answer = Answer(0, compressed(3 * CHUNK, kind), Content_Encoding=named)
    assert read_body(answer, None) == b"x" * 3 * CHUNK


def test_gzip_may_have_several_members() -> None:
    answer = Answer(0, gzip.compress(b"a" * 10) + gzip.compress(b"b" * 10), Content_Encoding="gzip")
    assert read_body(answer, None) == b"a" * 10 + b"b" * 10


@pytest.mark.parametrize("kind", ["gzip", "deflate", "raw"])
def test_a_bomb_is_given_up_at_the_ceiling(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_ANSWER_BYTES", 20 * CHUNK)
    bomb = compressed(600 * CHUNK, kind)
    tracemalloc.start()
    encoding = "gzip" if kind == "gzip" else "deflate"
    with pytest.raises(Boundless):
        read_body(Answer(0, bomb, Content_Encoding=encoding), None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * CHUNK


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "\x00"])
def test_what_was_not_asked_for_is_not_read(encoding: str) -> None:
    answer = Answer(5 * CHUNK, Content_Encoding=encoding)
    with pytest.raises(Unreadable):
        read_body(answer, None)
    assert answer.read == 0


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_garbage_is_told_from_an_answer(encoding: str) -> None:
    with pytest.raises(Unreadable, match="could not be decompressed"):
        read_body(Answer(1000, Content_Encoding=encoding), None)


@pytest.mark.parametrize("told", ["9" * 5000, "-1", "", "1e9", "\uff11\uff12"])
def test_a_length_that_is_none_is_not_believed(told: str) -> None:
    assert read_body(Answer(3, Content_Length=told), 100) == b"xxx"


def test_an_answer_that_holds_one_thing_has_a_lower_ceiling() -> None:
    with pytest.raises(Boundless, match="more than 16 MB"):
        read_body(Answer(20 * CHUNK), None, bodies.SMALL_ANSWER_BYTES)
