"""What a run and its subcommands show in a terminal, and where nobody looks: word for word."""

from __future__ import annotations

import csv
import io
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


@pytest.fixture
def desk(shared_sandbox: Sandbox, tmp_path: Path) -> Desk:
    """A desk with a journal of its own."""
    folder = tmp_path
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
    shown = desk.run(text=rows("E"), environment={"NO_COLOR": "1"})
    assert not ESCAPE.search(without_log(shown.screen))
    assert "created" in shown.screen


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


EXAMPLE = "which is no integer; ChakraHQ's score takes whole numbers of 64 bits"
NO_KEY = "The key lead_id is null or missing"


def test_rejects_are_told_by_reason_with_three_examples_and_what_to_type(desk: Desk) -> None:
    desk.run(text=rows("B"))
    shown = desk.run("rejects", "--run", "1", piped=True)
    assert shown.code == 0
    assert shown.stdout == (
        f"9 rows: score is …, {EXAMPLE}\n"
        "    Correct it in the source, or leave it out with fields.\n"
        f"    1  run 1, scores line 14, lead_id=B-x0: score is 'x0', {EXAMPLE}\n"
        f"    2  run 1, scores line 15, lead_id=B-x1: score is 'x1', {EXAMPLE}\n"
        f"    3  run 1, scores line 16, lead_id=B-x2: score is 'x2', {EXAMPLE}\n"
        "    and 6 rows more\n"
        f"1 row: {NO_KEY}\n"
        "    Give each row its key, or leave such rows out of the source.\n"
        "    10  run 1, others line 24, no key\n"
    )
    more = "target-chakra --config c.json rejects --rows --run 1"
    listed, keyless = without_log(shown.text).splitlines()
    assert listed == f"10 rows. Each of them: {more}"
    assert keyless.startswith("1 row has no key, so that no later row closes it: ")
    assert keyless.endswith("target-chakra --config c.json rejects --close NUMBERS")


def test_each_rejected_row_may_be_listed_as_before_or_for_a_spreadsheet(desk: Desk) -> None:
    desk.run(text=rows("C"))
    listed = desk.run("rejects", "--run", "1", "--rows", piped=True).stdout.splitlines()
    assert len(listed) == 10
    assert listed[0].startswith("1  run 1, scores line 14, lead_id=C-x0: score is 'x0', which")
    sheet = desk.run("rejects", "--run", "1", "--csv", piped=True).stdout
    assert sheet.count("\r\n") == 11
    found = list(csv.DictReader(io.StringIO(sheet, newline="")))
    assert [each["line"] for each in found] == [each.split("line ")[1][:2] for each in listed]
    assert json.loads(found[0]["row"]) == {"lead_id": "C-x0", "score": "x0"}


def test_a_cell_that_a_spreadsheet_would_run_is_none(desk: Desk) -> None:
    name = "=HYPERLINK"
    config = json.loads((desk.folder / "c.json").read_text())
    stream = {"stream": name, "procedure": "lead", "key": "lead_id"}
    (desk.folder / "f.json").write_text(json.dumps({**config, "streams": [stream]}))
    lines = [schema(name, ["lead_id", "score"]), record(name, lead_id="F-1", score="\x1b[2J\n")]
    command = Desk(desk.folder, [*COMMAND, "--config", "f.json"])
    command.run(text="".join(f"{json.dumps(line)}\n" for line in lines))
    sheet = command.run("rejects", "--stream", name, "--csv", piped=True).stdout
    (found,) = csv.DictReader(io.StringIO(sheet, newline=""))
    assert found["stream"] == "'=HYPERLINK"
    assert "\x1b" not in sheet
    assert json.loads(found["row"])["score"] == "\x1b[2J\n"


def test_runs_have_a_header_and_one_of_them_is_told_in_words(desk: Desk) -> None:
    desk.run(text=rows("D"))
    header, first, *_ = desk.run("runs", piped=True).stdout.splitlines()
    names = "run kind began took ended streams account rows outcomes"
    assert header.split() == names.split()
    cells = re.split(r"  +", first.strip())
    assert (cells[0], cells[1], cells[4], cells[5]) == ("1", "run", "rejects", "scores, others")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", cells[2])
    assert cells[7:] == ["22", "12 created, 10 rejected"]
    told = steady(desk.run("runs", "1", piped=True).stdout).splitlines()
    assert told[0].startswith("Run 1 (run) of account ")
    assert told[2] == "Ended: rejects (exit code 7)"
    assert told[3].split() == ["stream", "rows", "created", "rejected"]
    assert told[-4:-2] == ["Rejected:", f"  9 rows: score is …, {EXAMPLE}"]
    assert told[-1] == "Next: target-chakra --config c.json rejects --run 1"
    (line,) = desk.run("runs", "1", "--json", piped=True).stdout.splitlines()
    assert json.loads(line)["receipt"]["rows_in"] == 22


def test_quiet_leaves_the_receipt_and_verbose_adds_requests(desk: Desk) -> None:
    quiet = desk.run("-q", text=rows("A")).text
    assert "INFO" not in quiet
    assert "together" in quiet
    verbose = desk.run("--verbose", text=rows("A")).text
    assert re.search(
        r"DEBUG .* POST /v1/ext/procedure/lead/process/list: 200, [\d,]+ bytes", verbose
    )
    key = json.loads((desk.folder / "c.json").read_text())["api_key"]
    assert key not in verbose
    retried = desk.run("-q", "retry").text
    assert "INFO" not in retried
    both = desk.run("-q", "-v")
    assert both.code == 2
    assert "-q and -v do not go together" in both.text
