"""Reads a form with a file (multipart/form-data) from a body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_sandbox.messages import Rejection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_sandbox.messages import RequestIn

_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?boundary="?([^";]+)"?', re.IGNORECASE)
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class SentFile:
    """The file of a form.

    Attributes:
        name: Its name, as the form gives it.
        content_type: What it is, as the form says.
        body: Its bytes.
    """

    name: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form that was sent.

    Attributes:
        files: By the name of their field.
        fields: The other fields.
    """

    files: Mapping[str, SentFile]
    fields: Mapping[str, str]

    def file(self, name: str) -> SentFile:
        """The file of a field.

        Raises:
            Rejection: 400.
        """
        if name not in self.files:
            raise Rejection(400, f"{name} is required, and is a file")
        return self.files[name]


def read_form(request: RequestIn) -> SentForm:
    """Read the form that a request holds.

    Raises:
        Rejection: 400: it holds none, or one that breaks off.
    """
    found = _BOUNDARY.match(request.headers.get("content-type", ""))
    if found is None:
        raise Rejection(400, "The body is multipart/form-data")
    line = b"--" + found[1].encode()
    before, *parts = (b"\r\n" + request.body).split(b"\r\n" + line)
    if before or not parts or not parts[-1].startswith(b"--"):
        raise Rejection(400, "The form breaks off")
    files: dict[str, SentFile] = {}
    fields: dict[str, str] = {}
    for part in parts[:-1]:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = _headers(head)
        named = dict(_PARAMETER.findall(headers.get("content-disposition", "")))
        if "filename" in named:
            kind = headers.get("content-type", "application/octet-stream")
            files[named.get("name", "")] = SentFile(named["filename"], kind, body)
        else:
            fields[named.get("name", "")] = body.decode(errors="replace")
    return SentForm(files, fields)


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode(errors="replace").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
