"""Where files of photos lie: a folder, or what a URL names that fsspec reaches."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from chakra_api.errors import NO_ROOM, ChakraError, OutputFault, SettingsError
from tap_chakra.whole_files import part_of, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_chakra.photos.settings import PhotoSettings


class Place(Protocol):
    """Keeps files by their names. Safe for many threads, as long as no two write one name."""

    def size(self, name: str) -> int | None:
        """Bytes of a file; None if there is none.

        Raises:
            ChakraError: It can't be known.
        """

    def read(self, name: str) -> bytes | None:
        """All of a small file; None if there is none.

        Raises:
            ChakraError: It can't be read.
        """

    def write(self, name: str, content: bytes) -> None:
        """Write a file, or replace it.

        Raises:
            ChakraError: It can't be written.
        """

    def path(self, name: str) -> str:
        """Where a file is, for people and programs to open it."""


class FolderPlace:
    """A folder: each file is whole there, or not there.

    Args:
        folder: The folder; it is made with the first file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def size(self, name: str) -> int | None:
        """Bytes of a file; see `Place`."""
        with suppress(FileNotFoundError), _told(self.path(name)):
            return (self._folder / name).stat().st_size
        return None

    def read(self, name: str) -> bytes | None:
        """All of a small file; see `Place`."""
        with suppress(FileNotFoundError), _told(self.path(name)):
            return (self._folder / name).read_bytes()
        return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file; what a run that was killed left of it is replaced. See `Place`."""
        path = self._folder / name
        with _told(self.path(name)):
            part_of(path).unlink(missing_ok=True)
            write_whole(path, content)

    def path(self, name: str) -> str:
        """Where a file is; see `Place`."""
        return str(self._folder / name)


class UrlPlace:
    """What a URL names: a bucket, a server. An object store has a file once all of it is there.

    Args:
        files: The file system of fsspec.
        root: The folder within it.
        url: The same as its user wrote it.
    """

    def __init__(self, files: Any, root: str, url: str) -> None:  # noqa: ANN401 - fsspec has no types
        self._files = files
        self._root = root.rstrip("/")
        self._url = url.rstrip("/")

    def size(self, name: str) -> int | None:
        """Bytes of a file; see `Place`."""
        with suppress(FileNotFoundError), _told(self.path(name)):
            found = self._files.info(self._inner(name)).get("size")
            return found if isinstance(found, int) else None
        return None

    def read(self, name: str) -> bytes | None:
        """All of a small file; see `Place`."""
        with suppress(FileNotFoundError), _told(self.path(name)):
            return bytes(self._files.cat_file(self._inner(name)))
        return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file; see `Place`."""
        inner = self._inner(name)
        with _told(self.path(name)):
            self._files.makedirs(inner.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(inner, content)

    def path(self, name: str) -> str:
        """Where a file is; see `Place`."""
        return f"{self._url}/{name}"

    def _inner(self, name: str) -> str:
        return f"{self._root}/{name}"


def place_of(settings: PhotoSettings) -> Place:
    """The place that the settings name.

    Raises:
        SettingsError: fsspec can't reach it.
    """
    if not settings.is_url:
        return FolderPlace(Path(settings.to).expanduser())
    import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415 - only for who wants URLs

    with _told(settings.to):
        files, root = fsspec.core.url_to_fs(settings.to)
    return UrlPlace(files, root, settings.to)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Within the block a place is used; what is wrong with it is told, but that nothing is there.

    Raises:
        FileNotFoundError: There is no such file.
        ChakraError: The place can't be used.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:  # noqa: BLE001 - fsspec's libraries raise whatever they like
        raise _unusable(path, error) from None


def _unusable(path: str, error: Exception) -> ChakraError:
    """What is said of a place that can't be used."""
    number = error.errno if isinstance(error, OSError) else None
    said = os.strerror(number) if number else error
    cause = f"The photo's file '{path}' can't be kept: {said}"
    if number in NO_ROOM:
        return OutputFault(cause, "Make room there, then run it again to go on")
    return SettingsError(
        cause, "Set photos.to to a folder, or a URL, that this run may read and write, for it alone"
    )
