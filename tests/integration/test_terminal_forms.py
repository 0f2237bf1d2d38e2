"""What a run and its subcommands show in a terminal, and where nobody looks: word for word."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.support.target_process import COMMAND, environment, record, schema, settings
from tests.support.terminal import ESCAPE, Seen, seen

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

STREAMS = [{"stream": name, "procedure": "lead", "key": "lead_id"} for name in ("scores", "others")]
CHANGING = (
    (re.compile(r"\d[\d,]* requests"), "# requests"),
    (re.compile(r"\d[\d,.]* s\b"), "# s"),
    (re.compile(r"\(\d[\d,]* rows/s\)"), "(# rows/s)"),
    (re.compile(r", # s waited for the pace"), ""),
)
"""What differs from run to run."""


class Desk(NamedTuple):
    """A folder with settings, and the sandbox behind them."""

    folder: Path
    command: list[str]

    def run(self, *args: str, text: str = "", **how: Any) -> Seen:
        kept = {"PYTHONPATH": environment()["PYTHONPATH"], **how.pop("environment", {})}
        return seen([*self.command, *args], folder=self.folder, environment=kept, text=text, **how)


@pytest.fixture(scope="module")
def desk(shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """After a run of two streams with rejects of two kinds, nine of one."""
    folder = tmp_path_factory.mktemp("desk")
    config = settings(shared_sandbox, streams=STREAMS)
    (folder / "c.json").write_text(json.dumps(config))
    return Desk(folder, [*COMMAND, "--config", "c.json"])


def steady(text: str) -> str:
    for pattern, instead in CHANGING:
        text = pattern.sub(instead, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def without_log(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not re.match(r"\d{4}-\d\d-\d\d ", line))


def rows(prefix: str) -> str:
    lines = [schema(name, ["lead_id", "score"]) for name in ("scores", "others")]
    lines += [record("scores", lead_id=f"{prefix}-{n}", score=n) for n in range(11)]
    lines += [record("scores", lead_id=f"{prefix}-x{n}", score=f"x{n}") for n in range(9)]
    lines += [record("others", lead_id=f"{prefix}-o1", score=1), record("others", score=2)]
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def test_in_a_terminal_a_receipt_is_a_table_and_names_the_next_command(desk: Desk) -> None:
    shown = desk.run(text=rows("A"))
    assert shown.code == 7
    assert steady(without_log(shown.text)) == (
        "stream     rows   created   rejected\n"
        "────────────────────────────────────\n"
        "scores       20        11          9\n"
        "others        2         1          1\n"
        "together     22        12         10\n"
        "2 jobs, # requests, # s (# rows/s)\n"
        "Next: target-chakra --config c.json rejects --run 1"
    )
    assert "\x1b[33m       9\x1b[0m" in shown.screen


def test_with_no_colour_the_table_holds_no_escapes(desk: Desk) -> None:
    shown = desk.run(text=rows("A"), environment={"NO_COLOR": "1"})
    assert not ESCAPE.search(without_log(shown.screen))
    assert "unchanged" in shown.screen


def test_where_nobody_looks_the_receipt_is_one_line_of_json(desk: Desk) -> None:
    import subprocess  # noqa: PLC0415 - no terminal at all

    done = subprocess.run(
        desk.command,
        cwd=desk.folder,
        input=rows("A"),
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    (line,) = [each for each in done.stderr.splitlines() if each.startswith("{")]
    assert json.loads(line)["outcomes"]["rejected"] == 10
    assert "───" not in done.stderr
