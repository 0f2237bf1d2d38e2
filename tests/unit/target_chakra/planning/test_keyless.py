"""Rows without a key that come again: each of those that were sent is known again once."""

from __future__ import annotations

from typing import Any, cast

from target_chakra.changes import Action, Change, Done, Ended, Mode
from target_chakra.planning.keyless import Keyless, twin_of
from target_chakra.planning.plan import Rules


class Journal:
    """What earlier runs sent, by twin."""

    def __init__(self, sent: dict[str, list[int]]) -> None:
        self._sent = sent

    def began_again(self, stream: str, twin: str) -> None:
        """Nothing was about to be covered."""

    def twins(self, _stream: str, hashes: list[str], _load: str = "") -> dict[str, list[int]]:
        return {twin: list(self._sent[twin]) for twin in hashes if twin in self._sent}

    def come_again(self, number: int, _seq: int) -> None:
        for numbers in self._sent.values():
            if number in numbers:
                numbers.remove(number)


def row(seq: int) -> Change:
    fields = {"data.name": "Twin"}
    return Change(seq, seq, "s", "lead", None, Mode.INSERT, deletes=False, fields=fields, row={})


def test_of_equal_rows_as_many_are_unknown_as_were_and_the_next_is_one_of_its_own() -> None:
    """Each further one was called unknown, too, and never sent: listed were fewer than counted."""
    rules = {"s": Rules(comparable=cast("Any", None))}
    twin = twin_of(row(1))
    keyless = Keyless(cast("Any", Journal({twin: [4, 5]})))
    keyless.note_unknown(twin)
    decided: list[object] = []
    for seq in range(1, 5):  # each in a look of its own
        keyless.add(row(seq))
        decided += keyless.decide(rules)
    assert [type(each) for each in decided] == [Done, Ended, Action, Action]
