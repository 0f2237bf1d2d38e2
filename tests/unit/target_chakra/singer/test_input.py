"""The input is read on a thread of its own, which must never end in a traceback of its own."""

from __future__ import annotations

import io
import os
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from target_chakra.singer.input import LineReader, Lines


def never() -> bool:
    return False


@pytest.mark.parametrize("buffered", [False, True])
def test_lines_come_in_their_order_with_their_numbers(*, buffered: bool) -> None:
    source = io.BytesIO(b"a\nb\nc")
    lines = Lines(io.BufferedReader(source) if buffered else source, never)  # type: ignore[arg-type]  # bytes in a buffer
    assert [(lines.number, line) for line in lines] == [(1, b"a"), (2, b"b"), (3, b"c")]


class InPieces(io.BytesIO):
    """Gives what each read of a pipe may give."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)

    def read1(self, _size: int | None = -1, /) -> bytes:
        return next(self._pieces, b"")


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"\r"))),
    st.lists(st.integers(1, 9), min_size=1),
    st.booleans(),
)
def test_lines_are_the_same_however_an_input_comes(
    lines: list[bytes],
    sizes: list[int],
    ends: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    content = b"\n".join(lines) + (b"\n" if ends and lines else b"")
    pieces, rest = [], content
    for size in cycle(sizes):
        if not rest:
            break
        pieces.append(rest[:size])
        rest = rest[size:]
    found = Lines(InPieces(pieces), never)
    expected = [line.rstrip(b"\n") for line in io.BytesIO(content)]
    assert [(found.number, line) for line in found] == list(enumerate(expected, 1))


def test_a_line_that_is_there_is_not_kept_waiting_for_the_next() -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as source, os.fdopen(write, "wb", buffering=0) as sink:
        lines = iter(Lines(source, never))
        for said in (b"one", b"two"):
            sink.write(said + b"\nhal")
            assert next(lines) == (b"one" if said == b"one" else b"haltwo")
        sink.close()
        assert list(lines) == [b"hal"]


def test_an_input_that_is_closed_meanwhile_is_an_error_of_who_reads_on() -> None:
    source = io.BytesIO(b"a\n")
    source.close()
    with pytest.raises(ValueError, match="closed"):
        list(Lines(source, never))


def test_an_input_that_breaks_off_is_an_error() -> None:
    class Gone(io.BytesIO):
        def read1(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "gone")

    with pytest.raises(OSError, match="gone"):
        list(Lines(Gone(), never))


def first_message(content: bytes) -> list[dict[str, object]]:
    """What a reader makes of an input of one message."""
    got: list[dict[str, object]] = []
    LineReader(never).process_lines(io.BytesIO(content), {"STATE": got.append})
    return got


STATE = '{"type": "STATE", "value": "\u00e9"}\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_before_the_first_message_means_nothing(encoding: str) -> None:
    assert first_message(STATE.encode(encoding)) == [{"type": "STATE", "value": "\u00e9"}]


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_an_input_of_another_encoding_is_named_and_not_shown(mark: bytes) -> None:
    with pytest.raises(SettingsError, match="The input is UTF-16 text"):
        first_message(mark + STATE.encode("utf-16-le"))
