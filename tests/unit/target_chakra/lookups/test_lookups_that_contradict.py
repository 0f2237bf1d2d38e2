"""A look-up that contradicts itself is not believed: nothing is created on what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.endpoints.answers import ProcessPage
from target_chakra.lookups.key_lookups import AnswerNotBelieved, Lookups, Way
from target_chakra.lookups.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping


class Client:
    """Gives pages in order, the last one again and again."""

    def __init__(self, *pages: tuple[list[dict[str, Any]], bool | None]) -> None:
        self._pages = list(pages)
        self.asked = 0
        self.unclear = False

    def list_processes(self, _procedure: str, _where: object, *, limit: int) -> ProcessPage:
        self.asked += 1
        rows, more = self._pages.pop(0) if len(self._pages) > 1 else self._pages[0]
        return ProcessPage(rows, more, None, limit=limit, unclear=self.unclear)


class Text:
    """A key's text as it is."""

    def __call__(self, value: object) -> str:
        return str(value)


def snapshot(row: Mapping[str, Any]) -> Snapshot:
    return Snapshot(str(row.get("id") or ""), False, None, None, row, row.get("data", {}))  # noqa: FBT003 - a record of facts


def lookups(client: Client) -> Lookups:
    return Lookups(client, "lead", "key", snapshot, Text())  # type: ignore[arg-type]  # all that it needs


def row(process_id: object, **more: object) -> dict[str, Any]:
    return {"id": process_id, "data": {"key": "a"}, **more}


@pytest.mark.parametrize("way", [Way.ARRAY, Way.SINGLE, Way.EMPTY])
def test_nothing_and_more_of_it_is_not_absence(way: Way) -> None:
    with pytest.raises(AnswerNotBelieved, match="says that there are more rows, and shows none"):
        lookups(Client(([], True))).find(way, ["a"])


def test_a_word_that_nobody_knows_is_not_absence() -> None:
    client = Client(([], None))
    client.unclear = True
    with pytest.raises(AnswerNotBelieved, match="says neither yes nor no"):
        lookups(client).find(Way.ARRAY, ["a"])


def test_it_may_say_so_once() -> None:
    client = Client(([], True), ([], False))
    assert lookups(client).find(Way.EMPTY, ["a"]).snapshots == {}
    assert client.asked == 2


@pytest.mark.parametrize("rows", [[row(None)], [row("")], [row("p"), row("p", status="OPEN")]])
def test_rows_without_an_id_of_their_own_are_not_believed(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(AnswerNotBelieved, match="have no id of their own"):
        lookups(Client((rows, False))).find(Way.ARRAY, ["a"])


def test_a_row_that_comes_twice_alike_is_one() -> None:
    found = lookups(Client(([row("p"), row("p")], False))).find(Way.ARRAY, ["a"])
    assert len(found.snapshots["a"]) == 1
