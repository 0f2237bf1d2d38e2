"""No two streams of an account have one name, whatever its configuration calls what it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.account.account import resolve_account
from chakra_api.account.loader_names import loader_names, with_suffix
from tap_chakra.records.scan_ids import IDS, SCANS
from tap_chakra.records.stream_names import StreamNames, stream_names

SUFFIXED = with_suffix("process_lead")
NAMES = st.one_of(
    st.sampled_from(
        [
            *("process_lead", "Process_Lead", "processLead", "PROCESS-LEAD", SUFFIXED, "lead"),
            *("users", "Users", "states", "States", IDS, SCANS, "team", "Team ", "attribute_types"),
            *("", " ", "__", "-", "\u6771\u4eac", "\u5927\u962a", "\x1b[", "\ud83d", "\u200b"),
            *("XFooBar", "xfoo_bar", "fooBar", "foo_bar", "a" * 70, "a" * 71),
        ]
    ),
    st.text(max_size=4),
)


def named(*collections: str, procedures: tuple[str, ...] = ("lead",)) -> StreamNames:
    config: dict[str, object] = {name: [{"id": "q"}] for name in collections}
    config["procedures"] = [{"id": f"p-{each}", "shortId": each} for each in procedures]
    return stream_names(resolve_account(config))


def all_of(names: StreamNames) -> list[str]:
    return ["users", IDS, SCANS, *names.processes.values(), *names.collections.values()]


@given(st.sets(NAMES, max_size=8), st.sets(NAMES.filter(bool), max_size=4))
def test_no_loader_takes_two_streams_for_one(collections: set[str], procedures: set[str]) -> None:
    names = named(*collections, procedures=tuple(procedures))
    assert names.collections.keys() >= collections
    found = all_of(names)
    assert all(any(c.isascii() and c.isalnum() for c in each) for each in found)
    folds = [fold for each in found for fold in loader_names(each)]
    assert len(folds) == len(set(folds)), sorted(found)
    assert len(found) == len(set(found))


def test_a_procedure_and_users_keep_their_names_and_the_collection_is_told() -> None:
    names = named("process_lead", "users", "scanned_ids", "extra")
    assert names.processes == {"lead": "process_lead"}
    assert names.collections["process_lead"] == SUFFIXED
    assert names.collections["users"] != "users"
    assert names.collections["extra"] == "extra"
    assert [text.split(" of ")[0] for text in names.warnings] == [
        f"The collection '{each}'" for each in ("process_lead", "scanned_ids", "users")
    ]


@pytest.mark.parametrize("name", ["", "  ", "\u6771\u4eac", "__"])
def test_a_name_of_which_loaders_leave_nothing_is_made_and_told(name: str) -> None:
    names = named(name)
    assert names.collections[name].startswith("collection_")
    assert names.collections[name] == named(name, "other").collections[name]
    assert [text for text in names.warnings if names.collections[name] in text]


def test_a_procedure_that_is_called_as_a_collection_would_be_keeps_its_name() -> None:
    suffixed = SUFFIXED.removeprefix("process_")
    names = named("process_lead", procedures=("lead", suffixed))
    assert set(names.processes.values()) == {"process_lead", SUFFIXED}
    assert names.collections["process_lead"] not in names.processes.values()
