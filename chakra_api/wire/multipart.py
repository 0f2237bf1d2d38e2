"""A form with one file (multipart/form-data), sent piece by piece: no file is held in memory."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import BinaryIO

PIECE: Final = 1 << 16
"""Bytes of a file that are read at a time."""

ANY_TYPE: Final = "application/octet-stream"

_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60}")
_ESCAPED: Final = {'"': "%22", "\r": "%0D", "\n": "%0A"}
"""What a name in a header is not to hold, as browsers write it."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is to be sent.

    Attributes:
        name: Its name, as ChakraHQ is to know it.
        content_type: What it is: `image/png`. What is no such type is sent as `ANY_TYPE`.
        size: Its bytes.
        open: Opens it at its beginning; called again where it has to be sent again.
    """

    name: str
    content_type: str
    size: int
    open: Callable[[], BinaryIO]

    @classmethod
    def of_bytes(cls, name: str, content_type: str, body: bytes) -> Upload:
        """A file whose bytes are at hand."""
        return cls(name, content_type, len(body), lambda: io.BytesIO(body))


@dataclass(frozen=True, slots=True)
class Form:
    """A form with a file, as the body of a request; each walk through it opens the file anew.

    Attributes:
        file_field: The name of the field that holds the file.
        upload: The file.
        fields: The other fields: texts by name.
        boundary: What separates them, which must not be in the file.
    """

    file_field: str
    upload: Upload
    fields: Mapping[str, str]
    boundary: str

    @property
    def content_type(self) -> str:
        """The header that a request with this body carries."""
        return f"multipart/form-data; boundary={self.boundary}"

    def __len__(self) -> int:
        return len(self._head()) + self.upload.size + len(self._tail())

    def __iter__(self) -> Iterator[bytes]:
        """The body, piece by piece.

        Raises:
            SettingsError: The file can't be read, or is not as long as it was: the body breaks off,
                and nobody can take it for a whole one.
        """
        yield self._head()
        try:
            yield from self._pieces()
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise SettingsError(
                f"The file {_named(self.upload)} can't be read: {why}", "Nothing of it was sent"
            ) from None
        yield self._tail()

    def _pieces(self) -> Iterator[bytes]:
        left = self.upload.size
        with self.upload.open() as file:
            while left and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                yield piece
            if left or file.read(1):
                raise SettingsError(
                    f"The file {_named(self.upload)} changed while it was sent",
                    "Send it again once nobody writes it any more",
                )

    def _head(self) -> bytes:
        kind = self.upload.content_type
        kind = kind if _TYPE.fullmatch(kind) else ANY_TYPE
        parts = [
            f"--{self.boundary}\r\nContent-Disposition: form-data; name={_quoted(name)}\r\n\r\n"
            f"{value}\r\n"
            for name, value in self.fields.items()
        ]
        parts.append(
            f"--{self.boundary}\r\nContent-Disposition: form-data; name={_quoted(self.file_field)};"
            f" filename={_quoted(self.upload.name)}\r\nContent-Type: {kind}\r\n\r\n"
        )
        return "".join(parts).encode(errors="replace")

    def _tail(self) -> bytes:
        return f"\r\n--{self.boundary}--\r\n".encode()


def _named(upload: Upload) -> str:
    return repr(upload.name[:100])


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPED.get(each, each) for each in text) + '"'
