"""What a process that is read back says, where ChakraHQ stores a field in another form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from target_chakra.changes import Action, Kind, Known
from target_chakra.lookups.open_procedure import OpenProcedure
from target_chakra.sending.read_back import ReadBack
from target_chakra.sending.recovery import Sight
from tests.support.clock import FakeClock
from tests.support.planning import DESTINATIONS, KNOWN, holds, wants

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD, NEW = "+91 98765 43210", "+91 90000 00001"
STORED = "919876543210"
LEARNED = replace(KNOWN, fields={"data.phone": OLD}, learned={"data.phone": STORED})
"""The journal wrote the old number, and saw what ChakraHQ made of it."""
# Nothing is asked for: what was seen is passed in.
READ_BACK = ReadBack(OpenProcedure(cast("Any", None), DESTINATIONS), FakeClock())


def sight(
    sent: Mapping[str, object],
    before: Mapping[str, object],
    held: Mapping[str, object],
    known: Known | None = LEARNED,
) -> Sight:
    """What the process says of an update of whose submit the answer was lost."""
    action = Action(wants(sent), Kind.UPDATE, "x7", sent, before, known=known)
    return READ_BACK.sight(action, (holds(held),))


def test_an_update_is_not_written_while_the_field_holds_the_old_form() -> None:
    seen = sight({"data.phone": NEW}, {"data.phone": STORED}, {"phone": STORED})
    assert seen is Sight.AS_BEFORE


def test_one_field_in_its_old_form_is_enough() -> None:
    sent = {"data.phone": NEW, "data.city": "Goa"}
    before = {"data.phone": STORED, "data.city": "Pune"}
    assert sight(sent, before, {"phone": STORED, "city": "Pune"}) is Sight.AS_BEFORE
    assert sight(sent, before, {"phone": STORED, "city": "Goa"}) is Sight.NEITHER


@pytest.mark.parametrize("held", [OLD, STORED])
def test_a_value_is_written_in_the_form_that_is_known_of_it(held: str) -> None:
    # Somebody had changed the number, and the row wants the old one back.
    assert sight({"data.phone": OLD}, {"data.phone": "900"}, {"phone": held}) is Sight.AS_SENT


def test_the_form_of_a_value_counts_for_what_means_the_same() -> None:
    known = replace(KNOWN, fields={"data.score": 105}, learned={"data.score": 100})
    before = {"data.score": 7}
    assert sight({"data.score": "105"}, before, {"score": 100}, known) is Sight.AS_SENT
    assert sight({"data.score": "106"}, before, {"score": 100}, known) is Sight.NEITHER


def test_the_form_of_a_value_is_known_also_where_people_or_an_undo_replaced_it() -> None:
    replaced = replace(LEARNED, fields={}, replaced={"data.phone": OLD})
    before = {"data.phone": "900"}
    assert sight({"data.phone": OLD}, before, {"phone": STORED}, replaced) is Sight.AS_SENT
    assert sight({"data.phone": OLD}, before, {"phone": "900"}, replaced) is Sight.AS_BEFORE


def test_of_a_key_that_the_journal_does_not_know_no_form_is_known() -> None:
    assert sight({"data.phone": OLD}, {"data.phone": "9"}, {"phone": STORED}, None) is Sight.NEITHER
