"""Every page in a real browser: it fetches nothing, complains of nothing, fits, can be searched.

What is looked at is what the browser made of a page, by its own account.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.browser.devtools import Tab
from tests.browser.real_pages import ROWS
from tests.support.target_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.browser.devtools import Browser

NAMES = ("target", "rows", "dry", "tap", "search", "dashboard")
PHONE = 360
LEAST_CONTRAST = 4.5
"""WCAG 2.2, AA, of texts."""
CONTRAST = """
(() => {
  const parsed = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const c = parsed(getComputedStyle(at).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || e.closest("script, style, svg, option")) continue;
    if (!e.getClientRects().length) continue;
    const [a, b] = [light(parsed(getComputedStyle(e).color)), light(ground(e))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.tagName, e.className]);
  }
  return found.sort((a, b) => a[0] - b[0])[0];
})()
"""


@pytest.fixture
def opened(browser: Browser, pages: dict[str, Path]) -> Iterator[Callable[..., Tab]]:
    """Opens a page by name."""
    tabs: list[Tab] = []

    def open_page(name: str, **how: Any) -> Tab:
        tabs.append(Tab(browser, pages[name], **how))
        return tabs[-1]

    yield open_page
    for tab in tabs:
        tab.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fetches_nothing_and_complains_of_nothing(
    opened: Callable[..., Tab], name: str
) -> None:
    tab = opened(name)
    time.sleep(0.3)
    asked = {each["request"]["url"] for each in tab.said("Network.requestWillBeSent")}
    assert {url.split(":")[0] for url in asked} <= {"file", "data"}
    assert len([url for url in asked if url.startswith("file")]) == 1
    complaints = tab.said("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
    assert complaints == []


def test_a_script_that_a_page_is_given_does_not_run_and_nothing_is_fetched(
    opened: Callable[..., Tab],
) -> None:
    """The policy itself, past all escaping: what is put into the page by hand does nothing."""
    tab = opened("search")
    tab.value("""
        document.body.insertAdjacentHTML("beforeend",
          "<img src='http://127.0.0.1:9/x' onerror='window.ran = 1'><b style='color:red'>x</b>");
        const script = document.createElement("script");
        script.textContent = "window.ran = 2";
        document.body.append(script);
        fetch("http://127.0.0.1:9/y").catch(() => {});
    """)
    time.sleep(0.5)
    wait_until(lambda: tab.value("1") == 1 and bool(tab.said("Network.loadingFailed")))
    assert tab.value("window.ran") is None
    blocked = tab.said("Network.loadingFailed")
    assert {each.get("blockedReason") for each in blocked} == {"csp"}
    assert tab.value("getComputedStyle([...document.querySelectorAll('b')].pop()).color") != (
        "rgb(255, 0, 0)"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_a_telephone(opened: Callable[..., Tab], name: str) -> None:
    tab = opened(name, width=PHONE)
    assert tab.value("innerWidth") == PHONE
    assert tab.value("document.documentElement.scrollWidth") <= PHONE
    assert tab.value("parseFloat(getComputedStyle(document.querySelector('p')).fontSize)") >= 13


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["target", "tap", "search", "dashboard"])
def test_each_text_can_be_told_from_its_ground(
    opened: Callable[..., Tab], name: str, *, dark: bool
) -> None:
    tab = opened(name, dark=dark)
    ratio, *where = tab.value(CONTRAST)
    assert ratio >= LEAST_CONTRAST, where
    ground = tab.value("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") is not dark


@pytest.mark.parametrize("name", NAMES)
def test_a_page_prints(opened: Callable[..., Tab], name: str) -> None:
    tab = opened(name, dark=True)
    assert tab.printed().startswith(b"%PDF-")
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.value("document.querySelector('nav, .controls') === null"
                     " || getComputedStyle(document.querySelector('nav, .controls')).display"
                     " === 'none'")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_a_page_shows_has_a_name(opened: Callable[..., Tab], name: str) -> None:
    """By the browser's own tree for who does not see."""
    tab = opened(name)
    tab.call("Accessibility.enable")
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    named = {"image", "table", "region", "figure", "textbox", "searchbox", "combobox", "button"}
    nameless = [
        each["role"]["value"]
        for each in nodes
        if not each.get("ignored")
        and each["role"]["value"] in named | {"link", "heading"}
        and not each.get("name", {}).get("value")
    ]
    assert nameless == []
    headings = tab.value("[...document.querySelectorAll('h1,h2,h3')].map(e => e.tagName)")
    assert headings.count("H1") == 1
    assert headings[0] == "H1"


