"""What a database or a file says when it fails, in one line and without a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from chakra_api.redaction import Secret, mask_url, secrets_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_POINTS_INTO: Final = re.compile(r"^(LINE \d+:|\s|\^|\(Background on this error|\[SQL:)")
"""Lines of a message that draw where in the SQL the fault is."""
_MOST: Final = 400
"""Characters of a message that are shown."""


class Secrets:
    """The secrets of a source's URL, which no message may hold.

    Args:
        url: As the user wrote it.
    """

    def __init__(self, url: str) -> None:
        self._secrets = [Secret(each) for each in secrets_within(url)]

    def masked(self, text: str) -> str:
        """A text without them, however they are spelt."""
        for secret in self._secrets:
            text = secret.redact(text)
        return text

    def said(self, error: BaseException) -> str:
        """What an error says, in one line."""
        lines = str(getattr(error, "orig", None) or error).splitlines()
        kept = [line.strip() for line in lines if line and not _POINTS_INTO.match(line)]
        text = self.masked(" ".join(kept) or type(error).__name__).rstrip(".")
        return text if len(text) <= _MOST else f"{text[: _MOST - 3]}..."

    def __iter__(self) -> Iterator[Secret]:
        return iter(self._secrets)


def called(url: str) -> str:
    """A source as messages name it."""
    return mask_url(url) if "://" in url else url


def not_read(source: str, said: str) -> SettingsError:
    """A source that fails at its beginning."""
    return SettingsError(
        f"The source {source} can't be read: {said}", "Correct that and run it again"
    )


def broken_off(source: str, said: str) -> SettingsError:
    """A source that fails while its rows come."""
    return SettingsError(
        f"The source {source} can't be read any further: {said}",
        "Correct that and run it again; what became of the rows before it is on record",
    )


def no_such(what: str, name: str, source: str, names: Iterable[str]) -> SettingsError:
    """A table or column that is not there."""
    there = list(names)
    listed = ", ".join(there[:20]) + (", ..." if len(there) > 20 else "")  # noqa: PLR2004
    step = f"{did_you_mean(name, there)}There are: {listed}" if there else "See what it holds"
    return SettingsError(f"There is no {what} '{name}' in {source}", step)


def refuse_twins(names: Iterable[str], source: str) -> None:
    """Refuse what has two columns of one name.

    Raises:
        SettingsError: It has.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SettingsError(
                f"What is read of {source} has two columns named '{name}'",
                "Give one another name in the SQL: SELECT ... AS ...",
            )
        seen.add(name)
