"""A file that a row names: read once to know what it is, and again, piece by piece, to be sent."""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from chakra_api.errors import ChakraError, MachineFault, NotSent, SettingsError
from chakra_api.wire.multipart import PIECE, Upload
from target_chakra.row_files.file_kinds import HEAD, called, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

_MACHINE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""What is the matter with the machine, not with a file."""
_PUT_THERE: Final = "Put the file there, or correct the row; then send it with target-chakra retry"
_SMALLER: Final = "Make the file smaller, or set max_bytes; then send it with target-chakra retry"


class UnfitFile(NamedTuple):
    """Why a file can't be sent.

    Attributes:
        reason: As it follows upon its name: `is not there`.
        next_step: What to do about it.
    """

    reason: str
    next_step: str


class NamedFile(Protocol):
    """A file that a row may name."""

    @property
    def place(self) -> str:
        """Where it is, below the root."""

    def open(self) -> BinaryIO:
        """Open the file for reading.

        Raises:
            OSError: It can't be read.
            ChakraError: No file of its root can be.
        """


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file that was read, and may be sent.

    Attributes:
        name: How ChakraHQ is to call it.
        place: Where it is, below the root; empty where the row holds it.
        size: Its bytes.
        sha256: Of its content, hexadecimal.
        content_type: What it is.
        open: Opens it at its beginning.
    """

    name: str
    place: str
    size: int
    sha256: str
    content_type: str
    open: Callable[[], BinaryIO]

    def upload(self) -> Upload:
        """The file as it is sent: if it is not what was read, the request breaks off."""
        return Upload(self.name, self.content_type, self.size, self._opened)

    def _opened(self) -> BinaryIO:
        with _as_oserror():
            return io.BufferedReader(_SameAgain(self), PIECE)


def read_file(named: NamedFile, most_bytes: int, name: str = "") -> RowFile | UnfitFile:
    """Read a file through.

    Args:
        named: The file.
        most_bytes: How large it may be.
        name: How ChakraHQ is to call it; empty for as it is called where it lies.

    Raises:
        ChakraError: No file can be read.
    """
    try:
        with named.open() as file:
            return _read(file, named, most_bytes, name)
    except (FileNotFoundError, NotADirectoryError):
        return UnfitFile("is not there", _PUT_THERE)
    except OSError as error:
        if error.errno in _MACHINE:
            raise MachineFault(
                f"A file can't be opened: {error.strerror}", "Set concurrency lower"
            ) from None
        why = error.strerror or type(error).__name__
        return UnfitFile(f"can't be read: {why}", _PUT_THERE)
    except ChakraError:
        raise
    except Exception as error:  # noqa: BLE001 - libraries of stores raise whatever they like
        raise NotSent(
            f"The file '{named.place}' can't be read: {type(error).__name__}",
            "Check root of the mapping and what fsspec needs to reach it, then run it again",
        ) from None


def read_text(text: str, most_bytes: int, name: str) -> RowFile | UnfitFile:
    """The file that a text holds, in base64.

    Args:
        text: The text.
        most_bytes: How large it may be.
        name: How ChakraHQ is to call it.
    """
    packed = "".join(text.split())
    if len(packed) // 4 * 3 > most_bytes + 3:
        return _too_large(most_bytes)
    try:
        content = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        return UnfitFile("is no base64", "Correct the row in the source")
    return _read(io.BytesIO(content), _Held(content), most_bytes, name)


class _Held(NamedTuple):
    """A file that the row itself holds."""

    content: bytes

    @property
    def place(self) -> str:
        """Nowhere."""
        return ""

    def open(self) -> BinaryIO:
        """See `NamedFile`."""
        return io.BytesIO(self.content)


def _read(file: BinaryIO, named: NamedFile, most_bytes: int, name: str) -> RowFile | UnfitFile:
    digest, size, head = hashlib.sha256(), 0, b""
    while piece := file.read(PIECE):
        size += len(piece)
        if size > most_bytes:
            return _too_large(most_bytes)
        head = head or piece[:HEAD]
        digest.update(piece)
    if not size:
        return UnfitFile("is empty", _PUT_THERE)
    name = name or named.place.rpartition("/")[2]
    kind = kind_of(name, head)
    return RowFile(called(name, kind), named.place, size, digest.hexdigest(), kind, named.open)


def _too_large(most_bytes: int) -> UnfitFile:
    return UnfitFile(f"has more than {most_bytes:,} bytes", _SMALLER)


@contextmanager
def _as_oserror() -> Iterator[None]:
    """What a store's library raises is what a file's reader may raise."""
    try:
        yield
    except (OSError, ChakraError):
        raise
    except Exception as error:  # noqa: BLE001 - libraries of stores raise whatever they like
        raise OSError(errno.EIO, type(error).__name__) from None


class _SameAgain(io.RawIOBase):
    """A file that is read again: its last piece comes only if it is what it was."""

    def __init__(self, file: RowFile) -> None:
        super().__init__()
        self._file = file
        self._opened = file.open()
        self._digest = hashlib.sha256()
        self._left = file.size

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer
        """The next piece.

        Raises:
            SettingsError: The file is not what it was.
        """
        piece = self._piece(len(buffer))
        self._left -= len(piece)
        self._digest.update(piece)
        if self._left < 0 or (self._left == 0 and self._digest.hexdigest() != self._file.sha256):
            raise SettingsError(
                f"The file '{self._file.name[:100]}' changed while it was sent",
                "Send it again once nobody writes it any more",
            )
        buffer[: len(piece)] = piece
        return len(piece)

    def _piece(self, most: int) -> bytes:
        with _as_oserror():
            return self._opened.read(most)

    def close(self) -> None:
        """Close the file."""
        self._opened.close()
        super().close()
