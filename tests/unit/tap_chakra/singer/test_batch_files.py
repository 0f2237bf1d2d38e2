"""BATCH files are found by the URLs of their manifests, whatever folder they are in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.request import urlopen

import fsspec
import pytest
from singer_sdk.helpers._batch import StorageTarget
from upath import UPath

from chakra_api.errors import SettingsError
from tap_chakra.singer.batch_files import BatchOutput, FileNames, JsonLines
from tap_chakra.singer.batch_settings import batch_config_of
from target_chakra.singer.batch_files import rows_of
from target_chakra.singer.batch_places import batch_root_of

if TYPE_CHECKING:
    from pathlib import Path

STREAMS = ["process_lead", "ünïcode", "a/b", "a%2Fb", "a=b", "..", "a.2f.b", "x" * 400]
ROOTS = [
    "{here}/plain",
    "relative",
    "./two/../blanks in it",
    "{here}/blanks and ümläuts",
    "{here}/100%",
    "{here}/a+b&c=d;e,f@g",
    "{here}/stars*[1]{{2}}",
    "file://{here}/url",
    "file://{here}/url with blänks",
    "local://{here}/local",
]
REFUSED = ["{here}/a#b", "{here}/a?b", "{here}/a%20b", "file://{here}/a%20b", "a::b", "a\nb"]


def written(root: str, prefix: str = "") -> dict[str, list[str]]:
    """The manifest of a file of each stream, all with a row that names it."""
    batch = {"encoding": {"format": "jsonl"}, "storage": {"root": root, "prefix": prefix}}
    config = batch_config_of({"batch_config": batch})
    assert config is not None
    contents = {name: JsonLines() for name in STREAMS}
    for name, each in contents.items():
        each.keep({"stream": name})
    messages = list(BatchOutput(config, FileNames("run"), contents).written())
    return {message.stream: message.manifest for message in messages}


def by_the_sdk(url: str) -> bytes:
    head, tail = StorageTarget.split_url(url)
    with StorageTarget.from_url(head).open(tail) as file:
        return bytes(file.read())


def by_urllib(url: str) -> bytes:
    with urlopen(url) as file:  # noqa: S310 - a file of ours
        return bytes(file.read())


def by_fsspec(url: str) -> bytes:
    with fsspec.open(url) as file:
        return bytes(file.read())


@pytest.mark.parametrize("root", ROOTS)
def test_each_reader_of_urls_finds_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    monkeypatch.chdir(tmp_path)
    manifests = written(root.format(here=tmp_path), prefix="daily-")
    assert list(manifests) == STREAMS
    for stream, (url,) in manifests.items():
        for read in (by_the_sdk, by_urllib, by_fsspec):
            assert json.loads(read(url)) == {"stream": stream}, (read, url)
        message = batch_config_of(
            {"batch_config": {"encoding": {"format": "jsonl"}, "storage": {"root": "x"}}}
        )
        assert message is not None
        with batch_root_of(None, tmp_path).file(url).opened() as file:
            assert list(rows_of(file, message.encoding)) == [{"stream": stream}]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == len(STREAMS)
    for path in files:
        assert re.fullmatch(r"daily-tap-chakra--[A-Za-z0-9._-]{1,200}\.json", path.name)


@pytest.mark.parametrize("root", REFUSED)
def test_a_folder_that_urls_can_not_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=r"storage\.root"):
        written(root.format(here=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_streams_that_go_out_under_one_name_have_files_of_their_own() -> None:
    names = FileNames("run")
    shown = {names.next(stream, "json") for stream in (*STREAMS, *STREAMS)}
    assert len(shown) == 2 * len(STREAMS)
    apart = {FileNames("run").next(stream, "json") for stream in STREAMS}
    assert len(apart) == len(STREAMS)


def test_the_target_reads_urls_that_other_taps_escape(tmp_path: Path) -> None:
    path = tmp_path / "blänks in it" / "a=1.json"
    path.parent.mkdir()
    path.write_text('{"id": 1}\n')
    escaped = UPath(path).as_uri()
    assert "%" in escaped
    config = batch_config_of(
        {"batch_config": {"encoding": {"format": "jsonl"}, "storage": {"root": "x"}}}
    )
    assert config is not None
    with batch_root_of(None, tmp_path).file(escaped).opened() as file:
        assert list(rows_of(file, config.encoding)) == [{"id": 1}]
