"""What was planned and carried out is not asked for again when its row comes again.

ChakraHQ is one process in a dict, or none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from target_chakra.changes import Action, Change, Done, Kind, Known, Mode, Reject
from target_chakra.planning.plan import plan
from tests.support.json_values import values
from tests.support.planning import REVIVE, RULES, TYPES, Row, read, wants

if TYPE_CHECKING:
    from target_chakra.lookups.snapshot import Snapshot


class Model:
    """ChakraHQ as one process in a dict, or none."""

    def __init__(self, row: Row | None) -> None:
        self.row = row

    @property
    def held(self) -> list[Snapshot]:
        return [] if self.row is None else [read(self.row)]

    def apply(self, action: Action) -> None:
        assert (action.kind is Kind.CREATE) == (self.row is None)
        row: Row = {"id": "x7", "data": {}} if self.row is None else dict(self.row)
        data = dict(row["data"]) if isinstance(row["data"], dict) else {}
        for name, value in action.fields.items():
            if name.startswith("data."):
                data[name[5:]] = value
            elif not name.startswith("record."):
                row[name] = value
        if action.kind is Kind.DELETE:
            row["isDeleted"] = True
        self.row = {**row, "data": data}


names = st.sampled_from([name for name in TYPES if name != "cart"])
wanted_fields = st.dictionaries(
    names.map("data.{}".format) | st.sampled_from(["status", "record.phone"]), values, max_size=5
)
rows = st.none() | st.builds(
    lambda data, deleted: {"id": "x7", "data": data, "isDeleted": deleted},
    st.dictionaries(names, values, max_size=5),
    st.sampled_from((False, False, True)),
)
changes = st.builds(
    lambda fields, mode, deletes: wants(fields, mode=mode, deletes=deletes),
    wanted_fields,
    st.sampled_from(Mode),
    st.booleans(),
)


@given(changes, rows, st.booleans())
def test_what_was_carried_out_is_unchanged_when_the_row_comes_again(
    change: Change,
    row: Row | None,
    revive: bool,  # noqa: FBT001 - drawn by place
) -> None:
    rules = REVIVE if revive else RULES
    model = Model(row)
    first = plan(change, model.held, None, rules)
    known = None
    if isinstance(first, Action):
        model.apply(first)
        made, deleted = first.kind is Kind.CREATE, first.kind is Kind.DELETE
        known = Known("x7", first.fields, {}, deleted, change.stream, made, None, None)
    again = plan(change, model.held, known, rules)
    assert isinstance(again, Reject if isinstance(first, Reject) else Done)


@given(wanted_fields, rows)
def test_an_update_sends_fields_of_the_row_alone_and_leaves_all_others(
    fields: Row, row: Row | None
) -> None:
    model = Model(row)
    decision = plan(wants(fields), model.held, None, REVIVE)
    if isinstance(decision, Action):
        added = decision.fields.keys() - fields.keys()
        assert added <= {"isDeleted"}
        assert all(decision.fields[name] == fields[name] for name in decision.fields.keys() - added)
