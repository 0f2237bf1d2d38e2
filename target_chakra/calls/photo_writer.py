"""Gives processes the photos that rows bring (contract 4.19, 4.5), under ids of their own.

The id of a photo is made of its process, its attribute and its content. So to upload it again is to
upload the same one, and whether a process has it already, its attribute tells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chakra_api.errors import Unreadable
from chakra_api.values.writing import Unfit
from target_chakra.calls.thing_writer import Sight
from target_chakra.photos.given_files import GivenFiles
from target_chakra.photos.photo_attribute import PhotoProcesses, photo_attribute
from target_chakra.row_files.row_file import UnfitFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_chakra.call_settings.call_mapping import CallKind
    from target_chakra.call_settings.photo import PhotoMapping
    from target_chakra.changes import Change, Fields
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.row_files.row_file import RowFile

FILES: Final = "files"
"""What a plan and a dry run call the files that photos are made of."""


def photo_scope(mapping: PhotoMapping) -> str:
    """Within which the name of a process counts: the attribute that holds its photos."""
    return f"{mapping.kind.value} {mapping.procedure}.{mapping.attribute}"


@dataclass(frozen=True, slots=True)
class PhotoSight(Sight):
    """A process, with the files that are to be uploaded for it.

    Attributes:
        uploads: The files by the ids that their photos are to have.
    """

    uploads: Mapping[str, RowFile] = field(default_factory=dict)


class PhotoWriter:
    """Looks at processes, uploads photos for them and has them hold those.

    Args:
        mapping: What its user wants.
        opened: The procedure.
        where: The mapping, for messages.

    Raises:
        SettingsError: The account has no such attribute, or the root is none.
    """

    def __init__(self, mapping: PhotoMapping, opened: OpenProcedure, where: str) -> None:
        self._mapping = mapping
        self._opened = opened
        self._attribute = photo_attribute(opened, mapping.attribute, where)
        self._processes = PhotoProcesses(mapping, opened, where)
        several = self._attribute.holds_several
        self._files = GivenFiles.of(mapping, where, takes_several=several)

    @property
    def kind(self) -> CallKind:
        """Photos of processes."""
        return self._mapping.kind

    def find(self, change: Change) -> str | Unfit:
        """The key of the process, as all rows of it have it; or why it names none."""
        key = self._processes.key(_named(change))
        return key if isinstance(key, Unfit) else self._processes.called(key)

    def look(self, thing: str, change: Change) -> Sight:
        """A process, with the photos that it holds and those that a row gives it."""
        key = self._processes.key(_named(change))
        if isinstance(key, Unfit):
            raise TypeError(f"{thing} was found, and is no key")
        files = self._files.read(change.row)
        if isinstance(files, UnfitFile):
            return Sight("", {}, problem=files.reason, next_step=files.next_step)
        if not files:
            return Sight("", {})
        held = self._processes.held(key)
        if len(held) != 1 or held[0].deleted:
            return Sight("", {}, problem=_nobody(change, held), is_missing=not held)
        return self._seen(held[0], files)

    def _seen(self, held: Snapshot, files: tuple[RowFile, ...]) -> Sight:
        attribute = self._attribute
        uploads = {attribute.photo_id(held.process_id, each.sha256): each for each in files}
        wants = {attribute.short_id: attribute.value(tuple(uploads))}
        there = attribute.ids(held.data.get(attribute.short_id))
        return PhotoSight(
            held.process_id,
            {attribute.short_id: self._shown(held.data.get(attribute.short_id), tuple(uploads))},
            wants,
            beside={FILES: [_told(each) for each in uploads.values()]},
            uploads={name: each for name, each in uploads.items() if name not in there},
        )

    def _shown(self, held: object, wanted: tuple[str, ...]) -> object:
        """What an attribute holds, in the form of what is wanted where that is the same."""
        return self._attribute.value(wanted) if self._attribute.ids(held) == wanted else held

    def write(self, thing: str, sight: Sight, leaving: Callable[[], None]) -> Fields | None:
        """Upload the photos that are not there, and have the process hold them all."""
        if not isinstance(sight, PhotoSight):
            raise TypeError(f"{thing} was seen without its photos")
        client, name = self._opened.client, self._attribute.short_id
        for photo_id, file in sight.uploads.items():
            made = client.photos.upload_as(photo_id, file.upload(), leaving)
            if made.photo_id != photo_id:
                raise Unreadable(
                    f"ChakraHQ keeps photo '{photo_id}' under another id, '{made.photo_id}'",
                    "Photos can't be sent to this account without ever being sent twice",
                )
        body: dict[str, object] = {"data": dict(sight.wants)}
        row = client.update_process(self._opened.name, sight.thing_id, body, leaving)
        data = self._opened.read(row).data
        if name not in data:
            return None
        wanted = self._attribute.ids(sight.wants[name])
        return {name: self._shown(data[name], wanted)}


def _named(change: Change) -> str:
    return str(change.key.value) if change.key else ""


def _nobody(change: Change, held: tuple[Snapshot, ...]) -> str:
    """Why a key names no process that can be given photos."""
    if not held:
        return f"{change.key} names no process"
    if len(held) > 1:
        return f"{change.key} names {len(held)} processes"
    return f"The process of {change.key} is deleted"


def _told(file: RowFile) -> dict[str, object]:
    told = {"file": file.place or file.name, "bytes": file.size, "sha256": file.sha256}
    return {**told, "content_type": file.content_type}