def shown(tab: Tab) -> list[list[str]]:
    rows: list[list[str]] = tab.value(
        "[...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
    )
    return rows


def typed(tab: Tab, text: str) -> None:
    tab.value("document.querySelector('input[type=search]').select()")
    tab.call("Input.insertText", text=text)


def test_a_table_is_searched_narrowed_sorted_and_shown_further(opened: Callable[..., Tab]) -> None:
    tab = opened("search")
    assert len(shown(tab)) == 100
    assert tab.value("document.querySelector('output').textContent") == f"{ROWS:,} of {ROWS:,} rows"
    tab.value("document.querySelector('input[type=search]').focus()")
    typed(tab, "KEY-0012 delete")
    found = shown(tab)
    assert {row[0] for row in found} == {"delete"}
    assert [row[1] for row in found] == ["key-00122", "key-00125", "key-00128"]
    typed(tab, "key-")
    tab.value("""
        const select = document.querySelectorAll("select")[1];
        select.value = "=<b>stage</b>";
        select.dispatchEvent(new Event("change"));
    """)
    assert {row[2] for row in shown(tab)} == {"<b>stage</b>"}
    tab.value("document.querySelector('.more').click()")
    assert len(shown(tab)) == 200
    tab.value("[...document.querySelectorAll('thead button')].pop().click()")
    lines = [int(row[4].replace(",", "")) for row in shown(tab)]
    assert lines == sorted(lines)
    tab.value("[...document.querySelectorAll('thead button')].pop().click()")
    lines = [int(row[4].replace(",", "")) for row in shown(tab)]
    assert lines == sorted(lines, reverse=True)
    assert tab.value("document.querySelector('[aria-sort]').getAttribute('aria-sort')") == (
        "descending"
    )
    typed(tab, "nothing has this")
    assert shown(tab) == []


def test_a_search_of_thousands_of_rows_is_over_before_the_next_key(
    opened: Callable[..., Tab],
) -> None:
    tab = opened("search")
    took = tab.value("""
        (() => {
          const input = document.querySelector("input[type=search]");
          const began = performance.now();
          input.value = "key-04";
          input.dispatchEvent(new Event("input"));
          return performance.now() - began;
        })()
    """)
    assert took < 500


def test_without_scripts_the_first_rows_are_there(opened: Callable[..., Tab]) -> None:
    tab = opened("search", scripts=False)
    tab.call("DOM.enable")
    root = tab.call("DOM.getDocument")["root"]["nodeId"]
    rows = tab.call("DOM.querySelectorAll", nodeId=root, selector="tbody tr")["nodeIds"]
    assert len(rows) == 100


def test_the_dashboard_shows_what_the_warehouse_holds(
    opened: Callable[..., Tab], pages: dict[str, Path]
) -> None:
    with duckdb.connect(
        str(pages["dashboard"].parent / "warehouse.duckdb"), read_only=True
    ) as held:
        leads = held.execute("select count(*) from raw.process_lead").fetchall()[0][0]
        states = dict(
            held.execute("select statename, count(*) from raw.process_lead group by 1").fetchall()
        )
        owners = {
            (owner or "(nobody)"): (f"{count:,}", f"{done / count:.1%}")
            for owner, count, done in held.execute(
                "select assignedtousername, count(*), count(*) filter (status = 'COMPLETED')"
                " from raw.process_lead group by 1"
            ).fetchall()
        }
    tab = opened("dashboard")
    figures = tab.value("[...document.querySelectorAll('dl.large dd')].map(e => e.textContent)")
    assert figures[0] == f"{leads:,}"
    table = """
        (caption) => [...document.querySelectorAll('table')]
          .filter(t => t.caption.textContent.startsWith(caption))
          .map(t => [...t.rows].map(r => [...r.cells].map(c => c.textContent)))[0]
    """
    _, *rows = tab.value(f"({table})('Owners')")
    assert {row[0]: (row[1], row[5]) for row in rows} == owners
    header, *months = tab.value(f"({table})('Leads by the month')")
    drawn = {
        state: sum(int(row[place].replace(",", "")) for row in months)
        for place, state in enumerate(header)
        if place
    }
    assert drawn == states
    _, *runs = tab.value(f"({table})('Runs')")
    assert runs[0][0].startswith("target-chakra, run ")
    assert [row[0].partition(",")[0] for row in runs[1:]] == ["tap-chakra"] * 3
