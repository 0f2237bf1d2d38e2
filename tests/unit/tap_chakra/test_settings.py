"""A setting of the tap means one thing; what means nothing is refused."""

from __future__ import annotations

from typing import Any

import pytest

from chakra_api.errors import SettingsError
from tap_chakra.settings import Settings, parse_settings


def parse(**given: Any) -> Settings:
    config = {"api_key": "key-of-a-test", **given}
    return parse_settings(config, now=1_790_000_000_000, user_agent="test")


FLAGS = ("emit_scan_ids", "allow_incomplete")


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_is_true_or_false_and_nothing_else(name: str) -> None:
    assert getattr(parse(**{name: "yes"}), name) is True
    assert getattr(parse(**{name: "0"}), name) is False
    assert getattr(parse(), name) is False
    with pytest.raises(SettingsError, match=f"{name} is 'maybe'"):
        parse(**{name: "maybe"})


def test_a_number_may_come_as_a_text_and_is_never_cut() -> None:
    settings = parse(concurrency="3", lookback_seconds="1.5", full_scan_every="2", max_rps="")
    assert (settings.concurrency, settings.lookback_ms) == (3, 1500)
    assert (settings.full_scan_every_ms, settings.connection.max_rps) == (7_200_000, None)
    with pytest.raises(SettingsError, match=r"concurrency is 2\.5"):
        parse(concurrency=2.5)
