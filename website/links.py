"""Looks at the pages that were built: each link leads somewhere, and nothing comes from elsewhere.

The builder checks links between documents. This reads what it made: links of its own, anchors of
headings, pictures, and what a page fetches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FETCHED: Final = {"img": "src", "script": "src", "link": "href", "source": "src", "iframe": "src"}
"""Elements that a page fetches, and the attribute that says from where."""
ONLY_TOLD: Final = {"canonical", "prev", "next", "edit", "alternate"}
"""Relations of a `link` that tell an address, and fetch nothing."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page links to.

    Attributes:
        anchors: Names that a link can lead to.
        links: Where its links lead.
        fetched: What it fetches.
    """

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self._page.anchors.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self._page.links.append(given["href"])
        address = given.get(FETCHED.get(tag, ""))
        if address and not ONLY_TOLD & set(given.get("rel", "").split()):
            self._page.fetched.append(address)


def read(path: Path) -> Page:
    """What a page links to.

    Args:
        path: Of its HTML.
    """
    page = Page()
    _Reader(page).feed(path.read_text())
    return page


def faults(folder: Path) -> Iterator[str]:
    """What is wrong with a site, in words; nothing for one that is whole.

    Args:
        folder: Of its HTML.
    """
    # What a server shows where nothing is knows no place of its own: its links are absolute.
    paths = [path for path in sorted(folder.rglob("*.html")) if path.name != "404.html"]
    read_ones = {path.resolve(): read(path) for path in paths}
    for path, page in read_ones.items():
        name = path.relative_to(folder.resolve()).as_posix()
        for link in page.fetched:
            if urlsplit(link).netloc:
                yield f"{name} fetches {link} from elsewhere"
        for link in (*page.links, *page.fetched):
            yield from _unmet(name, path, link, read_ones)


def _unmet(name: str, path: Path, link: str, read_ones: dict[Path, Page]) -> Iterator[str]:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.exists():
        yield f"{name}: {link} leads to no file"
    elif parts.fragment and target.suffix == ".html":
        anchors = read_ones[target].anchors if target in read_ones else set()
        if unquote(parts.fragment) not in anchors:
            yield f"{name}: {link} leads to no heading"
