"""The input is read on a thread of its own, which must never end in a traceback of its own."""

from __future__ import annotations

import io

import pytest

from target_chakra.singer.input import Lines


def never() -> bool:
    return False


@pytest.mark.parametrize("buffered", [False, True])
def test_lines_come_in_their_order_with_their_numbers(*, buffered: bool) -> None:
    source = io.BytesIO(b"a\nb\nc")
    lines = Lines(io.BufferedReader(source) if buffered else source, never)  # type: ignore[arg-type]  # bytes in a buffer
    assert [(lines.number, line) for line in lines] == [(1, b"a\n"), (2, b"b\n"), (3, b"c")]


def test_an_input_that_is_closed_meanwhile_is_an_error_of_who_reads_on() -> None:
    source = io.BytesIO(b"a\n")
    source.close()
    with pytest.raises(ValueError, match="closed"):
        list(Lines(source, never))


def test_an_input_that_breaks_off_is_an_error() -> None:
    class Gone(io.BytesIO):
        def readline(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "gone")

    with pytest.raises(OSError, match="gone"):
        list(Lines(Gone(), never))
