"""Which names loaders take for one, and what they are called in their place."""

from __future__ import annotations

import pytest

from chakra_api.account.loader_names import loader_names, told_apart

LONG = "a" * 70


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("city", "City"),
        ("Customer Name", "customer.name"),
        ("customerName", "customer_name"),
        ("東京", "大阪"),
        (LONG + "1", LONG + "2"),
    ],
)
def test_names_that_become_one_are_told_apart_whatever_their_order(one: str, other: str) -> None:
    called, clashes = told_apart([one, other])
    assert len(clashes) == 1
    assert told_apart([other, one])[0] == called
    assert not loader_names(called[one]) & loader_names(called[other])


def test_names_that_stay_apart_keep_themselves() -> None:
    assert told_apart(["city", "town"]) == ({"city": "city", "town": "town"}, [])


def test_a_suffix_depends_on_nobody_else_and_stays_when_the_first_one_goes() -> None:
    called, _ = told_apart(["city", "City"])
    more, _ = told_apart(["CITY", "town", "City", "city"])
    assert called["city"] == more["city"] == "city"
    assert called["City"] == more["City"] != "City"
    assert told_apart(["City"], held=called)[0] == {"City": called["City"]}
