"""A journal's URL that does not fit is an error of its setting, and its secrets stay its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import JournalError, SettingsError
from target_chakra.journal.journal import Journal
from target_chakra.storage.journal_url import masked, parse_url, shown

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2/@ß"  # noqa: S105 - of nobody
SPELT = "hunter2%2F%40%C3%9F"


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ("", "not an SQLAlchemy URL"),
        ("journal.db", "not an SQLAlchemy URL"),
        (f"postgresql://u:{SPELT}@h:port/db", "not an SQLAlchemy URL"),
        ("postgresql://u:@hunter2@h/db", "not an SQLAlchemy URL"),
        (f"postgresql://u:{SPELT}@[::1/db", "not an SQLAlchemy URL"),
        (f"postgresql://h/db?password={SPELT}&port=abc", "does not fit"),
        (f"postgresql://h/db?passwort={SPELT}", "does not fit: invalid connection option"),
        (f"postgresql+asyncpg://u:{SPELT}@h/db", "the driver"),
        (f"postgresql+nope://u:{SPELT}@h/db", "the driver"),
        (f"postgres://u:{SPELT}@h/db", "can't be kept in postgres"),
        (f"mysql://u:{SPELT}@h/db", "can't be kept in mysql"),
        ("sqlite+pysqlcipher:///j.db", "the driver"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite://host/j.db", "names no file"),
        ("sqlite:///a\0b", "NUL"),
        ("sqlite:///j.db?timeout=abc", "does not fit"),
        ("sqlite:///file:j.db?mode=ro&uri=true", "does not fit"),
        (f"sqlite:///j.db?password={SPELT}", "'password' behind a file"),
    ],
)
def test_what_does_not_fit_is_said_of_the_setting(given: str, match: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=match) as told:
        Journal(given.replace("sqlite:///j.db", f"sqlite:///{tmp_path}/j.db"))
    said = str(told.value)
    assert "journal" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "given",
    [
        f"postgresql://u:{SPELT}@127.0.0.1:1/db",
        f"postgresql://127.0.0.1:1/db?user=u&password={SPELT}&sslpassword={SPELT}",
        f"postgresql+psycopg://u:p@127.0.0.1:1/db?password={SPELT}&connect_timeout=1",
    ],
)
def test_a_database_that_is_not_reached_is_told_without_its_password(given: str) -> None:
    with pytest.raises(JournalError) as told:
        Journal(given)
    said = str(told.value)
    assert "127.0.0.1" in said
    assert "***" in said
    assert not any(form in said for form in ("hunter2", "%2F%40", "p@127"))


def test_what_a_driver_says_is_masked_however_it_spells_it() -> None:
    url = parse_url(f"postgresql://u:{SPELT}@h/db?sslpassword=a+b&options=-csearch_path%3Dx")
    for form in (SECRET, SPELT, SPELT.lower(), "a b", "a+b", "a%20b"):
        assert masked(f"bad conninfo: {form} here", url) == "bad conninfo: *** here"
    assert shown(url).startswith("postgresql://u:***@h/db?")
    assert "sslpassword=***" in shown(url)
    assert "search_path" in shown(url)


def test_a_url_that_fits_is_taken(tmp_path: Path) -> None:
    for given in (f"sqlite:///{tmp_path}/j.db?timeout=3", f"sqlite+pysqlite:///{tmp_path}/j.db"):
        Journal(given).close()
    assert (tmp_path / "j.db").exists()
