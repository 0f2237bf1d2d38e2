"""What metrics and notices say of any run: read by other parsers than ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import NoAccess, SettingsError
from chakra_api.exit_codes import ExitCode
from chakra_plugin.monitoring.metrics_text import SUCCESS, metrics_text
from chakra_plugin.monitoring.notice import notice_body
from chakra_plugin.monitoring.run_facts import Metric, RunFacts, code_of, fault_of
from tests.support.prometheus import parsed

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)


def facts(code: ExitCode = ExitCode.DONE, **more: Any) -> RunFacts:
    given = {"kind": "run", "ended_ms": 1_790_000_000_500, "seconds": 2.25, **more}
    return RunFacts(command="target-chakra", code=code, **given)


@given(NAMES, st.dictionaries(NAMES, st.floats(0, 1e15), max_size=5))
def test_any_name_is_read_back_as_it_is(pipeline: str, values: dict[str, float]) -> None:
    metric = Metric("run_rows", "Rows.", [({"stream": n}, v) for n, v in values.items()])
    found = parsed(metrics_text(facts(metrics=[metric]), pipeline))
    rows = {each.labels["stream"]: each.value for each in found if each.name.endswith("run_rows")}
    assert rows == pytest.approx(values, abs=0.001)
    assert {each.labels["pipeline"] for each in found} == {pipeline}


def success(text: str) -> float | None:
    return next((each.value for each in parsed(text) if each.name.endswith(SUCCESS)), None)


def test_the_last_success_is_that_of_a_run_of_the_pipeline_and_outlives_failures() -> None:
    first = metrics_text(facts(ExitCode.REJECTS), "p")
    assert success(first) is None
    retried = metrics_text(facts(kind="retry"), "p", first)
    assert success(retried) is None
    well = metrics_text(facts(), "p", retried)
    assert success(well) == 1_790_000_000.5
    failed = metrics_text(facts(ExitCode.UNKNOWN, ended_ms=1_800_000_000_000), "p", well)
    assert success(failed) == 1_790_000_000.5
    again = metrics_text(facts(ended_ms=1_800_000_000_000), "p", failed)
    assert success(again) == 1_800_000_000


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("https://hooks.slack.com/services/T/B/X", {"text"}),
        ("https://prod-7.westeurope.logic.azure.com:443/workflows/x", {"type", "attachments"}),
        ("https://d.environment.api.powerplatform.com/x", {"type", "attachments"}),
        ("https://evilslack.com/x", None),
        ("https://slack.com.evil.example/x", None),
        ("http://127.0.0.1:8/x", None),
    ],
)
def test_each_receiver_gets_the_form_that_it_takes(url: str, keys: set[str] | None) -> None:
    body = notice_body(facts(ExitCode.REJECTS, said="2 rows in: 2 <rejected> & more"), url, "on a")
    assert json.loads(json.dumps(body)) == body
    if keys is None:
        assert body["exit_code"] == 7
    else:
        assert set(body) == keys
    said = json.dumps(body)
    assert "rejects (exit code 7)" in said
    escaped = "2 &lt;rejected&gt; &amp; more" in said
    assert escaped == (keys == {"text"})


def test_an_error_is_told_by_its_kind_and_never_by_its_message() -> None:
    refused = NoAccess("The row Asha is refused", "Look at Asha", status=403)
    assert (code_of(refused), fault_of(refused)) == (ExitCode.NO_ACCESS, "403")
    wrong = SettingsError("The setting city is Pune", "Write Pune")
    assert (code_of(wrong), fault_of(wrong)) == (ExitCode.SETTINGS, "")
    assert code_of(SystemExit(9)) is ExitCode.STOPPED
    assert code_of(KeyError("Asha")) is ExitCode.BUG


@pytest.mark.parametrize("code", ExitCode)
def test_each_end_has_words_and_a_meaning(code: ExitCode) -> None:
    assert code.words == code.name.lower().replace("_", " ")
    assert len(code.means) > 20
    assert not code.means.endswith(".")
