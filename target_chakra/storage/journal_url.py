"""A journal's URL: what it may say, and how it is shown to people, its secrets left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from chakra_api.errors import SettingsError
from chakra_api.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN: Final = "***"
_SECRET: Final = re.compile(r"pass|secret|token", re.IGNORECASE)
"""What the name of a part of a query has that nobody is to read."""
_AS: Final = (
    "Write it as sqlite:///path/journal.db or postgresql://user:password@host/database, with what"
    " is special in a name or password percent-encoded (@ as %40, : as %3A, / as %2F)"
)
_DRIVERS: Final = {
    "sqlite": ("sqlite", "sqlite+pysqlite"),
    "postgresql": ("postgresql", "postgresql+psycopg", "postgresql+psycopg2"),
}
ANOTHER_JOURNAL: Final = "messages, tasks and rows without a key would be sent again"
"""What a run with another journal does, for next steps: who is tempted to take one reads it."""
_OF_SQLITE: Final = frozenset({"timeout", "cached_statements"})
"""What may stand behind the ? of a file; what would make another file of it may not."""


def parse_url(text: str) -> sa.URL:
    """The URL of a journal, checked as far as it can be without a database.

    Raises:
        SettingsError: It is none, or names no database that the journal works on.
    """
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (sa.exc.ArgumentError, ValueError, TypeError):
        raise SettingsError("The setting journal is not an SQLAlchemy URL", _AS) from None
    if "@" in str(url.host or ""):
        # The rest of a password that was not encoded, which no message may show.
        raise SettingsError("The setting journal is not an SQLAlchemy URL", _AS)
    if backend not in _DRIVERS:
        raise SettingsError(
            f"The journal can't be kept in {backend}", "Use a sqlite:/// or a postgresql:// URL"
        )
    if url.drivername not in _DRIVERS[backend]:
        raise SettingsError(
            f"The setting journal names the driver {url.drivername}, which does not fit",
            f"Write {' or '.join(f'{each}://' for each in _DRIVERS[backend][:2])}",
        )
    if backend == "sqlite":
        _check_file(url)
    return url


def _check_file(url: sa.URL) -> None:
    if not url.database or url.database == ":memory:" or url.host:
        raise SettingsError(
            "The setting journal names no file", "Write it as sqlite:///path/journal.db"
        )
    if "\0" in url.database:
        raise SettingsError("The setting journal holds a NUL", "Take it out of the path")
    if odd := sorted(set(url.query) - _OF_SQLITE):
        raise SettingsError(
            f"The setting journal says {odd[0]!r} behind a file, which does not fit",
            "Write it as sqlite:///path/journal.db",
        )


def shown(url: sa.URL) -> str:
    """A URL for a message."""
    query = {name: HIDDEN if _SECRET.search(name) else at for name, at in url.query.items()}
    return url.set(query=query).render_as_string().replace(quote_plus(HIDDEN), HIDDEN)


def masked(text: str, url: sa.URL) -> str:
    """A text of a driver's without the secrets of a URL, however it has spelt them."""
    for secret in sorted(filter(None, _secrets(url)), key=len, reverse=True):
        text = Secret(secret).redact(text)
    return text


def _secrets(url: sa.URL) -> Iterator[str]:
    yield str(url.password or "")
    for name, held in url.query.items():
        if _SECRET.search(name):
            yield from (held,) if isinstance(held, str) else held
