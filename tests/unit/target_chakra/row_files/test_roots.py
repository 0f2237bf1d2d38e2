"""What a row may name lies below the root, however it is spelled, wherever links lead."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import fsspec  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import NotSent, SettingsError
from target_chakra.row_files.roots import FolderRoot, StoreRoot, file_root_of
from target_chakra.row_files.row_file import RowFile, UnfitFile, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST = 1000
STEPS = st.sampled_from(["..", ".", "", "in", "out", "up", "a.png", "deep", "%2e%2e", "/", "root"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder beside a secret; in it files, and links that lead within and out of it."""
    place = tmp_path_factory.mktemp("world")
    (place / "a.png").write_bytes(b"secret")
    (place / "root2").mkdir()
    (place / "root2" / "a.png").write_bytes(b"secret")
    root = place / "root"
    (root / "deep").mkdir(parents=True)
    for path in (root / "a.png", root / "deep" / "a.png"):
        path.write_bytes(b"allowed")
    (root / "in").symlink_to(root / "deep")
    (root / "out").symlink_to(place)
    (root / "up").symlink_to("..")
    os.mkfifo(root / "pipe")
    return place


def read(root: Any, named: str) -> RowFile | UnfitFile:
    found = root.find(named)
    return found if isinstance(found, UnfitFile) else read_file(found, MOST)


@given(steps=st.lists(STEPS, max_size=6), absolute=st.booleans())
def test_no_spelling_of_a_path_reads_what_is_outside(
    world: Path, steps: list[str], *, absolute: bool
) -> None:
    root = file_root_of(str(world / "root"), "m")
    named = "/".join(steps)
    found = read(root, str(world / "root" / named) if absolute else named)
    if isinstance(found, RowFile):
        with found.open() as file:
            assert file.read() == b"allowed"


def test_a_link_that_is_put_in_the_way_after_the_look_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "deep").mkdir(parents=True)
    (root / "deep" / "a.png").write_bytes(b"allowed")
    (tmp_path / "a.png").write_bytes(b"secret")
    found = FolderRoot(root).find("deep/a.png")
    assert not isinstance(found, UnfitFile)
    (root / "deep" / "a.png").unlink()
    (root / "deep" / "a.png").symlink_to(tmp_path / "a.png")
    assert isinstance(read_file(found, MOST), UnfitFile)
    (root / "deep" / "a.png").unlink()
    (root / "deep").rmdir()
    (root / "deep").symlink_to(tmp_path)
    assert isinstance(read_file(found, MOST), UnfitFile)


@pytest.mark.parametrize("named", ["pipe", "deep", "no.png", "deep/no/a.png", "a\0b", "x" * 9999])
def test_what_is_no_file_is_told(world: Path, named: str) -> None:
    assert isinstance(read(file_root_of(str(world / "root"), "m"), named), UnfitFile)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("/", "all files of this machine"),
        ("no/such/folder", "is no folder"),
        ("https://example.com/files", "from which no files are read"),
        ("data://x", "from which no files are read"),
        ("simplecache::s3://b/f", "from which no files are read"),
        ("s3://user:secret@b/f", "may be a secret"),
        ("nosuch://b/f", "can't be reached"),
    ],
)
def test_a_root_that_bounds_nothing_or_is_none_is_refused(given: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        file_root_of(given, "mapping 1")
    assert said in refused.value.cause
    assert "user:secret" not in str(refused.value)


@pytest.fixture
def store() -> Iterator[StoreRoot]:
    """A store, with files below the root and beside it."""
    files = fsspec.filesystem("memory")
    for path in ("/bucket/pics/a.png", "/bucket/pics/deep/a b.png"):
        files.pipe_file(path, b"allowed")
    for path in ("/bucket/a.png", "/a.png", "/bucket/pics2/a.png"):
        files.pipe_file(path, b"secret")
    yield StoreRoot(files, "/bucket/pics", "s3://bucket/pics")
    files.store.clear()


@pytest.mark.parametrize(
    ("named", "allowed"),
    [
        ("a.png", True),
        ("deep/a b.png", True),
        ("s3://bucket/pics/a.png", True),
        ("s3://bucket/pics2/a.png", False),
        ("s3://bucket/pics/../a.png", False),
        ("../a.png", False),
        ("%2e%2e/a.png", False),
        ("deep/%2E%2E/%2E%2E/a.png", False),
        ("/a.png", False),
        ("file:///etc/passwd", False),
        ("memory://bucket/a.png", False),
        ("a.png::memory://bucket/a.png", False),
        ("a.png?x", False),
        ("none.png", False),
        ("deep", False),
    ],
)
def test_names_below_a_url(store: StoreRoot, named: str, *, allowed: bool) -> None:
    found = read(store, named)
    assert isinstance(found, RowFile) == allowed
    if isinstance(found, RowFile):
        assert found.open().read() == b"allowed"


@given(st.lists(STEPS, max_size=6))
def test_no_spelling_of_a_name_reads_what_is_beside_a_url(steps: list[str]) -> None:
    asked: list[str] = []

    def opened(path: str, _mode: str) -> None:
        asked.append(path)
        raise FileNotFoundError

    read(StoreRoot(SimpleNamespace(open=opened), "/b/pics", "s3://b/pics"), "/".join(steps))
    assert [path for path in asked if os.path.normpath(path) != path] == []
    assert all(path.startswith("/b/pics/") for path in asked)


def test_a_store_that_is_not_reached_stops_the_run_and_keeps_its_words() -> None:
    def opened(_path: str, _mode: str) -> None:
        raise RuntimeError("https://b.example.com/?signature=secret")

    with pytest.raises(NotSent) as stopped:
        read(StoreRoot(SimpleNamespace(open=opened), "/b", "s3://b"), "a.png")
    assert "secret" not in str(stopped.value)
