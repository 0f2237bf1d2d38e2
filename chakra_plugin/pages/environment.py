"""Makes the HTML of a page: all of it in one text, with nothing to fetch.

The page's own policy names the hashes of its one style and its one script. So nothing else is run
or fetched, whatever a value of a row holds; values are escaped besides, and what is not seen in
them is shown as its escape.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chakra_api.printable import printable
from chakra_plugin.pages import drawing
from chakra_plugin.pages.parts import SHOWN

if TYPE_CHECKING:
    from jinja2 import Environment

    from chakra_plugin.pages.parts import Page, SearchTable

FOLDER: Final = Path(__file__).parent / "templates"
MARK: Final = "<!doctype html><!-- chakra-connectors page -->"
"""How a page of ours begins."""


def render(page: Page) -> str:
    """The HTML of a page."""
    style, script = ((FOLDER / name).read_text() for name in ("page.css", "page.js"))
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            mark=MARK,
            policy=_policy(style, script),
            style=style,
            script=script,
        )
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - where used

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.filters["json_rows"] = json_rows
    made.globals.update(drawing=drawing, shown=SHOWN)
    return made


def _shown(value: object) -> object:
    """A value as a person may read it: a text of a row holds nothing that is not seen."""
    if type(value) is str:
        return printable(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return "" if value is None else value


def json_rows(table: SearchTable) -> str:
    """The rows of a search table as JSON that ends no element."""
    rows = [[printable(c) if isinstance(c, str) else c for c in row] for row in table.rows]
    text = json.dumps(rows, separators=(",", ":"))
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _policy(style: str, script: str) -> str:
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:;"
        f" style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
