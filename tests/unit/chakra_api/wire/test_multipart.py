"""A form is what a reader of forms finds in it, whatever its file and names hold."""

from __future__ import annotations

import io
from email import message_from_bytes
from email.policy import HTTP
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from chakra_api.wire.multipart import ANY_TYPE, Form, Upload

BOUNDARY = "chakra-0123456789abcdef"
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


def form_of(upload: Upload, **fields: str) -> Form:
    return Form("photo", upload, fields, BOUNDARY)


def read(form: Form) -> dict[str, tuple[str | None, str, bytes]]:
    """The parts of a form as the standard library reads them: file name, type, content."""
    head = f"Content-Type: {form.content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + b"".join(form), policy=HTTP.clone(utf8=True))
    assert not message.defects
    found = {}
    for part in message.walk():
        if part.is_multipart():
            continue
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[str(name)] = (part.get_filename(), part.get_content_type(), content)
    return found


@given(
    st.text(st.sampled_from('abc \r\n-"%é'), max_size=40),
    st.text(st.sampled_from('ab.é "\r\n;'), min_size=1, max_size=20),
)
def test_a_reader_finds_the_file_and_the_fields(said: str, name: str) -> None:
    body = said.replace("\r", "").replace("\n", " ").encode()
    parts = read(form_of(Upload.of_bytes(name, "image/png", body), filename="front"))
    assert parts["photo"][1:] == ("image/png", body)
    assert parts["filename"][2] == b"front"
    assert set(parts) == {"photo", "filename"}


@given(st.binary(max_size=500), st.integers(1, 7))
def test_its_length_is_told_before_and_its_bytes_are_the_files(body: bytes, size: int) -> None:
    class Slow(io.BytesIO):
        """Gives a few bytes at a time, as a pipe may."""

        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(min(size, wanted) if wanted and wanted > 0 else wanted)

    form = form_of(Upload("a", "image/png", len(body), lambda: Slow(body)))
    whole = b"".join(form)
    assert len(whole) == len(form)
    assert whole.endswith(b"\r\n\r\n" + body + f"\r\n--{BOUNDARY}--\r\n".encode())
    assert b"".join(form) == whole  # again from its beginning


@given(NAMES)
def test_no_name_and_no_type_can_add_a_header(name: str) -> None:
    upload = Upload.of_bytes(f'{name}"\r\nX-Evil: 1', f"image/png\r\nX-Evil: {name}", b"x")
    head = next(iter(form_of(upload)))
    assert head.count(b"\r\n") == 4
    assert b"Content-Type: " + ANY_TYPE.encode() in head


@pytest.mark.parametrize("size", [3, 5])
def test_a_file_of_another_length_breaks_the_form_off(size: int) -> None:
    form = form_of(Upload("a", "image/png", 4, lambda: io.BytesIO(b"x" * size)))
    sent = []
    with pytest.raises(SettingsError, match="changed"):
        sent.extend(form)
    assert BOUNDARY.encode() not in b"".join(sent[1:])


def test_a_file_that_is_not_there_is_named_and_nothing_of_it_is_sent() -> None:
    def gone() -> NoReturn:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(SettingsError, match=r"'a.png' can't be read: No such file"):
        list(form_of(Upload("a.png", "image/png", 4, gone)))
