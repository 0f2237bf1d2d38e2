"""Which files rows may name: those below one root, which their user sets.

A row is input, and input may come from a stranger: without a root it could have any file of this
machine sent away. No name leads out of the root, neither by `..` nor by a link, nor by an address.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from chakra_api.errors import SettingsError
from target_chakra.row_files.local_file import LocalFile
from target_chakra.row_files.row_file import UnfitFile

if TYPE_CHECKING:
    from typing import BinaryIO

    from target_chakra.row_files.row_file import NamedFile

_FOLDERS: Final = frozenset({"file", "local"})
"""Protocols of what is on this machine."""
_NO_STORES: Final = frozenset({"data", "http", "https", "memory"})
"""Protocols of what holds no files of its own, or sends whoever asks elsewhere."""
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
_ODD: Final = frozenset('?#\\\0"<>|')
_BELOW: Final = "Name a file below root of the mapping, or have its user set another root"


class FileRoot(Protocol):
    """Below which files may be named."""

    def find(self, named: str) -> NamedFile | UnfitFile:
        """The file that a row names, or why it may not.

        Args:
            named: Its path below the root, or the whole of it.
        """


def file_root_of(given: str, where: str) -> FileRoot:
    """The root that a mapping names.

    Args:
        given: A folder, or a URL of fsspec.
        where: The mapping, for messages.

    Raises:
        SettingsError: It is none.
    """
    scheme = urlsplit(given).scheme.lower() if "://" in given else ""
    if scheme and scheme not in _FOLDERS:
        return _store(given.rstrip("/"), scheme, where)
    folder = Path(os.path.realpath(Path(given.partition("://")[2] or given).expanduser()))
    if not folder.is_dir():
        raise SettingsError(
            f"In {where} root is '{given}', which is no folder",
            "Name the folder below which rows may name files",
        )
    if folder == Path(folder.anchor):
        raise SettingsError(
            f"In {where} root is '{given}', below which all files of this machine are",
            "Name a folder that holds nothing but what rows may name",
        )
    return FolderRoot(folder)


@dataclass(frozen=True, slots=True)
class FolderRoot:
    """A folder of this machine.

    Attributes:
        folder: Its path, without links.
    """

    folder: Path

    def find(self, named: str) -> NamedFile | UnfitFile:
        """See `FileRoot`. A link counts as what it leads to."""
        path = Path(named)
        if not _is_name(named) or ".." in path.parts:
            return UnfitFile("is no path of a file below root", _BELOW)
        try:
            real = Path(os.path.realpath(self.folder / path))
        except (OSError, ValueError):
            return UnfitFile("is no path of a file", _BELOW)
        if not real.is_relative_to(self.folder) or real == self.folder:
            return UnfitFile("does not lie below root", _BELOW)
        return FolderFile(LocalFile(self.folder, real.relative_to(self.folder).parts))


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file in a folder.

    Attributes:
        file: The file.
    """

    file: LocalFile

    @property
    def place(self) -> str:
        """Where it is, below the root."""
        return "/".join(self.file.parts)

    def open(self) -> BinaryIO:
        """See `NamedFile`."""
        return self.file.open()


@dataclass(frozen=True, slots=True)
class StoreRoot:
    """A part of what a URL names.

    Attributes:
        files: The file system of fsspec.
        inner: The folder within it.
        url: The same as its user wrote it, without a slash at the end.
    """

    files: Any
    inner: str
    url: str

    def find(self, named: str) -> NamedFile | UnfitFile:
        """See `FileRoot`."""
        below = named.removeprefix(f"{self.url}/")
        steps = {*below.split("/"), *unquote(below).split("/")}
        if not _is_name(below) or "::" in below or {"..", ".", ""} & steps or _ODD & {*below}:
            return UnfitFile("is no path of a file below root", _BELOW)
        return StoredFile(self.files, f"{self.inner}/{below}", below)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a store.

    Attributes:
        files: The file system of fsspec.
        inner: Its path within that.
        place: Where it is, below the root.
    """

    files: Any
    inner: str
    place: str

    def open(self) -> BinaryIO:
        """See `NamedFile`."""
        file: BinaryIO = self.files.open(self.inner, "rb")
        return file


def _store(url: str, scheme: str, where: str) -> StoreRoot:
    if scheme in _NO_STORES or "::" in url:
        raise SettingsError(
            f"In {where} root is a URL of {scheme}, from which no files are read",
            "Name a folder, or an object store as s3://bucket/folder",
        )
    parts = urlsplit(url)
    if parts.password is not None or parts.query:
        raise SettingsError(
            f"In {where} root holds what may be a secret",
            "Leave it out; fsspec takes keys from its own settings, as FSSPEC_S3_KEY",
        )
    try:
        import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415 - only for who wants URLs

        files, inner = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise SettingsError(
            f"In {where} root is a URL of {scheme}, which can't be reached: {error}",
            "Install fsspec and what it asks for it, as s3fs for s3://, or name a folder",
        ) from None
    return StoreRoot(files, inner.rstrip("/"), url)


def _is_name(text: str) -> bool:
    """Whether a text may be a path: no address, and nothing that can't be seen."""
    return bool(text) and text.isprintable() and not _SCHEME.match(text)
