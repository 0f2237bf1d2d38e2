"""Message templates that rows ask for: compared with Meta's list, created or changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from chakra_sandbox.whatsapp.made_templates import WABA_ID
from tests.support.target_process import kill_once, operate, record, schema, settings, state, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("template", "lang", "use", "parts")
MAPPING = {
    "stream": "templates",
    "kind": "whatsapp_template",
    "name": "template",
    "language": "lang",
    "category": "use",
    "components": "parts",
}
ACCOUNT = {"waba_id": WABA_ID}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "10"]) as server:
        yield server


def config(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    mapped = {"streams": [MAPPING], "whatsapp": ACCOUNT, "max_rejects": 100}
    return settings(sandbox, **{**mapped, **more})


def text(words: str) -> list[dict[str, Any]]:
    return [{"type": "BODY", "text": words}]


def wanted(name: str, words: str | None, **more: Any) -> dict[str, Any]:
    row = {"template": name, "lang": "en", "use": "UTILITY", "parts": words and text(words)}
    return record("templates", **{**row, **more})


def templates(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema("templates", COLUMNS), *rows, state({"at": len(rows)})]


def held(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The templates as Meta has them, by name and language; each is there once."""
    path = f"/v1/ext/plugin/whatsapp/api/v19.0/{WABA_ID}/message_templates?limit=500"
    rows = sandbox.get_json(path)["data"]
    found = {f"{each['name']}/{each['language']}": each for each in rows}
    assert len(found) == len(rows)
    return found


def words_of(sandbox: Sandbox, name: str) -> str:
    return next(each["text"] for each in held(sandbox)[name]["components"] if "text" in each)


