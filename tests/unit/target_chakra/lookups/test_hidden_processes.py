"""What the journal knows and no list shows is asked for by its id: others may be writing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.endpoints.answers import ProcessPage
from chakra_api.errors import NotFound
from target_chakra.lookups.key_lookups import Lookups, Spellings, Way
from target_chakra.lookups.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = [Spellings("a", process_id="p"), Spellings("b"), Spellings("c", process_id="q")]


class Client:
    """Lists `c` alone; holds what it is given by id."""

    def __init__(self, held: dict[str, dict[str, Any]]) -> None:
        self._held = held
        self.fetched: list[str] = []

    def list_processes(self, _procedure: str, _where: object, *, limit: int) -> ProcessPage:
        more = False
        return ProcessPage([{"id": "q", "data": {"key": "c"}}], more, None, limit=limit)

    def fetch_process(self, _procedure: str, process_id: str) -> dict[str, Any]:
        self.fetched.append(process_id)
        if process_id not in self._held:
            raise NotFound(f"no process {process_id}", status=404)
        return self._held[process_id]


def snapshot(row: Mapping[str, Any]) -> Snapshot:
    deleted = row.get("isDeleted") is True
    return Snapshot(str(row["id"]), deleted, None, None, row, row["data"])


def found(held: dict[str, Any]) -> tuple[set[str], list[str]]:
    client = Client({"p": held} if held else {})
    lookups = Lookups(client, "lead", "key", snapshot, str)  # type: ignore[arg-type]  # all that it needs
    return set(lookups.find_spelled(Way.ARRAY, KEYS).snapshots), client.fetched


def test_what_a_list_hides_and_its_id_shows_is_there() -> None:
    assert found({"id": "p", "data": {"key": "a"}}) == ({"a", "c"}, ["p"])


@pytest.mark.parametrize(
    "held",
    [{}, {"id": "p", "data": {"key": "a"}, "isDeleted": True}, {"id": "p", "data": {"key": "z"}}],
    ids=["gone", "deleted", "has another key now"],
)
def test_what_is_gone_stays_gone(held: dict[str, Any]) -> None:
    assert found(held) == ({"c"}, ["p"])
