"""The state that a user hands over, in each form in which it is kept: the bookmarks alone count.

What a tap prints is a STATE message, a loader prints its value, a line for each; Meltano keeps it
as `singer_state`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from chakra_plugin.json_files import last_json_object
from tap_chakra.catalogs.wishes import OF_PROCESSES
from tap_chakra.run import bookmark as bookmarks

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEXT_STEP: Final = "Pass the last STATE that tap-chakra printed, or none to read everything"


def state_file(path: str) -> dict[str, Any]:
    """The state in a file: of several lines, each a JSON object, the last one.

    Raises:
        SettingsError: The file can't be read, or holds something else.
    """
    return last_json_object(path, "state")


def state_of(given: dict[str, Any]) -> dict[str, Any]:
    """The state itself: with its bookmarks, or empty.

    Raises:
        SettingsError: It is not one that this tap wrote.
    """
    state: Any = given
    if state.get("type") == "STATE":
        state = state.get("value")
    if isinstance(state, dict) and "bookmarks" not in state and "singer_state" in state:
        state = state["singer_state"]
    entries = state.get("bookmarks", {}) if isinstance(state, dict) else None
    if not isinstance(entries, dict) or (state and "bookmarks" not in state):
        raise SettingsError(
            "The state is not a Singer state: it has no object named bookmarks", _NEXT_STEP
        )
    for name, entry in entries.items():
        if not isinstance(entry, dict):
            raise SettingsError(f"The state of stream '{name}' is not an object", _NEXT_STEP)
        if name.startswith(OF_PROCESSES):
            bookmarks.from_state(name, entry)
    return dict(state)


def refuse_other_accounts(state: Mapping[str, Any], team_id: str | None) -> None:
    """Refuse a state that speaks of another account, before anything is read.

    Args:
        state: With its bookmarks, or empty.
        team_id: Of the account that is read; None if its configuration gives none.

    Raises:
        SettingsError: Naming the stream.
    """
    for name, entry in state.get("bookmarks", {}).items():
        if name.startswith(OF_PROCESSES):
            bookmarks.refuse_other_account(name, entry, team_id)
