"""What is printed for people: in a terminal a table, else text; colour where it is wanted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.terminal import ESCAPE, seen

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent.parent.parent
TABLE = """
import sys
from chakra_plugin.terminal import Tone, Toned, tell_table, tell_toned
rows = [
    ("leads", "12", Toned("not [red]red[/red], \\x1b[2J, :bug:", Tone.BAD)),
    ("日本", Toned("1,200", Tone.GOOD), "a reason of several words that goes on\\nand on"),
]
tell_table(("stream", "rows", "why"), rows, numeric={1}, err="--err" in sys.argv)
tell_toned(("it is ", Toned("done", Tone.GOOD)), err="--err" in sys.argv)
"""
COMMAND = [sys.executable, "-c", TABLE]
PLAIN = """\
stream   rows  why
leads      12  not [red]red[/red], \\x1b[2J, :bug:
日本    1,200  a reason of several words that goes on\\nand on
it is done
"""


def in_terminal(
    variables: Mapping[str, str] | None = None, columns: int = 100, *, piped: bool = False
) -> str:
    command = [*COMMAND, "--err"] if piped else COMMAND
    return seen(command, folder=ROOT, environment=variables, columns=columns, piped=piped).screen


def without_terminal(**variables: str) -> str:
    env = {"PATH": "", "PYTHONIOENCODING": "utf-8", **variables}
    return subprocess.run(
        COMMAND, cwd=ROOT, env=env, capture_output=True, text=True, check=True
    ).stdout


def test_where_nobody_looks_a_table_is_aligned_text_without_escapes() -> None:
    assert without_terminal() == PLAIN
    assert without_terminal(COLUMNS="20") == PLAIN


def test_a_terminal_gets_a_table_in_colour() -> None:
    screen = in_terminal()
    assert "\x1b[32m" in screen
    assert "\x1b[31m" in screen
    plain = ESCAPE.sub("", screen)
    lines = [line.rstrip() for line in plain.splitlines()]
    assert lines == [
        "stream    rows   why",
        "─" * len(lines[1]),
        "leads       12   not [red]red[/red], \\x1b[2J, :bug:",
        "日本     1,200   a reason of several words that goes on\\nand on",
        "it is done",
    ]


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_stays_away_where_nobody_wants_it(variables: Mapping[str, str]) -> None:
    screen = in_terminal(variables)
    assert "\x1b" not in screen
    assert "───" in screen


def test_colour_may_be_asked_for_where_nobody_looks() -> None:
    shown = without_terminal(FORCE_COLOR="1")
    assert "\x1b[32m" in shown
    assert ESCAPE.sub("", shown) == PLAIN


def test_no_colour_wins_over_forced_colour() -> None:
    assert without_terminal(FORCE_COLOR="1", NO_COLOR="1") == PLAIN


@pytest.mark.parametrize("columns", [30, 40, 60])
def test_in_a_narrow_terminal_lines_are_folded_and_nothing_is_cut(columns: int) -> None:
    screen = ESCAPE.sub("", in_terminal(columns=columns)).replace("日本", "asia")
    lines = screen.splitlines()
    assert max(map(len, lines)) <= columns
    whys = "".join(line[17:] for line in lines).replace(" ", "")
    assert "areasonofseveralwordsthatgoeson\\nandon" in whys


def test_standard_error_is_looked_at_by_itself() -> None:
    assert "───" in in_terminal(piped=True)


def test_a_terminal_that_takes_no_unicode_gets_lines_of_ascii() -> None:
    screen = in_terminal({"PYTHONIOENCODING": "latin-1:backslashreplace", "NO_COLOR": "1"})
    assert "---" in screen
    assert "\\u65e5" in screen
