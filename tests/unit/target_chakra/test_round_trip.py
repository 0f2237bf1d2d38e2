"""The round trip: what goes through the tap and comes back changes nothing and sends nothing."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from chakra_api.account.account import resolve_account
from chakra_api.account.people import Directory
from chakra_sandbox.knobs import Knobs
from chakra_sandbox.reads.config_data import config_json
from chakra_sandbox.reads.present import Presenter
from chakra_sandbox.rows.made_data import made_row
from chakra_sandbox.rows.making import Draw
from chakra_sandbox.rows.people import USERS
from chakra_sandbox.rows.procedures import MADE
from tap_chakra.records.row_typer import compile_row
from target_chakra.changes import Action, Done, Reject
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.snapshot import SnapshotReader
from target_chakra.mapping.destinations import Destinations, ValueRules
from target_chakra.mapping.row_mapper import RowMapper
from target_chakra.planning.plan import Rules, plan
from target_chakra.stream_mapping import StreamMapping
from tests.support.json_values import values

Row = dict[str, object]
BY_ID = StreamMapping("*")
CLEARS = StreamMapping("*", clears=True)
PROCEDURES = {p.short_id: p for p in resolve_account(config_json(MADE)).procedures}
USER_ROWS = [{"id": user.id, "username": user.username} for user in USERS]
STAFF = Directory.from_users(USER_ROWS)
USERNAMES = {user.id: user.username for user in USERS}
NOW = 1_790_000_000_000
dialects = st.builds(
    Knobs,
    assigned_to_read=st.sampled_from(("id", "username")),
    state_read=st.sampled_from(("short_id", "id", "object")),
    timestamp_format=st.sampled_from(("ms", "iso", "ms_string")),
    unset_attributes=st.sampled_from(("omitted", "null", "empty_defaults")),
    data_keys=st.sampled_from(("short_id", "id")),
    record_read=st.sampled_from(("id", "object")),
)
shown_rows = st.builds(
    lambda model, seed, knobs: (
        model.short_id,
        Presenter(model, knobs, USERNAMES).show(
            made_row(model, Draw(seed), seed, NOW - seed * 997, NOW)
        ),
    ),
    st.sampled_from(MADE),
    st.integers(1, 10**6),
    dialects,
)


def flattened(record: Row) -> Row:
    """As a loader stores it: `data` in columns, all of them, and lists as JSON text."""
    data = record["data"]
    names = [a.short_id for a in PROCEDURES[str(record["_of"])].attributes]
    assert isinstance(data, dict)
    flat = {k: v for k, v in record.items() if k not in ("data", "derivedData", "_of")}
    for name in names:
        value = data.get(name)
        flat[f"data__{name}"] = json.dumps(value) if isinstance(value, list) else value
    return flat


def sent_back(short_id: str, row: Row, mapping: StreamMapping, *, flat: bool) -> object:
    """What follows when a row goes through the tap and comes back."""
    procedure = PROCEDURES[short_id]
    record = json.loads(json.dumps(compile_row(procedure, STAFF)(row)))
    if flat:
        record = flattened({**record, "_of": short_id})
    destinations = Destinations(procedure, STAFF, ValueRules())
    found = RowMapper(f"process_{short_id}", mapping, destinations, list(record))(1, 1, record)
    if isinstance(found, Reject):
        return found
    return plan(found, [SnapshotReader(procedure)(row)], None, Rules(destinations.comparable))


@given(shown_rows, st.sampled_from((BY_ID, CLEARS)), st.booleans())
def test_a_row_that_goes_through_the_tap_and_comes_back_sends_nothing(
    shown: tuple[str, Row],
    mapping: StreamMapping,
    flat: bool,  # noqa: FBT001 - drawn by place
) -> None:
    decision = sent_back(*shown, mapping, flat=flat)
    assert isinstance(decision, Done), decision
    assert decision.outcome is Outcome.UNCHANGED


@given(shown_rows, st.sampled_from((BY_ID, CLEARS)), st.booleans(), st.data())
def test_whatever_odd_values_chakrahq_holds_the_round_trip_never_sends_one(
    shown: tuple[str, Row],
    mapping: StreamMapping,
    flat: bool,  # noqa: FBT001 - drawn by place
    data: st.DataObject,
) -> None:
    short_id, row = shown
    held = row["data"]
    assert isinstance(held, dict)
    odd = data.draw(st.dictionaries(st.sampled_from([*held, "odd"]), values, max_size=4))
    row = {**row, "data": {**held, **odd}}
    decision = sent_back(short_id, row, mapping, flat=flat)
    if isinstance(decision, Action):
        # Milliseconds of 1966 to 1973 read as seconds (Q5): whether they differ is in doubt.
        kinds = {f"data.{a.short_id}": a.type.name for a in PROCEDURES[short_id].attributes}
        assert all(
            kinds[name] in ("date", "datetime") and type(value) is int and abs(value) < 10**11
            for name, value in decision.fields.items()
        ), decision
