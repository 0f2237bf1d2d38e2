"""Pages: whatever a value holds, it is text; nothing is fetched, nothing else is run."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from chakra_plugin.pages.drawing import SMALLEST, marks_of, nice_top, spans_of, top_of
from chakra_plugin.pages.environment import render
from chakra_plugin.pages.page_file import write_page
from chakra_plugin.pages.parts import (
    Bars,
    Column,
    Fact,
    Facts,
    Page,
    Said,
    SearchTable,
    Section,
    Series,
    Span,
    Strip,
    Strips,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e<!--"
SEEN = HOSTILE.replace("\u202e", "\\u202e")
NAMED = {"html", "head", "meta", "title", "link", "style", "body", "a", "header", "h1", "h2", "p"}
NAMED |= {"nav", "ul", "li", "main", "section", "dl", "div", "dt", "dd", "small", "table", "tbody"}
NAMED |= {"caption", "thead", "tr", "th", "td", "details", "summary", "form", "label", "input"}
NAMED |= {"select", "option", "output", "button", "svg", "rect", "figure", "figcaption", "span"}
NAMED |= {"footer", "script"}


class Read(HTMLParser):
    """What a reader of HTML sees: elements with their attributes, and each element's text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.elements[-1][0] if self.elements else "", data))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def page(text: str, rows: Sequence[Sequence[str | int | None]] = ()) -> Page:
    """A page of each part, with a text wherever a text goes."""
    parts = (
        Said(text),
        Facts((Fact(text, text, note=text),)),
        Table(text, (Column(text), Column("n", is_number=True)), ((text, 12345),)),
        SearchTable(text, (Column(text, choose=True), Column("n", is_number=True)), rows, text),
        Bars(text, (text,), (Series(text, (1,)),), text),
        Strips(text, (Strip(text, (Span(0, 1, text),)),), (text, text), ((1, text),)),
    )
    return Page(text, text, [Section(text, parts)] * 3, text)


def test_a_text_is_shown_as_it_is_wherever_it_goes() -> None:
    found = Read(render(page(HOSTILE, [(HOSTILE, 3)])))
    assert found.text_of("h1")[0] == SEEN
    assert SEEN in found.text_of("caption")
    assert {SEEN} <= {text.split(": ")[0] for text in found.text_of("title")}
    assert {name for name, _ in found.elements} <= NAMED
    assert not [name for _, each in found.elements for name in each if name.startswith("on")]
    assert "\u202e" not in render(page(HOSTILE, [(HOSTILE, 3)]))


def test_two_kinds_of_script_are_in_a_page_and_one_of_them_runs() -> None:
    found = Read(render(page("x", [(HOSTILE, 3), (None, 4)])))
    run = [each for each in found.of("script") if each.get("type") != "application/json"]
    assert len(run) == 1
    rows = [json.loads(text) for text in found.text_of("script") if text.startswith("[[")]
    assert rows == [[[SEEN, 3], [None, 4]]] * 3


def test_the_policy_lets_the_page_fetch_nothing_and_names_its_style_and_its_script() -> None:
    html = render(page("x"))
    (policy,) = [
        each["content"] or ""
        for each in Read(html).of("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    assert not re.findall(
        r"(?:https?:)?//[\w.]", re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    )
    assert " style=" not in html


def test_a_search_table_reads_without_its_script() -> None:
    rows = [(f"key {number}", number) for number in range(1000)]
    html = render(page("x", rows))
    assert html.count('<th scope="row">key 99</th>') == 3
    assert '<th scope="row">key 100</th>' not in html
    assert "The first 100 of 1,000 rows." in html


def test_what_is_drawn_has_a_name_and_a_table_names_its_rows_and_columns() -> None:
    found = Read(render(page("x", [("a", 1)])))
    for each in found.of("svg"):
        assert each.get("aria-label") or each.get("aria-hidden") == "true"
    assert all(each.get("scope") in ("row", "col") for each in found.of("th"))
    assert len(found.text_of("caption")) >= len(found.of("table"))
    ids = [each["id"] for _, each in found.elements if "id" in each]
    assert len(ids) == len(set(ids))
    linked = [(each["href"] or "")[1:] for each in found.of("a")]
    assert set(linked) <= set(ids)


@given(st.text())
def test_any_text_makes_a_page(text: str) -> None:
    found = Read(render(page(text, [(text, 1)])))
    assert {name for name, _ in found.elements} <= NAMED


@given(st.floats(0, 1e15))
def test_an_axis_ends_at_a_round_number_that_no_bar_passes(largest: float) -> None:
    top = nice_top(largest)
    assert top >= largest
    assert top in (1, SMALLEST) or top <= largest * 2.5


@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1e9)), min_size=1, max_size=50))
def test_bars_lie_in_their_plot_one_upon_the_other(values: list[tuple[float, float]]) -> None:
    first, second = zip(*values, strict=True)
    bars = Bars(
        "x", [str(n) for n in range(len(values))], (Series("a", first), Series("b", second))
    )
    for mark in marks_of(bars):
        assert -1 <= mark.y <= 100
        assert mark.width > 0
        assert 0 <= mark.x <= mark.x + mark.width <= 1000.01
    assert sum(m.height for m in marks_of(bars)) >= 99 * sum(map(sum, values)) / top_of(bars)


@given(st.floats(-1, 2), st.floats(-1, 2))
def test_spans_lie_in_their_lane_and_are_seen(begin: float, end: float) -> None:
    for mark in spans_of(Strip("x", (Span(begin, end, "s"),))):
        assert mark.width >= 1.5
        assert 0 <= mark.x <= mark.x + mark.width <= 1000.01


def test_a_page_is_written_for_its_owner_alone_and_over_a_page_only(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    umask = os.umask(0)
    try:
        write_page(path, render(page("one")))
    finally:
        os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o600
    write_page(path, render(page("two")))
    assert Read(path.read_text()).text_of("h1")[0] == "two"
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("kind", ["text", "folder", "link", "pipe"])
def test_what_is_no_page_is_not_written_over(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "page.html"
    if kind == "text":
        path.write_text("<!doctype html><p>mine")
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        (tmp_path / "other").write_text(render(page("x")))
        path.symlink_to("other")
    else:
        os.mkfifo(path)
    before = sorted((each.name, each.lstat().st_mtime_ns) for each in tmp_path.iterdir())
    with pytest.raises(SettingsError, match="is no page that this command wrote"):
        write_page(path, render(page("two")))
    after = sorted((each.name, each.lstat().st_mtime_ns) for each in tmp_path.iterdir())
    assert after == before


@pytest.mark.parametrize("name", ["missing/page.html", "a\0b.html"])
def test_a_page_that_can_not_be_written_is_refused_in_words(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="can't be written"):
        write_page(tmp_path / name, render(page("x")))
