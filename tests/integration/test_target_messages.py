"""WhatsApp messages, one for each row: what leaves, what does not, and how often.

The sandbox counts what arrived.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.messages import (
    BY_NUMBER,
    BY_PROCESS,
    FREE,
    WHATSAPP,
    config_of,
    numbers_of,
    texts,
    visit,
    visits,
)
from tests.support.target_process import (
    kill_once,
    operate,
    record,
    schema,
    settings,
    start,
    state,
    told,
    wait_until,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", [["--rows", "40"]], indirect=True)
SENDING = "send-template-message|/messages$"


def of(mapping: dict[str, Any], **more: object) -> dict[str, Any]:
    return {name: value for name, value in {**mapping, **more}.items() if value is not None}


# What leaves


def test_each_row_is_one_message_and_never_another(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_of(sandbox, BY_NUMBER)
    first = write(tmp_path, config, visits(range(5)))
    assert (first.code, first.outcomes) == (0, {"created": 5}), first.stderr
    assert first.states == [{"at": "the end"}]
    assert sorted(texts(sandbox)) == [f"Hi Mira {number}" for number in range(5)]
    assert numbers_of(sandbox) == {f"155501{number:05}": 1 for number in range(5)}
    again = write(tmp_path, config, visits(range(6), name="Somebody"))
    assert (again.code, again.outcomes) == (0, {"unchanged": 5, "created": 1}), again.stderr
    twice = [*visits([7, 7, 7])]
    assert write(tmp_path, config, twice).outcomes == {"created": 1, "unchanged": 2}
    assert set(numbers_of(sandbox).values()) == {1}
    assert len(texts(sandbox)) == 7


def test_the_contact_of_a_process_by_its_key(sandbox: Sandbox, tmp_path: Path) -> None:
    lead = next(row for row in sandbox.oracle("lead") if row.data.get("phone_number"))
    rows = [*visits([1], lead=lead.data["lead_id"])[:2], visit(2, lead="L-99999")]
    sent = write(tmp_path, config_of(sandbox, BY_PROCESS), rows)
    assert sent.outcomes == {"created": 1, "rejected": 1}, sent.stderr
    (message,) = sandbox.arrived("messages")
    assert (message["process"], message["text"]) == (lead.id, "Hi Mira 1")
    said = operate(tmp_path, config_of(sandbox, BY_PROCESS), "rejects").stdout
    assert "ChakraHQ refuses it" in said


def test_the_contact_of_a_process_of_the_same_run_is_reached_by_retry(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(job_duration_ms=1500)
    leads = {"stream": "leads", "procedure": "lead", "mode": "upsert", "key": "lead_id"}
    config = {**config_of(sandbox, BY_PROCESS), "streams": [leads, BY_PROCESS], "max_rejects": 9}
    lines = [
        schema("leads", ("lead_id", "name", "phone_number")),
        visits([])[0],
        record("leads", lead_id="L-NEW", name="New", phone_number="5550100999"),
        visit(1, lead="L-NEW"),
        state(1),
    ]
    told = write(tmp_path, config, lines)
    assert told.outcomes == {"created": 1, "rejected": 1}
    assert "404: No process found" in operate(tmp_path, config, "rejects").stdout
    assert texts(sandbox) == []
    assert operate(tmp_path, config, "retry").outcomes == {"created": 1}
    assert len(texts(sandbox)) == 1
    assert write(tmp_path, config, lines).outcomes == {"unchanged": 2}
    assert len(texts(sandbox)) == 1


def test_header_buttons_media_and_constants(sandbox: Sandbox, tmp_path: Path) -> None:
    picture = of(
        BY_NUMBER,
        template="brochure",
        language=None,
        parameters={"1": {"value": "dear Mira"}},
        buttons={"1": "visit"},
        media={"image": "link"},
    )
    rows = visits([1], link="https://acme.example.com/a.png")
    assert write(tmp_path, config_of(sandbox, picture), rows).code == 0
    details = of(BY_NUMBER, template="visit_details", header={"1": "visit"})
    details["parameters"] = {"1": "name", "2": {"value": "ten"}}
    assert write(tmp_path, config_of(sandbox, details), visits([1])).code == 0
    assert texts(sandbox) == [
        "Hello dear Mira, here is what you asked for.",
        "Hi Mira 1, we see you at ten. Reply if that does not suit.",
    ]
    first, second = (message["body"] for message in sandbox.arrived("messages"))
    assert first["imageUrl"] == "https://acme.example.com/a.png"
    assert first["buttonMapping"] == [
        {"schemaPropertyName": "1", "schemaPropertyValue": "V-1"},
    ]
    assert second["headerMapping"][0]["schemaPropertyValue"] == "V-1"


@pytest.mark.parametrize("answer", ["chakra", "meta"])
def test_a_message_in_the_own_form_of_meta(sandbox: Sandbox, tmp_path: Path, answer: str) -> None:
    sandbox.knobs(through_answer=answer)
    assert write(tmp_path, config_of(sandbox, FREE), visits([1, 2])).outcomes == {"created": 2}
    whole = of(FREE, phone=None, text=None, message="whole")
    told_of = {"to": "+1 555 01 00003", "type": "text", "text": {"body": "Hello 3"}}
    rows = [visit(3, whole=told_of), visit(4, whole=json.dumps(told_of)), visit(5, whole="Hello")]
    rows = [visits([])[0], *rows, visit(1, whole=told_of)]
    sent = write(tmp_path, config_of(sandbox, whole), rows)
    assert sent.outcomes == {"created": 2, "rejected": 1, "unchanged": 1}, "one campaign"
    assert sorted(texts(sandbox)) == ["Hello 1", "Hello 2", "Hello 3", "Hello 3"]
    body = sandbox.arrived("messages")[0]["body"]
    assert body["recipient_type"] == "individual"
    other = of(FREE, campaign="visits of December")
    assert write(tmp_path, config_of(sandbox, other), visits([1])).outcomes == {"created": 1}


def test_an_answer_that_says_nothing_is_an_answer(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.knobs(message_answer="empty")
    config = config_of(sandbox, BY_NUMBER)
    assert write(tmp_path, config, visits([1])).outcomes == {"created": 1}
    assert write(tmp_path, config, visits([1])).outcomes == {"unchanged": 1}


# What does not


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"template": "spring_offer"}, "is PENDING"),
        ({"template": "old_offer"}, "is PAUSED"),
        ({"template": "visit_remnder"}, "the nearest one is 'visit_reminder'"),
        ({"language": None}, "in several languages"),
        ({"parameters": {"1": "name", "2": "visit"}}, "the template takes 1"),
        ({"parameters": {"1": "nobody"}}, "names the column 'nobody'"),
    ],
)
def test_a_template_is_checked_before_the_first_message(
    sandbox: Sandbox, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    sent = write(tmp_path, config_of(sandbox, of(BY_NUMBER, **change)), visits([1]))
    assert sent.code == ExitCode.SETTINGS, sent.stderr
    assert said in sent.stderr
    assert sandbox.arrived("messages") == []


@pytest.mark.parametrize("name", ["plugin", "sender", "waba_id"])
@pytest.mark.parametrize("value", [None, "900900900"])
def test_a_way_that_is_not_set_or_leads_nowhere(
    sandbox: Sandbox, tmp_path: Path, name: str, value: str | None
) -> None:
    whatsapp = {**WHATSAPP, name: value}
    config = settings(sandbox, whatsapp=whatsapp, streams=[BY_NUMBER])
    sent = write(tmp_path, config, visits(range(20)))
    assert sent.code in (ExitCode.SETTINGS, ExitCode.NO_ACCESS), sent.stderr
    assert name in sent.stderr
    assert sandbox.arrived("messages") == []
    assert sent.receipt.get("outcomes", {}).get("rejected", 0) == 0, "it is no row's fault"
    assert sum("send-template" in each["path"] for each in sandbox.requests()) <= 4


def test_nothing_is_sent_before_somebody_says_how_many(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_of(sandbox, of(BY_NUMBER, max_messages=None))
    sent = write(tmp_path, config, visits(range(3)))
    assert (sent.code, sent.outcomes) == (ExitCode.REJECTS, {"not sent": 3}), sent.stderr
    assert "max_messages is 0" in sent.stderr
    assert sandbox.arrived("messages") == []
    dry = write(tmp_path, {**config, "dry_run": True}, visits(range(3)))
    assert dry.code == ExitCode.REJECTS
    assert "The real run would stop: stream 'visits' asks for messages" in dry.stderr


def test_the_one_too_many_stops_the_run_and_the_next_goes_on(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox, of(BY_NUMBER, max_messages=2))
    sent = write(tmp_path, config, visits(range(5)))
    assert sent.outcomes == {"created": 2, "not sent": 3}
    assert (sent.code, sent.states) == (ExitCode.REJECTS, [])
    assert write(tmp_path, config, visits(range(4))).outcomes == {"unchanged": 2, "created": 2}
    assert set(numbers_of(sandbox).values()) == {1}


def test_only_allowed_numbers_in_a_trial(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_of(sandbox, of(BY_NUMBER, allowed_numbers=["+15550100001", "9199*"]))
    rows = [*visits([1, 2])[:3], visit(3, mobile="0091 99123 45678"), visit(4, mobile="0555 01")]
    sent = write(tmp_path, config, rows)
    assert sent.outcomes == {"created": 2, "rejected": 2}, sent.stderr
    assert sorted(numbers_of(sandbox)) == ["15550100001", "919912345678"]
    said = operate(tmp_path, config, "rejects")
    for reason in ("mobile is a number that allowed_numbers does not allow", "it begins with 0"):
        assert reason in said.stdout
    assert "00002" not in said.stdout + sent.stderr, "whose number it is stands in no reason"
    lifted = config_of(sandbox, BY_NUMBER)
    assert operate(tmp_path, lifted, "retry").outcomes == {"created": 1, "rejected": 1}


def test_quiet_hours_end_a_stream_and_leave_the_others(sandbox: Sandbox, tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    begin, end = (now - timedelta(hours=1)), now + timedelta(hours=1)
    quiet = {"from": f"{begin:%H:%M}", "until": f"{end:%H:%M}", "zone": "UTC"}
    other = of(FREE, stream="others", once_by="visit")
    config = config_of(sandbox, of(BY_NUMBER, quiet_hours=quiet))
    config["streams"] += [other]
    others = [{**each, "stream": "others"} for each in visits(range(2))[:-1]]
    sent = write(tmp_path, config, [*others, *visits(range(3))])
    assert (sent.code, sent.states) == (ExitCode.STOPPED, []), sent.stderr
    assert sent.outcomes == {"created": 2, "not sent": 3}
    assert f"Run it again after {end:%Y-%m-%dT%H:%M}+00:00" in sent.stderr
    assert sorted(texts(sandbox)) == ["Hello 0", "Hello 1"]
    awake = config_of(sandbox, BY_NUMBER)
    assert write(tmp_path, awake, visits(range(3))).outcomes == {"created": 3}


def test_messages_leave_at_their_pace(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_of(sandbox, of(BY_NUMBER, rate=120))
    assert write(tmp_path, config, visits(range(5))).outcomes == {"created": 5}
    moments = [message["at_ms"] for message in sandbox.arrived("messages")]
    assert moments[-1] - moments[0] >= 4 * 500 - 100


# What Meta refuses


def test_a_refusal_of_one_message_is_a_reject_with_the_words_of_meta(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox, of(BY_NUMBER, template="visit_details", header={"1": "visit"}))
    config["streams"][0]["parameters"] = {"1": "name", "2": "words"}
    rows = [*visits([1])[:2], visit(2, words="x" * 1100)]
    sent = write(tmp_path, config, rows)
    assert sent.outcomes == {"created": 1, "rejected": 1}, sent.stderr
    assert "error 132005" in operate(tmp_path, config, "rejects").stdout


def test_a_template_that_is_paused_meanwhile_stops_the_run(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox, BY_NUMBER, concurrency=1)
    running = start(tmp_path, config)
    assert running.stdin
    lines = visits(range(64))
    running.stdin.write("".join(f"{json.dumps(line)}\n" for line in lines[:-1]))
    running.stdin.flush()
    wait_until(lambda: len(texts(sandbox)) >= 3)
    sandbox.review("visit_reminder", "PAUSED")
    stdout, stderr = running.communicate(timeout=60)
    ended = told(running.returncode, stdout, stderr)
    assert ended.code == ExitCode.SETTINGS, stderr
    assert ended.outcomes.keys() == {"created", "not sent"}
    assert ended.outcomes["created"] == len(texts(sandbox))
    assert "132015" in stderr or "132001" in stderr
    sandbox.review("visit_reminder", "APPROVED")
    again = write(tmp_path, config, lines)
    assert again.outcomes["created"] == ended.outcomes["not sent"]
    assert set(numbers_of(sandbox).values()) == {1}


# What is not known


@pytest.mark.parametrize("kind", ["reset_after", "502_after", "garbage", "truncate", "502"])
def test_a_lost_answer_is_unknown_until_its_user_says(
    sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    config = config_of(sandbox, BY_NUMBER, concurrency=1, lost_answer_horizon=0)
    sandbox.knobs(faults=[{"kind": kind, "at": [2], "match": SENDING}])
    sent = write(tmp_path, config, visits(range(3)))
    assert (sent.code, sent.states) == (ExitCode.UNKNOWN, []), sent.stderr
    assert sent.outcomes == {"created": 2, "unknown": 1}
    assert "No run can find out about this message" in sent.stderr
    assert "Then run it again." in sent.stderr
    arrived = len(texts(sandbox))
    again = write(tmp_path, config, visits(range(3)))
    assert (again.code, again.outcomes) == (ExitCode.UNKNOWN, {"unchanged": 2, "unknown": 1})
    assert len(texts(sandbox)) == arrived
    (line,) = map(json.loads, operate(tmp_path, config, "unknown", "--json").stdout.splitlines())
    is_there = "Hi Mira 1" in texts(sandbox)
    word = "written" if is_there else "not-written"
    # ChakraHQ tells its time in whole seconds: also a horizon of 0 may end a second later.
    wait_until(lambda: "may still be written" not in operate(tmp_path, config, "unknown").stdout)
    assert operate(tmp_path, config, "unknown", "--as", word, str(line["id"])).code == 0
    last = write(tmp_path, config, visits(range(3)))
    wanted = {"unchanged": 3} if is_there else {"unchanged": 2, "created": 1}
    assert (last.code, last.outcomes) == (0, wanted), last.stderr
    assert numbers_of(sandbox) == {f"155501{number:05}": 1 for number in range(3)}


def test_killed_in_the_middle_and_run_again(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_of(sandbox, BY_NUMBER)
    sandbox.knobs(latency_ms=50)
    lines = visits(range(40))
    kill_once(lambda: len(texts(sandbox)) >= 5, tmp_path, config, lines)
    sandbox.knobs(latency_ms=0)
    again = write(tmp_path, config, lines)
    assert again.code in (0, ExitCode.UNKNOWN), again.stderr
    assert again.outcomes.get("unknown", 0) <= 4
    assert sum(again.outcomes.values()) == 40
    assert set(numbers_of(sandbox).values()) == {1}
    assert len(texts(sandbox)) >= 40 - again.outcomes.get("unknown", 0)


# What is shown before


def test_a_dry_run_and_a_plan_show_the_text_and_apply_sends_just_that(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox, BY_NUMBER)
    dry = write(tmp_path, {**config, "dry_run": True}, visits(range(3)))
    assert dry.code == 0
    assert 'text: "Hi Mira 2"' in dry.stderr
    assert "0 deletes, 3 messages;" in dry.stderr
    assert sandbox.arrived("messages") == []
    assert write(tmp_path, config, visits(range(3)), "--plan", "plan.parquet").code == 0
    shown = operate(tmp_path, config, "plan", "plan.parquet").stdout
    assert "3 messages" in shown
    assert '  text: "Hi Mira 0"' in shown
    assert sandbox.arrived("messages") == []
    assert write(tmp_path, config, visits([1])).code == 0
    applied = operate(tmp_path, config, "apply", "plan.parquet", "--yes")
    assert (applied.code, applied.outcomes) == (0, {"created": 2, "unchanged": 1}), applied.stderr
    assert sorted(texts(sandbox)) == [f"Hi Mira {number}" for number in range(3)]
    operate(tmp_path, config, "apply", "plan.parquet", "--yes")
    assert set(numbers_of(sandbox).values()) == {1}


def test_a_plan_whose_messages_would_read_otherwise_sends_none(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox, BY_NUMBER)
    assert write(tmp_path, config, visits([1]), "--plan", "plan.parquet").code == 0
    template = next(
        each
        for each in sandbox.arrived("templates")
        if (each["name"], each["language"]) == ("visit_reminder", "en")
    )
    sandbox.knobs(template_review="approved")
    changed = {"components": [{"type": "BODY", "text": "Pay at once, {{1}}"}]}
    path = f"/v1/ext/plugin/whatsapp/api/v19.0/{template['id']}"
    assert sandbox.post_json(path, changed) == {"success": True}
    applied = operate(tmp_path, config, "apply", "plan.parquet", "--yes")
    assert applied.outcomes == {"rejected": 1}, applied.stderr
    assert "Since the plan was made the template 'visit_reminder' was changed" in applied.stderr
    assert sandbox.arrived("messages") == []


def test_a_plan_of_more_than_may_be_sent_sends_none(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_of(sandbox, of(BY_NUMBER, max_messages=2))
    made = write(tmp_path, config, visits(range(3)), "--plan", "plan.parquet")
    assert made.code == ExitCode.REJECTS
    assert "max_messages" in made.stderr
    applied = operate(tmp_path, config, "apply", "plan.parquet", "--yes")
    assert applied.code == ExitCode.REJECTS
    assert sandbox.arrived("messages") == []
