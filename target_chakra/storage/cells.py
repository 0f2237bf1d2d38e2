"""Texts as the cells of a database hold them, whatever is in them."""

from __future__ import annotations

import json
from typing import Final

import sqlalchemy as sa

MARK: Final = "\ue000"
"""A private character before the JSON of a text; a text that begins with it is stored so, too."""


def encoded(text: str) -> str:
    """A text as a cell holds it."""
    if text.isascii() and "\0" not in text:
        return text  # nearly all
    if "\0" in text or text.startswith(MARK) or not _has_utf8(text):
        return MARK + json.dumps(text)
    return text


def decoded(cell: str) -> str:
    """The text of a cell."""
    return str(json.loads(cell[len(MARK) :])) if cell.startswith(MARK) else cell


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class CellText(sa.types.TypeDecorator[str]):
    """A column of texts, whatever is in them.

    PostgreSQL stores no U+0000, and neither database half an emoji (a lone surrogate). Such a text
    is stored as its JSON behind a mark, and read back as it was.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """A text on its way into the journal."""
        return None if value is None else encoded(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """A text that comes out of it."""
        return None if value is None else decoded(value)
