"""The mapping of a stream whose rows each give photos to a process (4.19, 4.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import shown
from target_chakra.call_settings.call_mapping import CallKind, CallMapping, required_option
from target_chakra.call_settings.file_options import FILES, FileOptions, parse_files
from target_chakra.mapping_options import refuse_unknown, text_option

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS: Final = (
    frozenset({"stream", "kind", "procedure", "key", "attribute", "file", "content", "filename"})
    | FILES
)
_KEY_KEYS: Final = frozenset({"column", "attribute"})


@dataclass(frozen=True, slots=True)
class PhotoMapping(CallMapping):
    """What of a row becomes photos of a process.

    Attributes:
        procedure: ShortId of the process's procedure.
        key: The column that names the process.
        key_attribute: The attribute that it stands for, or `id`; empty for the default.
        attribute: ShortId of the attribute that is to hold the photo.
        file: The column of the file's path; empty where the row holds the file.
        content: The column of the file itself, in base64; empty where the row names it.
        filename: The column of the photo's name; empty for the name of its file.
        files: What its user allows of the files.
    """

    procedure: str
    key: str
    key_attribute: str
    attribute: str
    file: str = ""
    content: str = ""
    filename: str = ""
    files: FileOptions = field(default_factory=FileOptions)

    @property
    def kind(self) -> CallKind:
        """Photos of processes."""
        return CallKind.PHOTO

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        return frozenset({self.key, self.file, self.content, self.filename} - {""})

    @property
    def named_by(self) -> Mapping[str, str]:
        """The process."""
        return {"key": self.key}

    @property
    def naming_step(self) -> str:
        """What to do about a row that names no process."""
        return "Name the process there that the photo is of"


def parse_photo(given: Mapping[str, object], where: str) -> PhotoMapping:
    """Give a mapping of kind `photo` its meaning.

    Raises:
        SettingsError: It means nothing.
    """
    refuse_unknown(given, _KEYS, where)
    column, attribute = _key(given.get("key"), where)
    file, content = text_option(given, "file") or "", text_option(given, "content") or ""
    if bool(file) == bool(content):
        raise SettingsError(
            f"In {where} {'both file and content are given' if file else 'file is missing'}",
            "Name one column: file of its path, or content of the file itself in base64",
        )
    files = parse_files(given, where)
    if file and not files.root:
        raise SettingsError(
            f"In {where} root is missing",
            "Name the folder, or the URL, below which rows may name files",
        )
    if files.root and not file:
        raise SettingsError(
            f"In {where} root means nothing beside content: no row names a file", "Take root away"
        )
    return PhotoMapping(
        procedure=required_option(given, "procedure", where, "Name the procedure by its shortId"),
        key=column,
        key_attribute=attribute,
        attribute=required_option(
            given, "attribute", where, "Name the attribute, of type photo or multiPhotos"
        ),
        file=file,
        content=content,
        filename=text_option(given, "filename") or "",
        files=files,
    )


def _key(value: object, where: str) -> tuple[str, str]:
    """`"ticket_id"`, or `{"column": "crm_id", "attribute": "ticket_id"}`."""
    if isinstance(value, str) and value:
        return value, "id" if value == "id" else ""
    if isinstance(value, dict) and isinstance(value.get("column"), str) and value["column"]:
        refuse_unknown(value, _KEY_KEYS, f"the key of {where}")
        return str(value["column"]), text_option(value, "attribute") or ""
    raise SettingsError(
        f"In {where} key is {shown(value)}",
        'Name the column that names the process, or write {"column": "crm_id", "attribute":'
        ' "ticket_id"}',
    )
