"""Markdown that every reader shows as it is meant: tables are tables, and a page has one title."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"),
                 *(ROOT / "benchmarks" / "results").glob("*.md"),
                 *(ROOT / "examples").rglob("*.md"), *(ROOT / "dbt").rglob("*.md"),
                 ROOT / "chakra_sandbox" / "README.md")
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)  # fmt: skip
_FENCE = re.compile(r"^( *)```.*?^ *```$", re.MULTILINE | re.DOTALL)
_SEPARATOR = re.compile(r"\|(?: *:?-+:? *\|)+")


def unfenced(text: str) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", text)


def tables(text: str) -> Iterator[list[str]]:
    """Each run of lines that begin with a bar, with the line before it in front."""
    before, table = "", list[str]()
    for line in (*unfenced(text).splitlines(), ""):
        if line.lstrip().startswith("|"):
            table = table or [before.strip()]
            table.append(line.strip())
        elif table:
            yield table
            table = []
        before = line


def faults(text: str) -> list[str]:
    """What keeps tables of a page from being shown as tables."""
    found = []
    for before, head, *rest in tables(text):
        if before:
            found.append(f"no empty line before {head}")
        if not rest or not _SEPARATOR.fullmatch(rest[0]):
            found.append(f"no heads: {head}")
        elif rest[0].count("|") != head.count("|"):
            found.append(f"heads and line do not agree: {head}")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_table_begins_with_its_heads(page: Path) -> None:
    assert faults(page.read_text()) == []


def test_what_is_no_table_is_found() -> None:
    good = "Text.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert faults(good) == []
    assert faults(f"```\n| 1 | 2 |\n```\n{good}") == []
    assert faults("| 1 | 2 |\n| a | b |\n|---|---|\n") == ["no heads: | 1 | 2 |"]
    assert faults("| a |\n") == ["no heads: | a |"]
    assert faults("Text.\n| a |\n|---|\n") == ["no empty line before | a |"]
    assert faults("| a | b |\n|---|\n") == ["heads and line do not agree: | a | b |"]


def test_each_claim_of_the_readme_links_to_its_proof() -> None:
    (claims,) = [
        rows for _, head, _, *rows in tables((ROOT / "README.md").read_text()) if "proof" in head
    ]
    assert len(claims) >= 8
    assert [claim for claim in claims if "](https://" not in claim.split(" | ")[-1]] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_has_one_title(page: Path) -> None:
    titles = re.findall(r"^# .+", unfenced(page.read_text()), re.MULTILINE)
    assert len(titles) == 1, titles


def test_the_field_s_words_stand_beside_ours() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text()
    beside = {
        "incremental sync": "bookmark",
        "upsert": "mode: upsert",
        "dead letter": "*reject*",
        "time-sliced extraction": "*windows*",
        "reconcile": "*audit*",
    }
    rows: dict[str, str] = dict(re.findall(r"^\| ([^|]+) \| (.+) \|$", page, re.MULTILINE))
    assert [word for word, ours in beside.items() if ours not in rows.get(word, "")] == []
