"""The options of a read: strict, without secrets, and shared out among tasks."""

from __future__ import annotations

import pickle

import pytest

from chakra_api.errors import SettingsError
from chakra_spark.read_options import parse_read

KEY = "sk_live_0123456789abcdefXYZ"
NOW = 1_790_000_000_000


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAP_CHAKRA_API_KEY", KEY)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "one of the options procedure and stream"),
        ({"procedure": "lead", "stream": "users"}, "one of the options procedure and stream"),
        ({"procedur": "lead"}, "'procedure'"),
        ({"procedure": "lead", "path": "x"}, "is no option"),
        ({"procedure": "lead", "tasks": "many"}, "a whole number"),
        ({"procedure": "lead", "tasks": "0"}, "at least 1"),
        ({"procedure": "lead", "nested": "flat"}, "structs"),
    ],
)
def test_what_means_nothing_is_refused(options: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse_read(options)


@pytest.mark.parametrize("name", ["api_key", "mask_salt"])
def test_a_secret_is_no_option_and_is_not_repeated(name: str) -> None:
    with pytest.raises(SettingsError, match=f"TAP_CHAKRA_{name.upper()}") as refused:
        parse_read({"procedure": "lead", name: KEY})
    assert KEY not in str(refused.value)


def test_what_travels_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAP_CHAKRA_MASK_SALT", "saltsaltsaltsalt")
    options = parse_read({"procedure": "lead", "mask": '{"*.email": "hash"}'})
    settings = options.settings(NOW)
    assert settings.connection.api_key.reveal() == KEY
    travels = pickle.dumps(options)
    assert KEY.encode() not in travels
    assert b"saltsalt" not in travels


def test_a_machine_without_a_key_says_where_to_put_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAP_CHAKRA_API_KEY")
    with pytest.raises(SettingsError, match="TAP_CHAKRA_API_KEY is not set"):
        parse_read({"procedure": "lead"}).settings(NOW)


def test_pace_and_readers_are_shared_out() -> None:
    options = parse_read({"procedure": "lead", "max_rps": "30", "concurrency": "32"})
    alone, shared = options.settings(NOW), options.settings(NOW, 5)
    assert (alone.connection.max_rps, alone.concurrency) == (30, 32)
    assert (shared.connection.max_rps, shared.concurrency) == (6, 6)
    assert parse_read({"procedure": "lead", "concurrency": "2"}).settings(NOW, 5).concurrency == 1


def test_tasks_share_the_ceiling_where_nobody_says_how_many_readers() -> None:
    options = parse_read({"procedure": "lead"})
    assert options.settings(NOW).concurrency == 64
    assert options.settings(NOW, 4).concurrency == 16
    assert options.settings(NOW, 100).concurrency == 1


def test_a_stream_and_a_table_refuse_what_only_the_other_has() -> None:
    overlap = parse_read({"procedure": "lead", "lookback_seconds": "60"})
    gaps = parse_read({"procedure": "lead", "allow_incomplete": "true"})
    overlap.refuse_gaps()
    gaps.refuse_overlap()
    with pytest.raises(SettingsError, match="lookback_seconds"):
        overlap.refuse_overlap()
    with pytest.raises(SettingsError, match="allow_incomplete"):
        gaps.refuse_gaps()
