"""The input is read on a thread of its own, which must never end in a traceback of its own."""

from __future__ import annotations

import io

import pytest

from chakra_api.errors import SettingsError
from target_chakra.singer.input import LineReader, Lines


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
