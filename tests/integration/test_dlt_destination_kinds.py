"""Each kind of stream through dlt: loaded twice, and judged by what the sandbox got and holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from chakra_sandbox.whatsapp.made_templates import WABA_ID
from tests.support.dlt_loads import Plan, Table, load, settings
from tests.support.messages import FREE, WHATSAPP, texts
from tests.support.target_process import living

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """A table that one kind of stream carries out.

    Attributes:
        mapping: Of its stream.
        rows: What it holds.
        outcome: Of each row the first time.
        held: What the sandbox holds then, as far as the rows say.
        shown: Asks the sandbox for that.
        path: What the paths of the calls that change something hold.
        columns: Hints of the table.
    """

    mapping: dict[str, Any]
    rows: list[dict[str, Any]]
    outcome: str
    held: list[Any]
    shown: Callable[[Sandbox], list[Any]]
    path: str
    columns: dict[str, Any] | None = None


def tasks(sandbox: Sandbox) -> list[Any]:
    """What the tasks that were made say, and of which lead they are."""
    leads = {row["id"]: key for key, row in living(sandbox).items()}
    made = sandbox.arrived("tasks")
    return sorted((leads[each["process"]], each["data"]["remarks"]) for each in made)


def names(sandbox: Sandbox) -> list[Any]:
    """First names of two users."""
    users = {each["username"]: each for each in sandbox.get_json("/v1/ext/users")["_data"]}
    return [users[each]["firstName"] for each in ("asha.k", "ivo.lang")]


def templates(sandbox: Sandbox) -> list[Any]:
    """Name, language and text of the templates whose names begin with `of_dlt`."""
    path = f"/v1/ext/plugin/whatsapp/api/v19.0/{WABA_ID}/message_templates?limit=500"
    rows = [row for row in sandbox.get_json(path)["data"] if row["name"].startswith("of_dlt")]
    return sorted((row["name"], row["language"], row["components"][0]["text"]) for row in rows)


KINDS = {
    "task": Kind(
        {
            "stream": "calls",
            "kind": "task",
            "procedure": "lead",
            "process": "lead",
            "task": "lead_follow_up",
            "once_by": "call",
            "fields": {"said": "data.remarks"},
        },
        [{"call": f"C-{n}", "lead": f"L-00000{n}", "said": f"Ask {n}"} for n in (1, 2)],
        "created",
        [("L-000001", "Ask 1"), ("L-000002", "Ask 2")],
        tasks,
        "/task/",
    ),
    "user": Kind(
        {"stream": "staff", "kind": "user", "user": "who", "fields": {"first": "firstName"}},
        [{"who": "asha.k", "first": "Aasha"}, {"who": "ivo.lang", "first": "Ivó"}],
        "updated",
        ["Aasha", "Ivó"],
        names,
        "/user/",
    ),
    "whatsapp_template": Kind(
        {
            "stream": "wordings",
            "kind": "whatsapp_template",
            "name": "template",
            "language": "lang",
            "category": "use",
            "components": "parts",
        },
        [
            {
                "template": f"of_dlt_{n}",
                "lang": "en",
                "use": "UTILITY",
                "parts": [{"type": "BODY", "text": f"Wording {n}"}],
            }
            for n in (1, 2)
        ],
        "created",
        [("of_dlt_1", "en", "Wording 1"), ("of_dlt_2", "en", "Wording 2")],
        templates,
        "/message_templates",
        {"parts": {"data_type": "json"}},
    ),
    "whatsapp_message": Kind(
        FREE,
        [{"visit": f"V-{n}", "mobile": f"1555010{n:04}", "words": f"Hello {n}"} for n in (1, 2)],
        "created",
        ["Hello 1", "Hello 2"],
        lambda sandbox: sorted(texts(sandbox)),
        "/messages",
    ),
}
"""The kinds that have no test of their own; photos and messages by a template have one."""


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "10"]) as server:
        yield server


def changes(sandbox: Sandbox, path: str) -> int:
    """How many calls came that change something."""
    asked = sandbox.requests()
    return len([each for each in asked if each["method"] != "GET" and path in each["path"]])


@pytest.mark.parametrize("kind", KINDS)
def test_a_load_does_what_its_rows_say_and_the_next_one_leaves_it(
    running: Sandbox, tmp_path: Path, kind: str
) -> None:
    case = KINDS[kind]
    assert case.mapping["kind"] == kind
    table = Table(case.mapping["stream"], case.rows, "append", columns=case.columns)
    plan = Plan((table,), {**settings(running, case.mapping), "whatsapp": WHATSAPP})
    running.forget_requests()
    before = case.shown(running)
    first = load(tmp_path, plan)
    assert first.outcomes == {case.outcome: 2}, first.output + first.error
    assert case.shown(running) == case.held != before
    assert changes(running, case.path) == 2
    second = load(tmp_path, plan)
    assert second.outcomes == {"unchanged": 2}, second.output + second.error
    assert case.shown(running) == case.held
    assert changes(running, case.path) == 2


def test_a_process_of_the_same_load_is_not_seen_yet_and_retry_makes_its_task(
    running: Sandbox, tmp_path: Path
) -> None:
    running.knobs(job_duration_ms=1500)
    leads = {"stream": "leads", "procedure": "lead", "mode": "upsert", "key": "lead_id"}
    given = settings(running, leads, KINDS["task"].mapping)
    new = Table("leads", [{"lead_id": "L-NEW", "name": "New"}], "append")
    calls = Table("calls", [{"call": "C-NEW", "lead": "L-NEW", "said": "Of one load"}], "append")
    told = load(tmp_path, Plan((new, calls), given))
    running.knobs(job_duration_ms=500)
    assert told.pending
    assert "run the pipeline once more to finish the load" in told.error
    assert [each for each in tasks(running) if each[0] == "L-NEW"] == []
    told = load(tmp_path, Plan((), given, after="retry_rejects"))
    assert (told.error, told.pending) == ("", False), told.output
    assert told.called["outcomes"]["created"] == 1
    assert [each for each in tasks(running) if each[0] == "L-NEW"] == [("L-NEW", "Of one load")]
