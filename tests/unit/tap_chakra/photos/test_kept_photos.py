"""Files of photos: whole or not there, by names that are safe, in a folder and behind a URL."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.endpoints.photos import FetchedPhoto
from chakra_api.errors import OutputFault, SettingsError
from tap_chakra import whole_files
from tap_chakra.photos.kept_photos import KeptPhotos, file_name
from tap_chakra.photos.places import FolderPlace, Place, UrlPlace, place_of
from tap_chakra.photos.settings import PhotoSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = "2026-01-31T09:00:00.000Z"
ID = "51c2d3e4-f5a6-4b7c-8d9e-000000000001"
PHOTO = FetchedPhoto(b"\x89PNG\r\n", "image/png", {})


@pytest.fixture(params=["folder", "URL"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "folder":
        yield FolderPlace(tmp_path / "deep" / "photos")
        return
    files = MemoryFileSystem()
    root = f"/{tmp_path.name}"
    yield UrlPlace(files, root, f"s3://bucket{root}")
    if files.exists(root):
        files.rm(root, recursive=True)


def test_a_photo_is_kept_with_what_it_is(place: Place) -> None:
    photos = KeptPhotos(place)
    assert photos.held(ID) is None
    kept = photos.keep(ID, PHOTO, AT)
    assert (kept.size, kept.content_type, kept.fetched_at) == (6, "image/png", AT)
    assert kept.sha256 == hashlib.sha256(PHOTO.body).hexdigest()
    assert place.read(ID) == PHOTO.body
    assert KeptPhotos(place).held(ID) == kept
    assert kept.path.endswith(f"/{ID}")


@pytest.mark.parametrize("left", [b"", b"\x89PNG", b"\x89PNG\r\n and more"])
def test_a_file_that_is_not_as_its_note_says_is_not_there(place: Place, left: bytes) -> None:
    photos = KeptPhotos(place)
    photos.keep(ID, PHOTO, AT)
    place.write(ID, left)
    assert photos.held(ID) is None
    assert photos.keep(ID, PHOTO, AT) == photos.held(ID)


@pytest.mark.parametrize(
    "note",
    ["", "{", "[]", "5", "{}", '{"size": "6", "sha256": "", "content_type": "", "fetched_at": ""}'],
)
def test_a_file_without_a_note_of_ours_is_not_there(place: Place, note: str) -> None:
    photos = KeptPhotos(place)
    photos.keep(ID, PHOTO, AT)
    place.write(f"notes/{ID}.json", note.encode())
    assert photos.held(ID) is None


def test_a_note_says_which_photo_it_is_of_and_not_where(place: Place) -> None:
    KeptPhotos(place).keep("../Odd", PHOTO, AT)
    note = json.loads(place.read(f"notes/{file_name('../Odd')}.json") or b"")
    assert note["id"] == "../Odd"
    assert "path" not in note


@given(st.text(), st.text())
def test_each_id_has_a_name_of_its_own_that_stays_in_the_folder(one: str, other: str) -> None:
    name = file_name(one)
    assert (Path("photos") / name).parent == Path("photos")
    assert name == name.lower()
    assert name.isascii()
    assert not name.startswith(".")
    assert name != "notes"
    assert (name == file_name(other)) == (one == other)


@pytest.mark.parametrize("odd", ["", ".", "..", "../x", "/etc/x", "A", "a/b", "notes", "x" * 500])
def test_an_id_that_could_be_no_name_is_hashed(odd: str) -> None:
    assert file_name(odd) == f"sha256-{hashlib.sha256(odd.encode()).hexdigest()}"


def test_what_a_killed_run_left_beside_a_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / f".{ID}.part").write_bytes(b"half")
    KeptPhotos(FolderPlace(tmp_path)).keep(ID, PHOTO, AT)
    assert {each.name for each in tmp_path.iterdir()} == {ID, "notes"}


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"photos\.to"):
        KeptPhotos(FolderPlace(tmp_path / "file")).keep(ID, PHOTO, AT)


def test_a_disk_that_is_full_leaves_no_photo_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    photos = KeptPhotos(FolderPlace(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(whole_files.os, "fsync", full)
        with pytest.raises(OutputFault, match=r"No space left on device\. Make room there"):
            photos.keep(ID, PHOTO, AT)
    assert list(tmp_path.iterdir()) == []
    assert photos.held(ID) is None


class Broken:
    """A file system whose server answers nothing."""

    def __getattr__(self, name: str) -> Any:
        def fails(*_: Any, **__: Any) -> Any:
            raise ConnectionError("nobody is there")

        return fails


def test_a_store_that_does_not_answer_is_told() -> None:
    photos = KeptPhotos(UrlPlace(Broken(), "bucket", "s3://bucket"))
    with pytest.raises(SettingsError, match=r"'s3://bucket/notes/.*nobody is there"):
        photos.held(ID)
    with pytest.raises(SettingsError, match="nobody is there"):
        photos.keep(ID, PHOTO, AT)


def test_a_folder_and_a_url_are_told_apart(tmp_path: Path) -> None:
    assert isinstance(place_of(PhotoSettings(str(tmp_path))), FolderPlace)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fsspec.core.url_to_fs", lambda _: (MemoryFileSystem(), "/photos"))
        place = place_of(PhotoSettings("s3://bucket/photos/"))
    assert place.path("x") == "s3://bucket/photos/x"
