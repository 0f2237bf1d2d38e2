"""A setting's value means one thing, however it is spelled; what means nothing is refused."""

from __future__ import annotations

import math

import pytest

from chakra_api.errors import SettingsError
from chakra_api.setting_values import flag, number, shown, whole

YES = ["true", "True", "TRUE", "1", "yes", "y", "Y", "on", "t", " true\n"]
NO = ["false", "FALSE", "0", "no", "n", "N", "off", "f"]


@pytest.mark.parametrize("value", [True, *YES], ids=repr)
def test_a_flag_is_set_by_each_word_for_it(value: object) -> None:
    assert flag({"dry_run": value}, "dry_run") is True


@pytest.mark.parametrize("value", [False, None, "", "  ", *NO], ids=repr)
def test_a_flag_is_not_set_by_each_word_against_it_and_by_nothing(value: object) -> None:
    assert flag({"dry_run": value}, "dry_run") is False


@pytest.mark.parametrize("value", ["maybe", "tru", "-", "2", "1.0", 1, 0, [], {}], ids=repr)
def test_a_word_that_nobody_knows_is_no_flag(value: object) -> None:
    with pytest.raises(SettingsError, match="dry_run is ") as refused:
        flag({"dry_run": value}, "dry_run")
    assert refused.value.next_step == "Set it to true or false"


@pytest.mark.parametrize(
    ("value", "meant"),
    [(60, 60), (2.5, 2.5), ("60", 60), ("2.5", 2.5), ("1e3", 1000), (" 60 ", 60), ("+.5", 0.5)],
    ids=repr,
)
def test_a_number_is_read_as_it_is_spelled(value: object, meant: float) -> None:
    assert number({"pace": value}, "pace", 7, 0) == meant


@pytest.mark.parametrize("value", [None, "", "\t"], ids=repr)
def test_without_a_number_the_default_counts(value: object) -> None:
    assert number({"pace": value}, "pace", 7, 0) == 7
    assert number({}, "pace", 7, 0) == 7


NO_NUMBERS = [
    True, "ten", "1_000", "1,5", "0x10", "NaN", "inf", "1e400", "9" * 500, "-1", -1,
    math.nan, math.inf, 1e300, 10**40, "1e99999999", "1e-", [], {},
]  # fmt: skip


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: repr(value)[:20])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match="The setting pace is ") as refused:
        number({"pace": value}, "pace", 7, 0)
    assert len(refused.value.cause) < 100
    assert refused.value.next_step == "Set a number that is at least 0"


@pytest.mark.parametrize("value", [10, 10.0, "10", "10.0", "1e1"], ids=repr)
def test_a_whole_number_may_be_spelled_with_a_point(value: object) -> None:
    found = whole({"size": value}, "size", 7, 1)
    assert (found, type(found)) == (10, int)


@pytest.mark.parametrize("value", [2.5, "2.5", "0"], ids=repr)
def test_a_fraction_is_not_cut_off(value: object) -> None:
    with pytest.raises(SettingsError, match="The setting size is "):
        whole({"size": value}, "size", 7, 1)


def test_a_key_in_the_wrong_setting_is_not_shown() -> None:
    for value in ("ck_live_51H8s9aBcD7xYz", ["ck_live_51H8s9aBcD7xYz"], {"api_key": "ck_live_5"}):
        assert "ck_live" not in shown(value)
    assert shown("process_lead") == "'process_lead'"
