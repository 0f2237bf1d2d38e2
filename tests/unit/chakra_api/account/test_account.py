"""The configuration is understood in each shape the contract thinks of, or a warning says not."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.account.account import Account, resolve_account
from chakra_api.account.people import Directory
from chakra_api.errors import SettingsError
from chakra_sandbox.reads.config_data import config_json
from chakra_sandbox.reads.config_styles import styled
from chakra_sandbox.rows.procedures import MADE
from tests.support.json_values import values

CONFIG = config_json(MADE)


def lead_of(style: str) -> tuple[Account, dict[str, object]]:
    account = resolve_account(styled(CONFIG, style, 0))
    lead = account.procedure("lead")
    facts: dict[str, object] = {
        "attributes": [(a.short_id, a.type.name, len(a.options)) for a in lead.attributes],
        "derived": [a.short_id for a in lead.derived_attributes],
        "states": [state.short_id for state in lead.states],
        "key": lead.primary_key,
    }
    return account, facts


@pytest.mark.parametrize("style", ["alt_names", "keyed_by_id", "embedded_refs", "missing_keys"])
def test_each_shape_says_the_same(style: str) -> None:
    account, facts = lead_of(style)
    assert facts == lead_of("default")[1]
    assert account.warnings == ()


def test_the_default_shape_is_understood() -> None:
    _, facts = lead_of("default")
    assert facts["key"] == "lead_id"
    assert facts["states"]
    assert facts["derived"]
    assert len(facts["attributes"]) > 10  # type: ignore[arg-type]


def test_a_minimal_configuration_leaves_procedures_open_and_says_so() -> None:
    account, facts = lead_of("minimal")
    assert facts["attributes"] == []
    assert not account.procedure("lead").resolved
    assert any("'lead'" in warning for warning in account.warnings)


@pytest.mark.parametrize(
    ("wanted", "hint"), [("leed", "'lead'"), ("LEAD", "'lead'"), ("Ticket", "'ticket'")]
)
def test_an_unknown_procedure_is_named_with_those_that_exist(wanted: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=f"Did you mean {hint}.*lead, .*ticket") as caught:
        resolve_account(CONFIG).procedure(wanted)
    assert f"'{wanted}'" in str(caught.value)


@pytest.mark.parametrize("config", [{}, {"procedures": []}, {"procedures": None}])
def test_an_account_without_procedures_is_one(config: dict[str, object]) -> None:
    assert resolve_account(config).procedures == ()


def test_deleted_procedures_are_left_out() -> None:
    gone = {"procedures": [{"id": "1", "shortId": "old", "isDeleted": True}]}
    assert resolve_account(gone).procedures == ()


names = st.sampled_from(["team", "procedures", "attributes", "attributeTypes", "attributeConfig"])
rows = st.dictionaries(
    st.sampled_from(
        ["id", "shortId", "attributes", "states", "attributeType", "options", "entity"]
    ),
    values,
    max_size=5,
)


@given(st.dictionaries(names, values | st.lists(rows, max_size=3), max_size=4))
def test_no_configuration_makes_it_fail(config: dict[str, object]) -> None:
    assert isinstance(resolve_account(config), Account)


def test_users_are_found_by_id_and_by_username() -> None:
    directory = Directory.from_users(
        [{"id": "u1", "username": "asha.k", "firstName": "Asha", "lastName": "K"}, {"id": "u2"}]
    )
    assert directory.find("u1") == directory.find("asha.k")
    assert directory.find("nobody") is None
    assert directory.usernames == ("asha.k",)


def many(count: int) -> dict[str, object]:
    """Attributes that name their procedure, which lists none; so do states and groups."""
    procedures = range(count)
    return {
        "procedures": [{"id": f"p{n}", "shortId": f"s{n}"} for n in procedures],
        "attributes": [
            {"id": f"a{n}{name}", "shortId": name, owner: f"{by}{n}"}
            for n in procedures
            for name, owner, by in (("x", "procedure", "p"), ("y", "procedure", "s"))
        ],
        "derivedAttributes": [
            {"id": f"d{n}", "shortId": "d", "model": f"p{n}"} for n in procedures
        ],
        "states": [{"id": f"t{n}", "shortId": "t", "procedure": f"p{n}"} for n in procedures],
        "attributeGroups": [{"id": f"g{n}", "attributes": []} for n in procedures],
    }


def calls_of(count: int) -> int:
    """Function calls in which an account of so many procedures is resolved."""
    config, calls = many(count), 0

    def counted(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        resolve_account(config)
    finally:
        sys.setprofile(None)
    return calls


def test_attributes_that_name_their_procedure_are_all_found() -> None:
    account = resolve_account(many(20))
    for each in account.procedures:
        assert [attribute.id for attribute in each.attributes] == [
            f"a{each.id[1:]}x",
            f"a{each.id[1:]}y",
        ]
        assert [attribute.id for attribute in each.derived_attributes] == [f"d{each.id[1:]}"]
        assert [state.id for state in each.states] == [f"t{each.id[1:]}"]
    assert account.warnings == ()


def test_work_grows_as_procedures_do_and_not_as_their_square() -> None:
    assert calls_of(400) < 9 * calls_of(50)


def test_a_shortid_stands_for_one_procedure() -> None:
    twice = [{"id": "p1", "shortId": "lead"}, {"id": "p2", "shortId": "lead"}]
    account = resolve_account({"procedures": [{"shortId": "lead", "isDeleted": True}, *twice]})
    assert [each.id for each in account.procedures] == ["p1"]
    assert any("more than one procedure 'lead'" in warning for warning in account.warnings)
