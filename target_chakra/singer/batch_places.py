"""Which files a BATCH message may name: those below one root, and how they are opened.

A manifest is input, and input may come from a stranger: without a root it could have any file of
this machine read, and any address asked. In a folder no link is followed, neither the file's own
nor one on the way to it that leads outside, and what is no plain file (a pipe, a device) is not
opened. A root that is a URL of an object store is for those that were set up for it.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import unquote, urlsplit

from singer_sdk.helpers._batch import StorageTarget

from chakra_api.errors import SettingsError
from target_chakra.row_files.local_file import LocalFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

SETTING: Final = "batch_root"
_STORES: Final = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl"})
"""Kinds of stores whose URLs may be a root."""
_FOLDERS: Final = frozenset({"", "file", "local"})
_HERE: Final = f"Set {SETTING} to the folder that the tap writes its files to"


class BatchFile(Protocol):
    """A file of a BATCH."""

    def opened(self) -> AbstractContextManager[IO[bytes]]:
        """The file, open for reading."""


class BatchRoot(Protocol):
    """Where files of a BATCH may lie."""

    def file(self, named: str) -> BatchFile:
        """The file that a manifest names.

        Raises:
            SettingsError: It does not lie below the root.
        """


def batch_root_of(given: str | None, working: Path) -> BatchRoot:
    """The root that the settings name; by default the folder that is worked in.

    Args:
        given: The setting; None if it is not set.
        working: The root of the Meltano project, or the working folder.

    Raises:
        SettingsError: It is no folder and no store, or there is none that is narrow enough.
    """
    if given is None:
        if working.resolve() in (Path(working.anchor), Path.home().resolve()):
            raise SettingsError(
                f"The input holds a BATCH, and {SETTING} is not set: the working folder,"
                f" {working}, is too much to read files from",
                _HERE,
            )
        return Folder(working)
    scheme = urlsplit(given).scheme.lower() if "://" in given else ""
    if scheme in _FOLDERS:
        return Folder(Path(given.partition("://")[2] or given).absolute())
    if scheme in _STORES:
        return Store(given.rstrip("/"))
    raise SettingsError(
        f"The setting {SETTING} is a URL of the kind {scheme}, from which no files are read",
        "Name a folder, or an object store as s3://bucket/folder",
    )


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, and all that lies below it.

    Attributes:
        root: Its path.
    """

    root: Path

    def file(self, named: str) -> LocalFile:
        """See `BatchRoot`."""
        scheme, separator, rest = named.partition("://")
        if separator and scheme.lower() not in _FOLDERS:
            raise SettingsError(
                f"A BATCH names a file by {scheme[:20]!r}, and files are read below {self.root}",
                f"Have the tap write to a folder, or set {SETTING} to an object store, as"
                " s3://bucket/folder",
            )
        path = _as_it_is_called(rest if separator else named)
        root = Path(os.path.realpath(self.root))
        real = Path(os.path.realpath(path.parent)) / path.name
        if ".." in path.parts or "\0" in str(path) or not real.is_relative_to(root) or real == root:
            raise SettingsError(
                f"A BATCH names the file {str(path)[:200]!r}, which is not below {self.root}",
                f"{_HERE}, if its files may be read; else see what wrote this input",
            )
        return LocalFile(root, real.relative_to(root).parts)


def _as_it_is_called(path: str) -> Path:
    """A path as the file is called: some taps escape it in a URL, and some do not."""
    try:
        return Path(path if os.path.lexists(path) else unquote(path)).absolute()
    except ValueError:  # U+0000
        return Path(path)


@dataclass(frozen=True, slots=True)
class Store:
    """A part of an object store.

    Attributes:
        root: Its URL, without a slash at the end.
    """

    root: str

    def file(self, named: str) -> StoredFile:
        """See `BatchRoot`."""
        below = named.removeprefix(f"{self.root}/")
        odd = {"..", ".", ""} & {*unquote(below).split("/")} or set(below) & set("?#\\\0")
        if below == named or odd or "::" in named:
            raise SettingsError(
                f"A BATCH names a file that is not below {SETTING}, {self.root}",
                f"Set {SETTING} to where the tap writes its files, if they may be read",
            )
        return StoredFile(named)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in an object store.

    Attributes:
        url: Its address.
    """

    url: str

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The file, open for reading.

        Raises:
            Exception: Any of the store's library.
        """
        head, tail = StorageTarget.split_url(self.url)
        with StorageTarget.from_url(head).open(tail, mode="rb") as file:
            yield file
