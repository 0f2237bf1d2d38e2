"""Each part of `batch_config` that lacks or means nothing is named, with what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.errors import SettingsError
from tap_chakra.singer.batch_settings import batch_config_of
from tap_chakra.singer.tap import TapChakra

if TYPE_CHECKING:
    from pathlib import Path

ENCODING = {"format": "jsonl"}
STORAGE = {"root": "output"}
GOOD: dict[str, Any] = {"encoding": ENCODING, "storage": STORAGE}
WRONG: list[tuple[Any, str, str]] = [
    ({"encoding": ENCODING}, "lacks storage", '"storage": {"root": "output"}'),
    ({"storage": STORAGE}, "lacks encoding", '"encoding": {"format": "jsonl"}'),
    ({**GOOD, "encoding": {}}, "lacks encoding.format", "jsonl, parquet"),
    ({**GOOD, "encoding": None}, "lacks encoding", '"encoding": {"format": "jsonl"}'),
    ({**GOOD, "encoding": "jsonl"}, "encoding, is 'jsonl'", "a JSON object"),
    ({**GOOD, "encoding": {"format": "csv"}}, "encoding.format, is 'csv'", "jsonl, parquet"),
    (
        {**GOOD, "encoding": {**ENCODING, "compression": "gz"}},
        "encoding.compression, is 'gz'",
        "Did you mean 'gzip'?",
    ),
    ({**GOOD, "encoding": {**ENCODING, "fromat": 1}}, "holds encoding.fromat", "'format'"),
    ({**GOOD, "storage": {}}, "lacks storage.root", "a folder or a URL"),
    ({**GOOD, "storage": {"root": ""}}, "lacks storage.root", "a folder or a URL"),
    ({**GOOD, "storage": {"root": 5}}, "storage.root, is 5", "a folder, or a URL"),
    ({**GOOD, "storage": {"root": "~/x"}}, "storage.root, is '~/x'", "the whole path"),
    ({**GOOD, "storage": {"root": "memory://x"}}, "storage.root", "nothing can be kept there"),
    ({**GOOD, "storage": {**STORAGE, "foo": 1}}, "holds storage.foo", "root, prefix, params"),
    ({**GOOD, "storage": {**STORAGE, "prefix": "a/b-"}}, "storage.prefix", "storage.root"),
    ({**GOOD, "storage": {**STORAGE, "prefix": "a#"}}, "storage.prefix", "letters"),
    ({**GOOD, "storage": {**STORAGE, "params": 1}}, "storage.params", "a JSON object"),
    ({**GOOD, "batch_sise": 5}, "holds batch_sise", "Did you mean 'batch_size'?"),
    *(
        ({**GOOD, "batch_size": size}, f"batch_size, is {size!r}", "at least 1")
        for size in (0, -1, 1.5, "x", True)
    ),
    (["jsonl"], "is ['jsonl']", "a JSON object"),
]


@pytest.mark.parametrize(("batch", "cause", "next_step"), WRONG)
def test_what_is_wrong_is_named_with_what_to_write(batch: Any, cause: str, next_step: str) -> None:
    with pytest.raises(SettingsError) as caught:
        batch_config_of({"batch_config": batch})
    assert caught.value.cause.startswith("The setting batch_config")
    assert cause in caught.value.cause
    assert next_step in caught.value.next_step


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_without_it_records_go_out(nothing: Any) -> None:
    assert batch_config_of({"batch_config": nothing}) is None
    assert batch_config_of({}) is None


def test_what_is_blank_is_not_set() -> None:
    blank = {
        "encoding": {**ENCODING, "compression": None},
        "storage": {**STORAGE, "prefix": "", "params": None},
        "batch_size": None,
    }
    found, plain = (batch_config_of({"batch_config": each}) for each in (blank, GOOD))
    assert found == plain
    assert found is not None
    assert (found.batch_size, found.encoding.compression) == (10_000, None)


def test_a_url_is_left_as_it_is_with_its_options() -> None:
    storage = {"root": "s3://bucket/folder", "prefix": "daily-", "params": {"key": "k"}}
    found = batch_config_of({"batch_config": {**GOOD, "storage": storage}})
    assert found is not None
    assert found.storage.asdict() == storage


def test_every_part_is_declared_so_that_texts_become_numbers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = {
        "api_key": "k",
        "batch_config": {**GOOD, "batch_size": "500", "storage": {"root": str(tmp_path)}},
    }
    tap = TapChakra(config=config, setup_mapper=False)
    found = batch_config_of(tap.config)
    assert found is not None
    assert found.batch_size == 500
    assert [each for each in caplog.records if "batch_config" in each.message] == []
