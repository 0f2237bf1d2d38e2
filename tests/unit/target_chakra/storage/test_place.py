"""The default place of a journal: one for each environment, and none that is silently left."""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from chakra_api.folder_names import folder_name
from target_chakra.storage.engines import open_engine
from target_chakra.storage.place import default_journal, passed_over

if TYPE_CHECKING:
    from collections.abc import Iterator

ODD = [
    "Prod",
    "prod ",
    "a/b",
    "..",
    ".",
    "default",
    "con:1",
    "x" * 300,
    "mañana",
    "prod~1",
    "\ud800",
]


@pytest.fixture(autouse=True, scope="module")
def _in_an_empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A checkout may hold the journal of whoever tried the target in it."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("empty"))
    yield
    os.chdir(before)


@pytest.mark.parametrize("name", ["dev", "prod", "staging-2", "my_env"])
def test_a_plain_environment_is_its_folder(name: str) -> None:
    assert folder_name(name) == name


def test_no_environment_has_a_folder_of_its_own() -> None:
    assert folder_name("") == "default"


@given(st.sets(st.one_of(st.text(min_size=1), st.sampled_from(ODD)), min_size=2, max_size=6))
def test_no_two_environments_share_a_folder_on_any_file_system(names: set[str]) -> None:
    folders = [folder_name(name) for name in {*names, ""}]
    assert len({folder.casefold() for folder in folders}) == len(folders)
    for folder in folders:
        assert Path(folder).name == folder
        assert len(folder) <= 64
        assert folder.isascii()


def test_outside_of_meltano_it_is_where_it_was() -> None:
    assert default_journal(None, "") == "sqlite:///.target-chakra/journal.db"


def test_under_meltano_it_is_the_project_s_and_the_environment_s(tmp_path: Path) -> None:
    assert default_journal(tmp_path, "dev") == f"sqlite:///{tmp_path}/.target-chakra/dev/journal.db"


@pytest.mark.parametrize("where", ["project", "working folder"])
def test_an_old_one_is_used_until_it_is_moved_by_the_command_that_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    project, working = tmp_path / "my project", tmp_path / "elsewhere"
    old = (project if where == "project" else working) / ".target-chakra" / "journal.db"
    for path in (project, working, old.parent):
        path.mkdir(exist_ok=True)
    for suffix in ("", "-wal", ".lock"):
        Path(f"{old}{suffix}").write_text(suffix)
    with caplog.at_level(logging.WARNING):
        assert default_journal(project, "dev", working) == f"sqlite:///{old}"
    (told,) = caplog.messages
    command = told.partition(", with: ")[2]
    subprocess.run(["sh", "-c", command], check=True)
    caplog.clear()
    new = project / ".target-chakra" / "dev"
    assert default_journal(project, "dev", working) == f"sqlite:///{new}/journal.db"
    assert caplog.messages == []
    moved = {path.name for path in new.iterdir()}
    assert moved == {"journal.db", "journal.db-wal", "journal.db.lock"}


POSTGRES = "postgresql://somebody:secret@host/database"


@pytest.mark.parametrize("project", [None, "dev", ""])
def test_a_journal_at_the_default_place_is_passed_over_by_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    around = (None if project is None else tmp_path / "project", project or "")
    default = default_journal(*around)
    file = Path(default.removeprefix("sqlite:///"))
    assert passed_over(POSTGRES, *around) is None
    open_engine(default).dispose()
    (tmp_path / "link.db").symlink_to(file.absolute())
    for same in (default, f"sqlite:///{file.absolute()}", "sqlite:///link.db"):
        assert passed_over(same, *around) is None
    for other in (POSTGRES, "sqlite:///other.db", f"sqlite:///{tmp_path}/new/journal.db"):
        assert passed_over(other, *around) == file.absolute()


@pytest.mark.parametrize("where", ["project", "."])
def test_one_at_an_old_default_place_is_passed_over_too(tmp_path: Path, where: str) -> None:
    old = tmp_path / where / ".target-chakra" / "journal.db"
    open_engine(f"sqlite:///{old}").dispose()
    assert passed_over(POSTGRES, tmp_path / "project", "dev", tmp_path) == old


def test_a_project_that_no_url_can_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be written as a URL"):
        default_journal(tmp_path / "really?", "dev")


@pytest.mark.parametrize("before", ["", ".target-chakra"])
def test_the_folder_that_is_made_is_ignored_by_git(tmp_path: Path, before: str) -> None:
    (tmp_path / before).mkdir(exist_ok=True)
    open_engine(default_journal(tmp_path, "dev")).dispose()
    place = tmp_path / ".target-chakra" / ("dev" if before else "")
    assert [path.parent for path in tmp_path.rglob(".gitignore")] == [place]
    assert (place / ".gitignore").read_text() == "*\n"


def test_a_folder_that_the_user_names_is_left_alone(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/data/here/journal.db").dispose()
    assert list(tmp_path.rglob(".gitignore")) == []
