"""Files are read through, known by their content, and sent only as they were read."""

from __future__ import annotations

import base64
import hashlib
import io
import tracemalloc
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import MachineFault, SettingsError
from chakra_api.wire.multipart import Form
from target_chakra.row_files.file_kinds import called, kind_of
from target_chakra.row_files.row_file import RowFile, UnfitFile, read_file, read_text

if TYPE_CHECKING:
    from typing import BinaryIO

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class Held:
    """A file whose content may change."""

    content: bytes
    place: str = "deep/a.png"

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)


def read(held: Held, most: int = 1 << 20) -> RowFile:
    found = read_file(held, most)
    assert isinstance(found, RowFile)
    return found


@given(st.binary(min_size=1, max_size=200_000))
def test_a_file_is_sent_byte_for_byte(content: bytes) -> None:
    file = read(Held(content))
    assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    form = Form("photo", file.upload(), {}, "--a boundary--")
    body = b"".join(form)
    assert content in body
    assert len(body) == len(form)


@pytest.mark.parametrize("after", [b"", b"short", b"x" * 100_000, b"y" * 99_999, b"y" * 100_001])
def test_a_file_that_changed_breaks_off_and_its_end_is_never_sent(after: bytes) -> None:
    held = Held(b"y" * 100_000)
    form = Form("photo", read(held).upload(), {}, "--a boundary--")
    held.content = after
    sent: list[bytes] = []
    with pytest.raises(SettingsError, match="changed while it was sent"):
        sent.extend(form)
    assert not b"".join(sent).rstrip().endswith(b"--")


def test_a_large_file_is_never_in_memory_as_a_whole() -> None:
    class Large(io.RawIOBase):
        left = 64 << 20

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            taken = min(self.left, len(buffer))
            self.left -= taken
            buffer[:taken] = bytes(taken)
            return taken

    class Place:
        place = "large.bin"

        def open(self) -> BinaryIO:
            return io.BufferedReader(Large())

    tracemalloc.start()
    found = read_file(Place(), 1 << 30)
    assert isinstance(found, RowFile)
    sent = sum(len(piece) for piece in Form("photo", found.upload(), {}, "b"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 64 << 20
    assert peak < 4 << 20


@pytest.mark.parametrize("size", [999, 1000])
def test_max_bytes_is_what_a_file_may_have(size: int) -> None:
    assert isinstance(read_file(Held(b"x" * size), 1000), RowFile)
    assert isinstance(read_file(Held(b"x" * 1001), 1000), UnfitFile)
    text = base64.b64encode(b"x" * size).decode()
    assert isinstance(read_text(text, 1000, "a"), RowFile)
    assert isinstance(read_text(base64.b64encode(b"x" * 1001).decode(), 1000, "a"), UnfitFile)


@given(st.binary(min_size=1, max_size=500))
def test_base64_means_its_content_however_its_lines_break(content: bytes) -> None:
    broken = base64.encodebytes(content).decode()
    found = read_text(broken, 1000, "front")
    assert isinstance(found, RowFile)
    assert found.open().read() == content


@pytest.mark.parametrize("text", ["x", "not base64!", "aGk", "====", "äöü="])
def test_what_is_no_base64_is_told(text: str) -> None:
    assert isinstance(read_text(text, 1000, "a"), UnfitFile)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file"), "is not there"),
        (PermissionError(13, "Permission denied"), "can't be read: Permission denied"),
        (OSError(5, "Input/output error"), "can't be read: Input/output error"),
    ],
)
def test_a_file_that_can_t_be_read_is_told(error: OSError, said: str) -> None:
    class Broken(Held):
        def open(self) -> BinaryIO:
            raise error

    found = read_file(Broken(b""), 1000)
    assert isinstance(found, UnfitFile)
    assert found.reason == said


def test_no_file_open_more_is_no_fault_of_a_row() -> None:
    class Broken(Held):
        def open(self) -> BinaryIO:
            raise OSError(24, "Too many open files")

    with pytest.raises(MachineFault):
        read_file(Broken(b""), 1000)


@pytest.mark.parametrize(
    ("name", "head", "kind", "name_then"),
    [
        ("a.png", PNG, "image/png", "a.png"),
        ("a.jpg", PNG, "image/png", "a.png"),
        ("a.JPEG", b"\xff\xd8\xff\xe0", "image/jpeg", "a.JPEG"),
        ("a", b"GIF89a", "image/gif", "a.gif"),
        ("a.v2", b"RIFF\0\0\0\0WEBPVP8", "image/webp", "a.v2.webp"),
        ("a.heic", b"\0\0\0\x18ftypheic", "image/heic", "a.heic"),
        ("a", b"\0\0\0\x18ftypmp42", "video/mp4", "a.mp4"),
        ("a", b"%PDF-1.7", "application/pdf", "a.pdf"),
        ("a.csv", b"a,b", "text/csv", "a.csv"),
        (".png", b"what", "application/octet-stream", ".png"),
        ("a.odd", b"what", "application/octet-stream", "a.odd"),
    ],
)
def test_a_file_is_what_it_begins_with_else_what_it_is_called(
    name: str, head: bytes, kind: str, name_then: str
) -> None:
    assert kind_of(name, head) == kind
    assert called(name, kind) == name_then
