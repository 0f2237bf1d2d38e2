"""A journal of an earlier version is kept as a copy before it is changed."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.journal.journal import Journal
from target_chakra.storage import sqlite_file
from tests.support.old_journals import write_journal_of_030

if TYPE_CHECKING:
    from pathlib import Path


def test_a_migration_keeps_a_copy_of_the_journal_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, kept = tmp_path / "j.db", tmp_path / "j.db.v3"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        write_journal_of_030(connection)
    engine.dispose()
    with closing(sqlite3.connect(path)) as before:
        held = list(before.iterdump())
    lock = sqlite3.connect(f"{path}.lock", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")  # as a run of the earlier version does
    with pytest.raises(JournalError, match="has version 3, and a run holds it"):
        Journal(f"sqlite:///{path}")
    assert not kept.exists()
    lock.close()
    with caplog.at_level("INFO"):
        Journal(f"sqlite:///{path}").close()
    assert f"kept in '{kept}'" in caplog.text
    with closing(sqlite3.connect(kept)) as copy:
        assert list(copy.iterdump()) == held
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    Journal(f"sqlite:///{path}").close()  # it has this version now
    shutil.copy(kept, path)
    Journal(f"sqlite:///{path}").close()
    names = {each.name for each in tmp_path.iterdir()}
    assert names == {"j.db", "j.db.lock", "j.db.v3", "j.db.v3.2"}


def test_a_journal_that_there_is_no_room_to_copy_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "j.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        write_journal_of_030(connection)
    engine.dispose()
    (tmp_path / "j.db.v3.part").symlink_to("/dev/full")  # what an attempt left; never written to
    make_file = sqlite_file.make_file

    def full(path: Path) -> bool:
        if path.suffix == ".part":
            raise OSError(28, "No space left on device")
        return make_file(path)

    monkeypatch.setattr(sqlite_file, "make_file", full)
    with pytest.raises(JournalError, match=r"can't be copied .*: No space left on device"):
        Journal(f"sqlite:///{path}")
    monkeypatch.undo()
    assert {each.name for each in tmp_path.iterdir()} == {"j.db", "j.db.lock"}
    with closing(sqlite3.connect(path)) as left:
        assert left.execute("SELECT number FROM version").fetchall() == [(3,)]
