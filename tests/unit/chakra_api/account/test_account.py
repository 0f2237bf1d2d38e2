"""The configuration is understood in each shape the contract thinks of, or a warning says not."""

from __future__ import annotations

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
