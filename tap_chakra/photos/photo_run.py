"""The photos of one procedure in one run: those that its rows name, and those lost by earlier runs.

What is lost stands in the state of the procedure's stream, so that a bookmark that moves on leaves
no photo behind: each run asks for it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from tap_chakra.photos.named_photos import NamedPhoto, photo_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chakra_api.account.account import Procedure
    from tap_chakra.photos.named_photos import PhotoAttributes
    from tap_chakra.photos.photo_desk import PhotoDesk
    from tap_chakra.photos.settings import PhotoSettings

    Row = dict[str, object]

LOST: Final = "lostPhotos"
"""Where the state of a stream names photos that could not be had for a while."""
_PARTS: Final = 3


class PhotoRun:
    """Has the photos of a procedure.

    Args:
        attributes: Those that name photos.
        desk: Has them fetched.
    """

    def __init__(self, attributes: PhotoAttributes, desk: PhotoDesk) -> None:
        self._attributes = attributes
        self._desk = desk
        self._again: frozenset[NamedPhoto] = frozenset()

    def begin(self, state: Mapping[str, object]) -> list[Row]:
        """Ask again for what earlier runs have lost; the records that there are by then.

        Args:
            state: Of the procedure's stream.
        """
        lost = dict.fromkeys(self._lost_before(state.get(LOST)))
        self._again = frozenset(lost)
        return self._desk.note(lost)

    def note(self, rows: Iterable[Mapping[str, object]]) -> list[Row]:
        """Have the photos fetched that rows name; the records that there are by then.

        What was asked for at the beginning has its record, also where its row has changed since.
        """
        named = (each for row in rows for each in self._attributes.named_by(row))
        return self._desk.note(each for each in named if each not in self._again)

    def finish(self) -> list[Row]:
        """Wait for all that was noted; the records that there are then."""
        return self._desk.finish()

    @property
    def line(self) -> str:
        """What is said of them at the end."""
        asked = self._desk.asked
        said = [f"{asked - self._desk.without:,} of {asked:,} photos are there"]
        if self._desk.lost:
            said.append(f"{len(self._desk.lost):,} were lost and the next run asks for them again")
        return "; ".join(said)

    @property
    def is_short(self) -> bool:
        """Whether some could not be had."""
        return self._desk.without > 0

    def keep(self, state: dict[str, object]) -> None:
        """Put into a stream's state what is lost, once its records were delivered."""
        lost = dict.fromkeys(self._desk.lost)
        state.pop(LOST, None)
        if lost:
            state[LOST] = [[each.process, each.attribute, each.photo_id] for each in lost]

    def _lost_before(self, said: object) -> Iterator[NamedPhoto]:
        """What a state names; not what is masked or deselected by now."""
        names = {name for _, name in self._attributes.paths}
        for each in said if isinstance(said, list) else ():
            if not (isinstance(each, list) and len(each) == _PARTS):
                continue
            process, attribute, photo_id = each
            if attribute in names and isinstance(process, str) and isinstance(photo_id, str):
                yield NamedPhoto(photo_id, self._attributes.procedure, process, attribute)


def has_photos(settings: PhotoSettings, procedure: Procedure) -> bool:
    """Whether photos of a procedure are wanted at all."""
    return bool(settings.to) and (
        not settings.procedures or procedure.short_id in settings.procedures
    )


def check_procedures(settings: PhotoSettings, procedures: Sequence[Procedure]) -> None:
    """See whether the procedures of the setting are read, and name photos.

    Args:
        settings: What the user set.
        procedures: Those that are read, under their masks.

    Raises:
        SettingsError: One is not, or does not.
    """
    if not settings.to:
        return
    naming = {each.short_id for each in procedures if photo_attributes(each).paths}
    read = {each.short_id for each in procedures}
    for short_id in settings.procedures:
        if short_id not in read:
            raise SettingsError(
                f"The setting photos names the procedure '{short_id}', which is not read",
                f"Add it to procedures, or leave it out; read are {', '.join(sorted(read))}",
            )
        if short_id not in naming:
            raise SettingsError(
                f"The setting photos names the procedure '{short_id}', which has no attribute of"
                " type photo or multiPhotos that is read in the clear",
                f"Leave it out; there are {', '.join(sorted(naming)) or 'none'}",
            )
    if not naming:
        raise SettingsError(
            "The setting photos is on, and no procedure that is read has an attribute of type"
            " photo or multiPhotos that is read in the clear",
            "Leave it out, or see what the settings procedures and mask leave",
        )
