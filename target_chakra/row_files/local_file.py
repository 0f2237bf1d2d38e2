"""A plain file below a folder, opened without following any link."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_ON_THE_WAY: Final = (
    getattr(os, "O_PATH", os.O_RDONLY)
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file below a folder.

    Attributes:
        root: The folder, without links.
        parts: The folders below it, and the file.
    """

    root: Path
    parts: tuple[str, ...]

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file, open for reading; see `open`."""
        with self.open() as file:
            yield file

    def open(self) -> BinaryIO:
        """Open the file for reading, without following a link.

        Raises:
            OSError: It is not there, or no plain file.
        """
        number = self._descriptor()
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise OSError(errno.EINVAL, f"'{self.parts[-1]}' is no plain file")
        return os.fdopen(number, "rb")

    def _descriptor(self) -> int:
        if os.open not in os.supports_dir_fd:  # Windows
            return os.open(self.root.joinpath(*self.parts), _FLAGS | getattr(os, "O_BINARY", 0))
        at = os.open(self.root, _ON_THE_WAY)
        try:
            for name in self.parts[:-1]:
                below = os.open(name, _ON_THE_WAY, dir_fd=at)
                os.close(at)
                at = below
            return os.open(self.parts[-1], _FLAGS, dir_fd=at)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise OSError(error.errno, f"'{self.parts[-1]}' is behind a link") from None
            raise
        finally:
            os.close(at)