def sent(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The creates and changes that arrived, in their order."""
    return [each for each in sandbox.requests() if each["method"] == "POST"]


def reasons(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    rejects = operate(folder, config(sandbox), "rejects", "--json").stdout.splitlines()
    return {str(each["row"]["template"]): each["reason"] for each in map(json.loads, rejects)}


def test_what_is_missing_is_created_what_differs_changed_and_the_rest_left(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    lines = templates(
        wanted("visit_reminder", "Hi {{1}}"),
        wanted("visit_reminder", "नमस्ते {{1}}!", lang="hi"),
        wanted("welcome", None, parts=json.dumps(text("Welcome to Acme."))),
        wanted("order_sent", "Your order {{1}} left.", use="utility"),
        wanted("order_sent", "{{1}} ist unterwegs.", lang="de"),
    )
    first = write(tmp_path, config(sandbox), lines)
    assert (first.code, first.outcomes) == (0, {"created": 2, "updated": 1, "unchanged": 2})
    assert first.states == [{"at": 5}]
    after = held(sandbox)
    assert after["order_sent/en"]["category"] == "UTILITY"
    assert after["order_sent/de"]["components"] == text("{{1}} ist unterwegs.")
    assert words_of(sandbox, "visit_reminder/hi") == "नमस्ते {{1}}!"
    assert after["visit_reminder/hi"]["status"] == "PENDING"
    assert after["visit_reminder/en"]["status"] == "APPROVED"
    again = write(tmp_path, config(sandbox), lines)
    assert again.outcomes == {"unchanged": 5}
    assert len(sent(sandbox)) == 3


@pytest.mark.parametrize("paging", ["next_url", "cursors"])
def test_a_template_of_a_later_page_is_there(sandbox: Sandbox, tmp_path: Path, paging: str) -> None:
    sandbox.knobs(template_paging=paging, template_page_size=2)
    lines = templates(
        wanted("welcome", "Welcome to Acme."), wanted("old_offer", "We miss you, {{1}}!")
    )
    told = write(tmp_path, config(sandbox), lines)
    assert (told.code, told.outcomes) == (0, {"unchanged": 1, "updated": 1})
    assert [each["path"].rsplit("/", 1)[1] for each in sent(sandbox)] == ["900100200308"]


def test_nothing_is_created_where_there_may_be_more(sandbox: Sandbox, tmp_path: Path) -> None:
    faults = [{"kind": "errors_in_200", "match": "GET .*message_templates", "at": [*range(2, 20)]}]
    sandbox.knobs(template_paging="cursors", template_page_size=2, faults=faults)
    lines = templates(wanted("old_offer", "We miss you, {{1}}!"), wanted("new_offer", "Hi"))
    told = write(tmp_path, config(sandbox), lines)
    assert told.outcomes == {"rejected": 2}
    assert "there may be more" in reasons(tmp_path, sandbox)["new_offer"]
    assert sent(sandbox) == []


def test_the_last_row_of_a_template_counts(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.knobs(template_review="approved")
    rows = [wanted("order_sent", f"Order {{{{1}}}} left at {n}.") for n in range(4)]
    told = write(tmp_path, config(sandbox), templates(*rows, rows[-1]))
    assert told.outcomes == {"created": 1, "updated": 3, "unchanged": 1}
    assert words_of(sandbox, "order_sent/en") == "Order {{1}} left at 3."


def test_what_can_be_no_template_is_a_reject(sandbox: Sandbox, tmp_path: Path) -> None:
    lines = templates(
        wanted("Order Sent", "Hi"),
        wanted("a", "Hi", lang="english please"),
        wanted("b", "Hi", use="SPAM"),
        wanted("c", None, parts="Hi"),
        wanted("d", "Hi", use=None),
        wanted("e", None),
        wanted("spring_offer", "Summer is here, {{1}}."),
        wanted("", "Hi"),
        wanted("f", "Hi"),
    )
    told = write(tmp_path, config(sandbox), lines)
    assert told.outcomes == {"created": 1, "rejected": 8}
    found = reasons(tmp_path, sandbox)
    assert "names no template" in found["Order Sent"]
    assert "names no language" in found["a"]
    assert "none of UTILITY, MARKETING, AUTHENTICATION" in found["b"]
    assert "no JSON list" in found["c"]
    assert found["d"] == "There is no such template, and a new one takes category"
    assert found["e"] == "There is no such template, and a new one takes components"
    assert "can only be edited when approved" in found["spring_offer"]
    assert found[""].startswith("name: template is null")


def test_the_category_of_an_approved_template_is_metas(sandbox: Sandbox, tmp_path: Path) -> None:
    rows = [wanted("welcome", "Welcome to Acme."), wanted("loud_offer", "Buy {{1}}.")]
    told = write(tmp_path, config(sandbox), templates(*rows))
    assert told.outcomes == {"unchanged": 1, "updated": 1}
    assert held(sandbox)["welcome/en"]["category"] == "MARKETING"
    assert held(sandbox)["loud_offer/en"]["category"] == "UTILITY"


@pytest.mark.parametrize("answer", ["meta", "wrapped"])
@pytest.mark.parametrize("fault", ["reset_after", "502_after", "truncate", "reset_before", "502"])
def test_a_lost_answer_is_looked_for_in_the_list(
    sandbox: Sandbox, tmp_path: Path, fault: str, answer: str
) -> None:
    rows = [wanted("one", "1"), wanted("two", "2"), wanted("welcome", "Welcome."), wanted("z", "3")]
    match = "POST .*message_templates|POST .*/v19.0/"
    sandbox.knobs(
        faults=[{"kind": fault, "match": match, "at": [2, 3]}],
        template_answers=answer,
        template_page_size=4,
    )
    told = write(tmp_path, config(sandbox, concurrency=1, lost_answer_horizon=3), templates(*rows))
    sandbox.knobs(faults=[], template_answers="meta", template_page_size=100)
    if fault in ("reset_before", "502"):
        assert told.outcomes == {"created": 1, "not sent": 3}
        assert (told.code != 0, told.states) == (True, [])
        assert "two/en" not in held(sandbox)
    else:
        assert (told.code, told.outcomes) == (0, {"created": 3, "updated": 1}), told.stderr
    last = write(tmp_path, config(sandbox), templates(*rows))
    assert (last.code, last.states) == (0, [{"at": 4}])
    assert [words_of(sandbox, f"{name}/en") for name in ("one", "two", "z")] == ["1", "2", "3"]
    assert words_of(sandbox, "welcome/en") == "Welcome."


def test_a_dry_run_shows_them_and_a_plan_does_just_that(sandbox: Sandbox, tmp_path: Path) -> None:
    lines = templates(
        wanted("welcome", "Welcome."), wanted("one", "1"), wanted("visit_reminder", "Ho {{1}}")
    )
    dry = write(tmp_path, config(sandbox, dry_run=True), lines)
    assert "create template=one/en (line 3)" in dry.stderr
    assert "Welcome to Acme." in dry.stderr
    assert "1 create, 2 updates, 0 deletes; 0 jobs" in dry.stderr
    plan = tmp_path / "plan.parquet"
    write(tmp_path, config(sandbox, plan_path=str(plan)), lines)
    assert sent(sandbox) == []
    sandbox.knobs(template_review="approved")
    write(tmp_path, config(sandbox), templates(wanted("welcome", "Welcome, all.")))
    applied = operate(tmp_path, config(sandbox), "apply", str(plan), "--yes")
    assert applied.outcomes == {"created": 1, "updated": 1, "rejected": 1}, applied.stderr
    assert words_of(sandbox, "welcome/en") == "Welcome, all."
    assert "Changed since the plan: components was" in reasons(tmp_path, sandbox)["welcome"]
    assert words_of(sandbox, "visit_reminder/en") == "Ho {{1}}"
    count = len(sent(sandbox))
    operate(tmp_path, config(sandbox), "apply", str(plan), "--yes")
    assert len(sent(sandbox)) == count


def test_a_plan_of_two_rows_of_a_new_template_does_both(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.knobs(template_review="approved")
    plan = tmp_path / "plan.parquet"
    lines = templates(wanted("one", "1"), wanted("one", "2"), wanted("one", "2"))
    planned = write(tmp_path, config(sandbox, plan_path=str(plan)), lines)
    assert planned.outcomes == {"not sent": 2, "unchanged": 1}
    applied = operate(tmp_path, config(sandbox), "apply", str(plan), "--yes")
    assert (applied.code, applied.outcomes) == (0, {"created": 1, "updated": 1}), applied.stderr
    assert words_of(sandbox, "one/en") == "2"


def test_doctor_tells_what_a_mapping_of_them_is(sandbox: Sandbox, tmp_path: Path) -> None:
    looked = operate(tmp_path, config(sandbox), "doctor")
    said = " ".join(looked.stdout.split())
    assert f"whatsapp_template {WABA_ID}, named by template, lang: compared first" in said
    unnamed = operate(tmp_path, config(sandbox, whatsapp={}), "doctor")
    assert (unnamed.code, "does not name waba_id" in unnamed.stdout) == (3, True)


def test_killed_in_the_middle_each_is_there_once(sandbox: Sandbox, tmp_path: Path) -> None:
    names = [f"t{n}" for n in range(12)]
    lines = templates(*(wanted(name, f"Text of {name}") for name in names))
    sandbox.knobs(latency_ms=80)
    slow = config(sandbox, concurrency=2)
    kill_once(lambda: len(sent(sandbox)) >= 3, tmp_path, slow, lines)
    sandbox.knobs(latency_ms=0)
    told = write(tmp_path, config(sandbox), lines)
    assert (told.code, sum(told.outcomes.values())) == (0, len(names))
    assert {name: words_of(sandbox, f"{name}/en") for name in names} == {
        name: f"Text of {name}" for name in names
    }


@pytest.mark.parametrize(
    ("mapping", "account", "said"),
    [
        ({"name": None}, ACCOUNT, "name is missing"),
        ({"language": None}, ACCOUNT, "language is missing"),
        ({"components": None}, ACCOUNT, "components is missing"),
        ({"components": "partz"}, ACCOUNT, "names the column 'partz'"),
        ({"text": "parts"}, ACCOUNT, "there is no option text"),
        ({}, {}, "does not name waba_id"),
        ({}, {"waba_id": "1"}, "can't be listed"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused(
    sandbox: Sandbox, tmp_path: Path, mapping: dict[str, Any], account: dict[str, Any], said: str
) -> None:
    whole = {name: each for name, each in {**MAPPING, **mapping}.items() if each is not None}
    given = settings(sandbox, streams=[whole], whatsapp=account)
    told = write(tmp_path, given, templates(wanted("one", "1")))
    assert (told.code, sent(sandbox)) == (3, [])
    assert said in told.stderr
    assert "Traceback" not in told.stderr
