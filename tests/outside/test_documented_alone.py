"""What the documents let their reader type without Meltano, page by page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.outside import documents
from tests.outside.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.outside.places import Places

ALONE: Final = (
    *("tap-chakra ", "target-chakra ", "tap-something ", "tap-postgres … |"),
    *("TARGET_CHAKRA_", "duckdb -c ", "python -c "),
)
COMMANDS: Final = "docs/reference/commands.md"
SINGER: Final = "docs/how-to/singer.md"
TUTORIALS: Final = ("docs/tutorial/sandbox.md", "docs/tutorial/real-account.md")
OF_THEIR_OWN: Final = (COMMANDS, SINGER, "docs/sync.md", *TUTORIALS)
"""Pages with a test that knows what comes of them."""
PAGES: Final = [
    page
    for page, lines in documents.typed().items()
    if page not in OF_THEIR_OWN and any(line.startswith(ALONE) for line in lines)
]


@pytest.fixture
def reader(outside: Places, account: Sandbox, tmp_path: Path) -> Reader:
    """A reader with all that the documents speak of."""
    reader = Reader(outside, account, tmp_path)
    reader.prepare()
    return reader


def _lines(page: str) -> list[str]:
    return [line for line in documents.typed()[page] if line.startswith(ALONE)]


def _score(account: Sandbox, lead_id: str) -> Any:
    (row,) = [row for row in account.oracle("lead") if row.data["lead_id"] == lead_id]
    return row.data.get("score")


def test_the_page_of_commands(reader: Reader, account: Sandbox) -> None:
    scores = {"L-00001": 77, "L-00002": 2}
    assert {lead: _score(account, lead) for lead in scores} == scores
    (reader.folder / "old").mkdir()
    (reader.folder / "old" / "journal.db").touch(0o600)  # of a run that sent nothing
    for line in _lines(COMMANDS):
        said = reader.types(line).said
        assert account.api_key not in said
        assert "WARNING" not in said, (line, said)
        scores |= {"L-00002": 78} if " apply " in line else {}
        scores |= {"L-00001": 1} if " undo " in line else {}
        assert {lead: _score(account, lead) for lead in scores} == scores, line
    assert scores == {"L-00001": 1, "L-00002": 78}


def test_the_page_of_plain_singer(reader: Reader, account: Sandbox) -> None:
    for line in _lines(SINGER):
        said = reader.types(line).said
        assert account.api_key not in said
        assert "WARNING" not in said, (line, said)
    out = (reader.folder / "out.jsonl").read_text().splitlines()
    leads = [each["record"] for each in map(json.loads, out)
             if (each["type"], each.get("stream")) == ("RECORD", "process_lead")]  # fmt: skip
    assert {lead["data"]["lead_id"] for lead in leads} == {
        row.data["lead_id"] for row in account.oracle("lead")
    }


@pytest.mark.parametrize("page", PAGES)
def test_a_page(reader: Reader, account: Sandbox, page: str) -> None:
    for line in _lines(page):
        assert account.api_key not in reader.types(line).said


def test_the_page_of_sync(reader: Reader, account: Sandbox) -> None:
    for line in _lines("docs/sync.md"):
        reader.types(line)
    scores = [_score(account, f"L-{number:05}") for number in range(51)]
    assert scores == [990, 990, 990, 991, *[990] * 46, 50 if 50 % 5 else None]
