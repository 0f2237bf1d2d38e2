"""The process of a photo: looked up in a way that is believed, also where lists do not show it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.errors import ChakraError, SettingsError
from chakra_api.values.writing import Unfit
from target_chakra.call_settings.photo import parse_photo
from target_chakra.changes import Key
from target_chakra.lookups.key_lookups import Found, Spellings, Way
from target_chakra.photos.photo_attribute import PhotoProcesses

if TYPE_CHECKING:
    from collections.abc import Sequence

GIVEN: dict[str, Any] = {"procedure": "ticket", "key": "t", "attribute": "front", "file": "f"}


class Lookups:
    """Answers look-ups, and notes them."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.asked: list[Spellings] = []

    def prove(self) -> Way:
        return self.way

    def find_spelled(self, _way: Way, keys: Sequence[Spellings]) -> Found:
        self.asked += keys
        return Found({"7": ("a ticket",)}, None)  # type: ignore[dict-item]  # whatever it is


def processes(lookups: Lookups, primary_key: str | None = "ticket_id") -> PhotoProcesses:
    written = SimpleNamespace(
        write=lambda text: int(text) if text.isdecimal() else Unfit("is none")
    )
    opened: Any = SimpleNamespace(
        name="ticket",
        primary_key=primary_key,
        destinations=SimpleNamespace(named=lambda _name, _where: written),
        recent=SimpleNamespace(process_of=lambda key: f"id of {key.value}"),
        lookups=lambda _attribute: lookups,
        spellings_of=lambda key, _known: Spellings(key.value),
        key_text=lambda _attribute: str,
    )
    return PhotoProcesses(parse_photo({**GIVEN, "root": "."}, "m"), opened, "m")


def test_a_process_is_asked_for_by_the_id_too_under_which_it_was_written_just_now() -> None:
    lookups = Lookups(Way.ARRAY)
    named = processes(lookups)
    key = named.key("7")
    assert key == Key("ticket", "ticket_id", 7)
    assert named.called(key) == "7"
    assert named.held(key) == ("a ticket",)
    assert lookups.asked == [Spellings(7, process_id="id of 7")]


def test_what_can_be_no_key_is_told() -> None:
    assert isinstance(processes(Lookups(Way.SINGLE)).key("x"), Unfit)


def test_where_no_look_up_can_be_believed_nothing_begins() -> None:
    with pytest.raises(ChakraError, match="can't be trusted"):
        processes(Lookups(Way.NONE))


def test_without_a_primary_key_the_mapping_has_to_say_what_names_a_process() -> None:
    with pytest.raises(SettingsError, match="has no primary key"):
        processes(Lookups(Way.ARRAY), primary_key=None)
