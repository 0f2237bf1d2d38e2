"""A manifest names files below one root; whatever else it names is never opened."""

from __future__ import annotations

import gzip
import io
import os
import resource
from pathlib import Path

import pytest
from singer_sdk.helpers._batch import BaseBatchFileEncoding

from chakra_api.errors import SettingsError
from target_chakra.singer.batch_files import rows_of
from target_chakra.singer.batch_places import Store, batch_root_of
from target_chakra.singer.input import MOST_BYTES, Lines


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a file, and beside it what must not be read."""
    made = tmp_path / "root"
    (made / "below").mkdir(parents=True)
    (made / "below" / "rows.json").write_text("{}\n")
    (made / "100%20 rows.json").write_text("{}\n")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.json").write_text('{"secret": 1}\n')
    (made / "link.json").symlink_to(outside / "secret.json")
    (made / "folder").symlink_to(outside)
    (tmp_path / "root2").mkdir()
    (tmp_path / "root2" / "rows.json").write_text("{}\n")
    os.mkfifo(made / "pipe.json")
    return made


INSIDE = ["{root}/below/rows.json", "file://{root}/below/rows.json", "{root}/100%20 rows.json",
          "file://{root}/below%2Frows.json", "local://{root}/below/rows.json"]  # fmt: skip
OUTSIDE = [
    "/etc/passwd", "file:///etc/passwd", "{root}", "{root}/", "{root}/..", "",
    "{root}/../outside/secret.json", "file://{root}/%2e%2e/outside/secret.json",
    "{root}/below/../below/rows.json", "{root}2/rows.json", "{root}/folder/secret.json",
    "file://{root}/a\0b", "file://host{root}/below/rows.json",
]  # fmt: skip
URLS = ["ftp://h/x", "http://h/x", "https://u:p@h/x", "s3://b/x", "memory://x", "data://x",
        "FILE+x://y", "github://a:b@c/x", "zip://x::file:///etc/passwd"]  # fmt: skip


@pytest.mark.parametrize("named", INSIDE)
def test_a_file_below_the_root_is_read_by_whichever_name(root: Path, named: str) -> None:
    with batch_root_of(str(root), Path("/")).file(named.format(root=root)).opened() as file:
        assert file.read() == b"{}\n"


@pytest.mark.parametrize("named", [*OUTSIDE, *URLS])
def test_what_is_not_below_it_is_refused_before_it_is_opened(root: Path, named: str) -> None:
    with pytest.raises(SettingsError, match="A BATCH names") as caught:
        batch_root_of(str(root), Path("/")).file(named.format(root=root))
    assert "batch_root" in str(caught.value)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("named", ["link.json", "pipe.json", "below", "none.json", "below/none"])
def test_links_pipes_and_folders_are_not_opened(root: Path, named: str) -> None:
    opened = batch_root_of(None, root).file(str(root / named)).opened()
    with pytest.raises(OSError, match=r"behind a link|no plain file|No such file|Is a directory"):
        opened.__enter__()


def test_a_root_that_is_a_link_itself_is_its_user_s_word(root: Path, tmp_path: Path) -> None:
    (tmp_path / "to root").symlink_to(root)
    for named in (tmp_path / "to root" / "below" / "rows.json", root / "below" / "rows.json"):
        with batch_root_of(str(tmp_path / "to root"), root).file(str(named)).opened() as file:
            assert file.read() == b"{}\n"


@pytest.mark.parametrize("working", ["/", str(Path.home())])
def test_a_working_folder_that_holds_everything_is_no_root_by_default(working: str) -> None:
    with pytest.raises(SettingsError, match=f"{working}, is too much to read files from"):
        batch_root_of(None, Path(working))
    batch_root_of(working, Path(working)).file(str(Path(working, "rows.json")))


@pytest.mark.parametrize("given", ["ftp://h/x", "https://h/x", "memory://x", "x::s3://b"])
def test_a_root_of_another_kind_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="from which no files are read"):
        batch_root_of(given, Path("/"))


@pytest.mark.parametrize("below", ["rows.json", "a/b/rows-1.json.gz"])
def test_an_object_store_is_a_root_for_what_is_below_it(below: str) -> None:
    root = batch_root_of("s3://bucket/folder/", Path("/"))
    assert isinstance(root, Store)
    assert root.file(f"s3://bucket/folder/{below}")


@pytest.mark.parametrize(
    "named",
    ["s3://bucket/folder2/x", "s3://bucket/folder/../x", "s3://bucket/folder/%2e%2e/x",
     "s3://other/folder/x", "/folder/x", "s3://bucket/folder", "s3://bucket/folder/",
     "s3://bucket/folder/x?versionId=1", "s3://bucket/folder/x::file:///etc/passwd"],
)  # fmt: skip
def test_what_is_not_below_a_store_is_refused(named: str) -> None:
    with pytest.raises(SettingsError, match="not below batch_root"):
        Store("s3://bucket/folder").file(named)


def grown(action: str, file: io.BytesIO, compression: str | None = "gzip") -> int:
    """Megabytes by which the memory grows at most while a file is read that must be refused."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=action):
        list(rows_of(file, BaseBatchFileEncoding("jsonl", compression)))
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10


def test_a_small_file_that_was_packed_from_a_line_without_end_takes_bounded_memory() -> None:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        for _ in range(10):
            file.write(b"0" * (MOST_BYTES // 5))
    assert len(packed.getvalue()) < 2 << 20
    packed.seek(0)
    assert grown("line 1 has more than 100 MB", packed) < 3 * (MOST_BYTES >> 20)


def test_an_input_line_without_end_is_an_error_with_its_number() -> None:
    line = b'{"type": "STATE", "value": 1}\n'
    lines = iter(Lines(io.BytesIO(line + line + b"x" * (MOST_BYTES + 2)), lambda: False))
    assert [next(lines), next(lines)] == [line.rstrip(), line.rstrip()]
    with pytest.raises(SettingsError, match="Line 3 of the input has more than 100 MB"):
        next(lines)
