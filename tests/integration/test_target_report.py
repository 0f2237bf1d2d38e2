"""`target-chakra report`: a run as a page and as JSON, as its user gets them."""

from __future__ import annotations

import json
import re
import signal
import time
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.people import edit
from tests.support.target_process import (
    living,
    operate,
    record,
    schema,
    settings,
    start,
    state,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", [["--rows", "400"]], indirect=True)
PRIVATE = "Wholly private text"


class Read(HTMLParser):
    """A page as a reader sees it: headings, facts by name, tables by caption."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.facts: dict[str, str] = {}
        self.tables: dict[str, list[list[str]]] = {}
        self.figures: list[str] = []
        self._open: list[str] = []
        self._name = self._caption = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        del attrs
        if tag == "tr" and self._caption:
            self.tables[self._caption].append([])
        if tag in ("td", "th") and self._caption:
            self.tables[self._caption][-1].append("")
        if tag == "table":
            self._caption = ""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        where, text = self._open[-1] if self._open else "", data.strip()
        if not text:
            return
        if where == "h2":
            self.headings.append(text)
        elif where == "figcaption":
            self.figures.append(text)
        elif where == "dt":
            self._name = text
        elif where == "dd":
            self.facts[self._name] = text
        elif where == "caption":
            self._caption = text
            self.tables[text] = []
        elif where in ("td", "th") and self._caption:
            self.tables[self._caption][-1][-1] = text


@pytest.fixture(autouse=True)
def quick_jobs(sandbox: Sandbox) -> None:
    sandbox.knobs(job_duration_ms=100)


def config_of(sandbox: Sandbox, folder: Path, **more: Any) -> dict[str, Any]:
    streams = [{"stream": "scores", "procedure": "lead"}]
    return settings(sandbox, streams=streams, journal=f"sqlite:///{folder}/journal.db", **more)


def messages(sandbox: Sandbox, value: int = 9000) -> list[dict[str, Any]]:
    """20 rows that are updates, of which 3 do not fit; 5 rows of processes that are new."""
    keys = sorted(living(sandbox))[:20]
    rows = [
        record("scores", lead_id=key, score=value + n if n >= 3 else f"{PRIVATE} {n}")
        for n, key in enumerate(keys)
    ]
    rows += [record("scores", lead_id=f"NEW-{n}", score=n) for n in range(5)]
    return [schema("scores", ["lead_id", "score"]), *rows, state({"at": value})]


def page(folder: Path, config: dict[str, Any], *args: str) -> Read:
    done = operate(folder, config, "report", *args, "--html", str(folder / "run.html"))
    assert done.code == 0, done.stderr
    return Read((folder / "run.html").read_text())


def test_a_run_is_told_as_it_was(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_of(sandbox, tmp_path)
    told = write(tmp_path, config, messages(sandbox))
    assert told.outcomes == {"created": 5, "updated": 17, "rejected": 3}
    found = page(tmp_path, config)
    facts = ("rows in", "created", "updated", "rejected", "exit code", "begun for", "requests")
    assert [found.facts[name] for name in facts] == [
        *("25", "5", "17", "3", "7", "run"),
        str(told.receipt["requests"]),
    ]
    (reasons,) = [rows for name, rows in found.tables.items() if name.startswith("Reasons")]
    first, last = sorted(living(sandbox))[:3:2]
    assert reasons[1][1:3] == ["3", "3"]
    assert first in reasons[1][4]
    assert last in reasons[1][4]
    (fields,) = [rows for name, rows in found.tables.items() if name.startswith("How many")]
    written = {row[0]: row[1:] for row in fields[1:]}
    assert written["data.score"] == ["lead", "17", "0", "5"]
    assert written["data.lead_id"] == ["lead", "0", "0", "5"]
    assert {"Rows that got their outcome", "Requests", "Jobs under way"} <= set(found.figures)


def test_no_value_of_a_row_is_shown_unless_it_is_asked_for(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox, tmp_path)
    write(tmp_path, config, messages(sandbox))
    page(tmp_path, config)
    assert "private" not in (tmp_path / "run.html").read_text()
    told = operate(tmp_path, config, "report", "--json")
    assert "private" not in told.stdout
    page(tmp_path, config, "--rows")
    assert (tmp_path / "run.html").read_text().count(f"{PRIVATE} 2") >= 2
    rows = json.loads(operate(tmp_path, config, "report", "--json", "--rows").stdout)["rows"]
    assert [each["row"]["score"] for each in rows] == [f"{PRIVATE} {n}" for n in range(3)]


def test_json_says_the_same_as_the_receipt(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_of(sandbox, tmp_path)
    told = write(tmp_path, config, messages(sandbox))
    done = operate(tmp_path, config, "report", "1", "--json")
    found = json.loads(done.stdout)
    assert found["run"]["receipt"] == told.receipt
    assert found["rejected"] == 3
    last = dict(zip(["at", *found["course"]["names"]], found["course"]["points"][-1], strict=True))
    counted = [last[name] for name in ("rows", "ended", "rejected", "jobs", "requests")]
    assert counted == [25, 25, 3, told.receipt["jobs"], told.receipt["requests"]]
    assert sum(each["size"] for each in found["jobs"]) == 22


def test_fields_that_people_changed_are_named_and_their_values_only_where_asked_for(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    keys = sorted(living(sandbox))[:10]
    mapping = {"stream": "scores", "procedure": "lead", "key": "lead_id", "mode": "update"}
    config = config_of(sandbox, tmp_path) | {"streams": [{**mapping, "keep_edits": True}]}
    rows = [record("scores", lead_id=key, score=9000 + n) for n, key in enumerate(keys)]
    lines = [schema("scores", ["lead_id", "score"]), *rows, state({"at": 1})]
    assert write(tmp_path, config, lines).code == 0
    for key in keys[:3]:
        edit(sandbox, key, score=31_337)
    assert write(tmp_path, config, lines).code == 0
    found = page(tmp_path, config)
    (counts,) = [rows for name, rows in found.tables.items() if name.startswith("Fields that")]
    assert counts[1:] == [["data.score", "lead", "3"]]
    assert {row[2] for row in found.tables["Where"][1:]} == {f"lead_id={key}" for key in keys[:3]}
    told = operate(tmp_path, config, "report", "--json")
    assert "31337" not in (tmp_path / "run.html").read_text() + told.stdout
    assert "31,337" not in (tmp_path / "run.html").read_text()
    page(tmp_path, config, "--rows")
    assert "31337" in (tmp_path / "run.html").read_text()


def test_a_run_of_each_kind_is_told_as_what_it_is(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_of(sandbox, tmp_path)
    plan = str(tmp_path / "plan.parquet")
    lines = messages(sandbox)
    assert write(tmp_path, config | {"plan_path": plan}, lines).code in (0, 7)
    assert page(tmp_path, config).facts["begun for"] == "plan"
    assert "nothing was sent" in (tmp_path / "run.html").read_text()
    assert operate(tmp_path, config, "apply", plan, "--yes").code in (0, 7)
    applied = page(tmp_path, config)
    assert applied.facts["begun for"] == "apply"
    assert applied.facts["updated"] == "17"
    write(tmp_path, config, lines)
    assert operate(tmp_path, config, "retry").code == 7
    assert page(tmp_path, config).facts["begun for"] == "retry"
    assert operate(tmp_path, config, "doctor").code in (0, 3, 7)
    assert page(tmp_path, config).facts["begun for"] == "retry"


def test_to_look_changes_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_of(sandbox, tmp_path)
    write(tmp_path, config, messages(sandbox))
    before, asked = (tmp_path / "journal.db").read_bytes(), len(sandbox.requests())
    page(tmp_path, config)
    page(tmp_path, config, "1", "--rows")
    assert (tmp_path / "journal.db").read_bytes() == before
    assert len(sandbox.requests()) == asked


def test_runs_before_are_beside_it_and_dry_ones_are_shown_for_what_they_are(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox, tmp_path)
    write(tmp_path, config, messages(sandbox))
    write(tmp_path, config | {"dry_run": True}, messages(sandbox, 9500))
    write(tmp_path, config, messages(sandbox, 9900))
    dry = page(tmp_path, config, "2")
    assert dry.facts["begun for"] == "dry"
    assert dry.facts["updates it would send"] == "17"
    assert "nothing was sent" in (tmp_path / "run.html").read_text()
    assert "Jobs" not in dry.headings
    last = page(tmp_path, config)
    (caption,) = [name for name in last.tables if name.startswith("Rows by outcome")]
    assert [row[0][:5] for row in last.tables[caption][1:]] == ["run 1", "run 3"]


def test_a_run_that_was_killed_is_told_by_what_is_on_record(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(job_duration_ms=60_000)
    config = config_of(sandbox, tmp_path)
    running = start(tmp_path, config)
    assert running.stdin
    for line in messages(sandbox):
        running.stdin.write(json.dumps(line) + "\n")
    running.stdin.close()
    deadline = time.monotonic() + 60
    while not [r for r in sandbox.requests() if r["method"] == "PATCH"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1)
    under_way = page(tmp_path, config)
    assert "under way" in (tmp_path / "run.html").read_text()
    running.send_signal(signal.SIGKILL)
    running.wait()
    for stream in (running.stdout, running.stderr):
        if stream is not None:
            stream.close()
    killed = page(tmp_path, config)
    assert "ended without a receipt" in (tmp_path / "run.html").read_text()
    assert 0 < int(killed.facts["in flight"]) <= 22
    assert "Jobs under way" in killed.figures
    assert under_way.headings[0] == "Outcome"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["report"], 2, "--html FILE"),
        (["report", "99", "--json"], 3, "There is no run 99"),
        (["report", "--html", "config.json"], 3, "is no page that this command wrote"),
        (["report", "--html", "no/run.html"], 3, "can't be written"),
        (["report", "one", "--json"], 2, "not a valid integer"),
    ],
)
def test_what_can_not_be_shown_is_refused_in_words(
    sandbox: Sandbox, tmp_path: Path, args: list[str], code: int, said: str
) -> None:
    config = config_of(sandbox, tmp_path)
    write(tmp_path, config, messages(sandbox)[:5])
    done = operate(tmp_path, config, *args)
    assert done.code == code, done.stderr
    assert said in done.stderr
    assert not re.search("Traceback", done.stderr)
    assert json.loads((tmp_path / "config.json").read_text()) == config


def test_a_journal_without_runs_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    done = operate(tmp_path, config_of(sandbox, tmp_path), "report", "--json")
    assert done.code in (3, 10)
    assert "Traceback" not in done.stderr
