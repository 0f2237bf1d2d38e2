"""Made rows are realistic where a connector would stumble, and repeat with their seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from chakra_sandbox.reads.config_data import config_json
from chakra_sandbox.reads.config_styles import styled
from chakra_sandbox.rows.account import MadeSizes, made_account
from chakra_sandbox.rows.made_data import DISTRIBUTIONS, Distribution, made_moments
from chakra_sandbox.rows.making import Draw
from chakra_sandbox.rows.moments import HOUR_MS, YEAR_MS, Span
from chakra_sandbox.rows.procedures import MADE

NOW_MS = 1_795_514_950_453
SPAN = Span.before(NOW_MS)
SHELVES = made_account(MadeSizes(3000, 300, 300), SPAN, seed=1)
Make = Callable[..., Any]


def rows(name: str) -> list[dict[str, Any]]:
    store = SHELVES[name].store
    return [store.row(slot) for slot in range(len(store))]


def test_the_same_seed_makes_the_same_rows() -> None:
    again = made_account(MadeSizes(3000, 300, 300), SPAN, seed=1)
    assert again["lead"].store.cells == SHELVES["lead"].store.cells
    other = made_account(MadeSizes(3000, 300, 300), SPAN, seed=2)
    assert other["lead"].store.cells != SHELVES["lead"].store.cells


@pytest.mark.parametrize("name", ["lead", "ticket", "order"])
def test_times_lie_within_the_year_that_ends_an_hour_before_the_start(name: str) -> None:
    for row in rows(name):
        assert row["createdAt"] >= NOW_MS - HOUR_MS - YEAR_MS
        assert row["createdAt"] <= row["updatedAt"] <= NOW_MS - HOUR_MS


def test_imports_put_hundreds_of_rows_into_one_millisecond() -> None:
    assert max(Counter(row["createdAt"] for row in rows("lead")).values()) >= 300


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("count", [0, 1, 7, 2000])
def test_every_distribution_makes_as_many_as_asked(distribution: Distribution, count: int) -> None:
    moments = made_moments(count, SPAN, distribution, Draw(1))
    assert len(moments) == count
    assert moments == sorted(moments)
    earliest = SPAN.start_ms - (12 * YEAR_MS if distribution == "sparse" else 0)
    assert all(earliest <= moment < SPAN.end_ms for moment in moments)


def test_every_attribute_is_set_in_some_rows_and_unset_in_others() -> None:
    for model in MADE:
        seen = Counter(key for row in rows(model.short_id) for key in row["data"])
        assert {a.short_id for a in model.attributes} <= set(seen)
        assert min(seen.values()) < len(rows(model.short_id))


def test_leads_hold_what_connectors_stumble_over() -> None:
    data = [row["data"] for row in rows("lead")]
    assert any(isinstance(row["score"], str) for row in data)
    assert any("utm_campaign" in row for row in data)
    assert any(not row["name"].isascii() for row in data)
    assert any(len(row["remarks"]) > 3000 for row in data)
    size = sum(len(cell) for cell in SHELVES["lead"].store.cells) / len(data)
    assert 900 < size < 1400


def test_every_attribute_type_of_the_contract_is_served() -> None:
    served = {a.type_name for model in MADE for a in model.attributes}
    assert len(served) >= 45
    assert {"stringId", "integerId", "geolocation", "multiExternalObject", "cart"} <= served


def test_the_config_has_17_collections_that_refer_to_each_other() -> None:
    config = config_json(MADE)
    assert len(config) == 17
    attributes = {a["id"]: a["shortId"] for a in config["attributes"]}
    assert len(attributes) == len(config["attributes"])
    types = {t["id"] for t in config["attributeTypes"]}
    for procedure in config["procedures"]:
        assert attributes[procedure["primaryKey"]] == f"{procedure['shortId']}_id"
        assert set(procedure["attributes"]) <= set(attributes)
        states = {state["id"] for state in procedure["states"]}
        assert {procedure["defaultStartState"], procedure["defaultCompletedState"]} <= states
    assert {a["attributeType"] for a in config["attributes"]} <= types


def test_styles_of_the_config() -> None:
    config = config_json(MADE)
    lead = config["procedures"][0]
    assert styled(config, "alt_names", 0)["procedures"][0]["key"] == "lead"
    assert styled(config, "keyed_by_id", 0)["procedures"][lead["id"]]["shortId"] == "lead"
    embedded = styled(config, "embedded_refs", 0)["procedures"][0]
    assert embedded["primaryKey"]["shortId"] == "lead_id"
    assert embedded["attributes"][1]["shortId"] == "name"
    assert set(styled(config, "minimal", 0)["procedures"][0]) == {"id", "shortId"}
    assert len(styled(config, "missing_keys", 0)) == 9
    assert len(orjson.dumps(styled(config, "default", 2))) > 2_000_000
    assert styled(config, "default", 0) == config
