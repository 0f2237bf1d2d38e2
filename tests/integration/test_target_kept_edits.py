"""keep_edits: what people change in ChakraHQ stays until the source's own value changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.people import clear, edit
from tests.support.target_process import (
    living,
    operate,
    record,
    schema,
    settings,
    state,
    write,
    writes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = schema("scores", ["lead_id", "score", "remarks"])


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "300"]) as running:
        running.knobs(job_duration_ms=50)
        yield running


def config_of(sandbox: Sandbox, **more: Any) -> Any:
    mapping = {
        "stream": "scores",
        "procedure": "lead",
        "mode": "update",
        "key": "lead_id",
        "fields": {"lead_id": "data.lead_id", "score": "data.score", "remarks": "data.remarks"},
        "keep_edits": True,
        **more.pop("mapping", {}),
    }
    return settings(sandbox, streams=[mapping], **more)


def rows(keys: list[str], scores: dict[str, int], remarks: str = "from the model") -> list[Any]:
    made = [record("scores", lead_id=key, score=scores[key], remarks=remarks) for key in keys]
    return [COLUMNS, *made, state({"at": 1})]


def held(sandbox: Sandbox, key: str, name: str = "score") -> Any:
    return living(sandbox)[key]["data"].get(name)


def test_fifty_edits_by_people_stay_until_the_source_changes_ten_of_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    keys = sorted(living(sandbox))[:200]
    scores = {key: 9000 + n for n, key in enumerate(keys)}
    config = config_of(sandbox)
    assert write(tmp_path, config, rows(keys, scores)).outcomes == {"updated": 200}
    edited = keys[20:70]
    for n, key in enumerate(edited):
        edit(sandbox, key, score=n)
    again = write(tmp_path, config, rows(keys, scores))
    assert again.outcomes == {"unchanged": 150, "kept": 50}
    assert again.receipt["kept_fields"] == {"scores": 50}
    assert (again.code, again.states) == (0, [{"at": 1}])
    assert [held(sandbox, key) for key in edited] == list(range(50))
    listed = [json.loads(x) for x in operate(tmp_path, config, "kept", "--json").stdout.split("\n")
              if x]  # fmt: skip
    told = {each["key"]: (each["held"], each["wanted"], each["written"]) for each in listed}
    assert told == {f"lead_id={key}": (n, scores[key], scores[key]) for n, key in enumerate(edited)}
    changed = edited[:10]
    scores.update(dict.fromkeys(changed, 7000))
    last = write(tmp_path, config, rows(keys, scores))
    assert last.outcomes == {"updated": 10, "unchanged": 150, "kept": 40}
    assert [held(sandbox, key) for key in edited] == [7000] * 10 + list(range(10, 50))


def test_a_row_of_which_other_fields_are_written_counts_its_kept_ones(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox)
    write(tmp_path, config, rows([key], {key: 1}))
    edit(sandbox, key, score=2)
    again = write(tmp_path, config, rows([key], {key: 1}, remarks="another"))
    assert again.outcomes == {"updated": 1}
    assert again.receipt["kept_fields"] == {"scores": 1}
    assert (held(sandbox, key), held(sandbox, key, "remarks")) == (2, "another")
    said = operate(tmp_path, config, "kept").stdout
    assert f"lead lead_id={key}, data.score: holds 2, was written as 1" in said


def test_what_was_found_as_it_should_be_is_known_to_be_edited_later(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """The first run over equal values writes nothing, and knows them from then on."""
    key = min(living(sandbox))
    edit(sandbox, key, score=5, remarks="from the model")
    config = config_of(sandbox)
    assert write(tmp_path, config, rows([key], {key: 5})).outcomes == {"unchanged": 1}
    edit(sandbox, key, score=6)
    assert write(tmp_path, config, rows([key], {key: 5})).outcomes == {"kept": 1}
    assert held(sandbox, key) == 6


def test_an_edit_that_is_taken_back_or_made_twice_is_no_trouble(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox)
    write(tmp_path, config, rows([key], {key: 1}))
    for value, outcome in ((2, "kept"), (3, "kept"), (1, "unchanged"), (4, "kept")):
        edit(sandbox, key, score=value)
        assert write(tmp_path, config, rows([key], {key: 1})).outcomes == {outcome: 1}
        assert held(sandbox, key) == value


def test_a_person_who_writes_what_the_source_wants_next_has_edited_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox)
    write(tmp_path, config, rows([key], {key: 1}))
    edit(sandbox, key, score=2)
    assert write(tmp_path, config, rows([key], {key: 2})).outcomes == {"unchanged": 1}
    # Back at what was written first: the source's own value has changed.
    assert write(tmp_path, config, rows([key], {key: 1})).outcomes == {"updated": 1}


def test_a_field_that_a_person_emptied_stays_empty(sandbox: Sandbox, tmp_path: Path) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox)
    write(tmp_path, config, rows([key], {key: 1}))
    clear(sandbox, key, "score")
    assert write(tmp_path, config, rows([key], {key: 1})).outcomes == {"kept": 1}
    assert held(sandbox, key) is None


def test_overwrite_edits_writes_them_for_one_run(sandbox: Sandbox, tmp_path: Path) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox)
    write(tmp_path, config, rows([key], {key: 1}))
    edit(sandbox, key, score=2)
    over = write(tmp_path, {**config, "overwrite_edits": True}, rows([key], {key: 1}))
    assert over.outcomes == {"updated": 1}
    assert held(sandbox, key) == 1
    edit(sandbox, key, score=3)
    assert write(tmp_path, config, rows([key], {key: 1})).outcomes == {"kept": 1}


def test_a_column_may_keep_edits_for_itself_or_not(sandbox: Sandbox, tmp_path: Path) -> None:
    first, second = sorted(living(sandbox))[:2]
    fields = {
        "lead_id": "data.lead_id",
        "score": {"to": "data.score", "keep_edits": True},
        "remarks": "data.remarks",
    }
    config = config_of(sandbox, mapping={"fields": fields, "keep_edits": False})
    write(tmp_path, config, rows([first], {first: 1}))
    edit(sandbox, first, score=2, remarks="by hand")
    assert write(tmp_path, config, rows([first], {first: 1})).outcomes == {"updated": 1}
    assert (held(sandbox, first), held(sandbox, first, "remarks")) == (2, "from the model")
    fields = {**fields, "score": {"to": "data.score", "keep_edits": False}}
    config = config_of(sandbox, mapping={"fields": fields})
    write(tmp_path, config, rows([second], {second: 1}))
    edit(sandbox, second, score=2, remarks="by hand")
    assert write(tmp_path, config, rows([second], {second: 1})).outcomes == {"updated": 1}
    assert (held(sandbox, second), held(sandbox, second, "remarks")) == (1, "by hand")


def test_compare_journal_does_not_look_and_leaves_edits_alone_too(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox, compare="journal")
    write(tmp_path, config, rows([key], {key: 1}))
    edit(sandbox, key, score=2)
    assert write(tmp_path, config, rows([key], {key: 1})).outcomes == {"unchanged": 1}
    assert held(sandbox, key) == 2
    assert write(tmp_path, config, rows([key], {key: 3})).outcomes == {"updated": 1}
    assert held(sandbox, key) == 3


def test_a_dry_run_counts_what_would_be_kept_and_leaves_no_trace(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox)
    write(tmp_path, config, rows([key], {key: 1}))
    edit(sandbox, key, score=2)
    before = writes(sandbox)
    dry = write(tmp_path, {**config, "dry_run": True}, rows([key], {key: 1}))
    assert dry.outcomes == {"kept": 1}
    assert dry.receipt["kept_fields"] == {"scores": 1}
    assert writes(sandbox) == before
    said = operate(tmp_path, config, "kept")
    assert (said.stdout, "Run 1 kept no edits." in said.stderr) == ("", True)


def test_a_delete_is_not_held_back_by_an_edit(sandbox: Sandbox, tmp_path: Path) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox, mapping={"delete_when": "gone"}, max_deletes=1)
    columns = schema("scores", ["lead_id", "score", "gone"])
    row = record("scores", lead_id=key, score=1, gone=False)
    config["streams"][0]["fields"].pop("remarks")
    write(tmp_path, config, [columns, row])
    edit(sandbox, key, score=2)
    row["record"]["gone"] = True
    assert write(tmp_path, config, [columns, row]).outcomes == {"deleted": 1}
    assert key not in living(sandbox)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"compare": "never"}, "can't know what people changed"),
        ({"mapping": {"mode": "insert"}}, "keep_edits means nothing"),
        ({"mapping": {"keep_edits": "maybe"}}, "keep_edits"),
    ],
)
def test_what_can_t_be_had_together_is_refused(
    sandbox: Sandbox, tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    before = writes(sandbox)
    refused = write(tmp_path, config_of(sandbox, **more), rows([], {}))
    assert refused.code == 3
    assert said in refused.stderr
    assert writes(sandbox) == before


def test_an_edit_is_no_conversion_of_chakrahqs_though_a_job_wrote_other_fields_since(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """The process was touched last by our job, and yet not every difference is the server's."""
    key = min(living(sandbox))
    config = config_of(sandbox, mapping={"keep_edits": False})
    fields = {"lead_id": "data.lead_id", "remarks": "data.remarks"}
    other = {**config["streams"][0], "stream": "remarks", "fields": fields}
    config["streams"].append(other)
    write(tmp_path, config, rows([key], {key: 1}))
    edit(sandbox, key, score=2)
    remark = record("remarks", lead_id=key, remarks="another")
    told = write(tmp_path, config, [schema("remarks", ["lead_id", "remarks"]), remark])
    assert told.outcomes == {"updated": 1}
    assert held(sandbox, key) == 2
    again = write(tmp_path, config, rows([key], {key: 1}, remarks="another"))
    assert again.outcomes == {"updated": 1}
    assert held(sandbox, key) == 1
