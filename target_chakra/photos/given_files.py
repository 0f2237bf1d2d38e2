"""The files that a row gives: named by their paths below the root, or held by the row itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.values import exact_json
from chakra_api.values.writing import write_text
from target_chakra.mapping.destinations import shown
from target_chakra.row_files.file_kinds import is_image
from target_chakra.row_files.roots import file_root_of
from target_chakra.row_files.row_file import RowFile, UnfitFile, read_file, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_chakra.call_settings.photo import PhotoMapping
    from target_chakra.row_files.roots import FileRoot


@dataclass(frozen=True, slots=True)
class GivenFiles:
    """Finds and reads the files of rows.

    Attributes:
        mapping: What its user wants.
        root: Below which they lie; None where rows hold them.
        takes_several: Whether a row may give several.
    """

    mapping: PhotoMapping
    root: FileRoot | None
    takes_several: bool

    @classmethod
    def of(cls, mapping: PhotoMapping, where: str, *, takes_several: bool) -> GivenFiles:
        """Those that a mapping speaks of.

        Raises:
            SettingsError: Its root is none.
        """
        given = mapping.files.root
        return cls(mapping, file_root_of(given, where) if given else None, takes_several)

    def read(self, row: Mapping[str, object]) -> tuple[RowFile, ...] | UnfitFile:
        """The files of a row, read through; empty if it gives none. On a worker's thread.

        Raises:
            ChakraError: No file can be read.
        """
        column = self.mapping.file or self.mapping.content
        texts = _texts(row.get(column))
        if texts is None or (len(texts) > 1 and not self.takes_several):
            said = "is no text" if texts is None else f"gives {len(texts)} photos for one"
            return UnfitFile(f"{column} {said}", "Correct the row in the source")
        files: list[RowFile] = []
        for text in texts:
            found = _picture(self._file(text, self._name(row)))
            if isinstance(found, UnfitFile):
                about = f"{column} is {shown(text)}, which" if self.root else column
                return UnfitFile(f"{about} {found.reason}", found.next_step)
            files.append(found)
        return tuple(files)

    def _file(self, text: str, name: str) -> RowFile | UnfitFile:
        most = self.mapping.files.most_bytes
        if self.root is None:
            return read_text(text, most, name or self.mapping.attribute)
        named = self.root.find(text)
        return named if isinstance(named, UnfitFile) else read_file(named, most, name)

    def _name(self, row: Mapping[str, object]) -> str:
        """The name that a row gives its photo: without folders, and what can't be seen."""
        named = write_text(row.get(self.mapping.filename)) if self.mapping.filename else None
        text = named if isinstance(named, str) else ""
        return "".join(filter(str.isprintable, text)).replace("\\", "/").rpartition("/")[2].strip()


def _picture(found: RowFile | UnfitFile) -> RowFile | UnfitFile:
    """A file that may be a photo: ChakraHQ would take a text for one, too."""
    if isinstance(found, UnfitFile) or is_image(found.content_type):
        return found
    return UnfitFile(f"is {found.content_type}, no image", "Correct the row in the source")


def _texts(value: object) -> Sequence[str] | None:
    """The texts in a value: one, a list, or JSON text of one; None if it holds something else."""
    if value is None or value == "":
        return ()
    if isinstance(value, str) and value[:1] == "[":
        try:
            value = exact_json.loads(value.encode())
        except ValueError:
            return (str(value),)
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
        return tuple(dict.fromkeys(value))
    return None
