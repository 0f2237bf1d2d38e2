"""The streams of inbound events through the real tap and the dlt source, behind a real listener."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from chakra_sandbox.whatsapp.made_templates import PHONE_NUMBER_ID
from tests.support import tap_process as tap
from tests.support.listening import SECRET, listening, message, passed_through

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

WHATSAPP, CHANGES = "whatsapp_events", "chakra_changes"
TEMPLATES = "whatsapp_templates"
DAY = 86_400_000


@pytest.fixture
def config(shared_sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return {
        "api_key": shared_sandbox.api_key,
        "api_url": shared_sandbox.url,
        "webhook_store": str(tmp_path / "events.db"),
    }


@pytest.fixture
def run(config: dict[str, Any], tmp_path: Path) -> Callable[..., tap.Output]:
    """Runs the tap on the streams of inbound events."""
    catalog = tap.catalog_of(tmp_path, config, WHATSAPP, CHANGES)

    def runs(state: dict[str, Any] | None = None, **more: Any) -> tap.Output:
        given = {} if state is None else {"state": state}
        return tap.run(tmp_path, {**config, **more}, catalog=catalog, **given)

    return runs


def sent(folder: Path, *values: Any) -> None:
    with listening(folder, "--max-rate", "100000") as running:
        for value in values:
            path = "/changes" if "procedure" in value else "/whatsapp"
            assert running.send(path, value) == 200


def names(output: tap.Output) -> list[str]:
    return [each["message_id"] for each in output.records[WHATSAPP]]


def held(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM webhook_events").fetchone()
        return int(count)


def aged(folder: Path, days: float) -> None:
    """Make all events so much older."""
    with closing(sqlite3.connect(folder / "events.db")) as connection, connection:
        connection.execute("UPDATE webhook_events SET received_at = received_at - ?", [days * DAY])


def test_each_event_comes_once_in_order(
    run: Callable[..., tap.Output], shared_sandbox: Sandbox, tmp_path: Path
) -> None:
    lead = shared_sandbox.oracle()[0].id
    sent(tmp_path, message("m1"), passed_through("m2", "m3"), {"procedure": "lead", "id": lead})
    first = run()
    assert (first.code, names(first)) == (0, ["m1", "m2", "m3"])
    assert [each["process_id"] for each in first.records[CHANGES]] == [lead]
    sent(tmp_path, message("m1"), message("m4"))
    second = run(first.states[-1])
    assert (second.code, names(second), second.records[CHANGES]) == (0, ["m4"], [])
    third = run(second.states[-1])
    assert (third.code, names(third)) == (0, [])
    assert third.states[-1] == second.states[-1]
    ids = [each["id"] for each in first.records[WHATSAPP] + second.records[WHATSAPP]]
    assert len(set(ids)) == 4


def test_what_was_emitted_stays_until_its_state_comes_back(
    run: Callable[..., tap.Output], tmp_path: Path
) -> None:
    sent(tmp_path, message("m1"), message("m2"), {"procedure": "lead"})
    aged(tmp_path, 40)
    first = run()
    assert run().code == 0  # its loader failed: nothing came back
    assert held(tmp_path) == 3
    second = run(first.states[-1])
    assert (names(second), held(tmp_path)) == ([], 0)
    assert "2 events that were passed on are cleared" in second.stderr


def test_events_stay_for_as_long_as_is_set(run: Callable[..., tap.Output], tmp_path: Path) -> None:
    sent(tmp_path, message("m1"))
    state = run().states[-1]
    aged(tmp_path, 8)
    run(state)
    assert held(tmp_path) == 1
    run(state, webhook_keep_days=7)
    assert held(tmp_path) == 0


def test_a_run_in_full_reads_all_and_clears_nothing(
    config: dict[str, Any], run: Callable[..., tap.Output], tmp_path: Path
) -> None:
    sent(tmp_path, message("m1"))
    state = run().states[-1]
    sent(tmp_path, message("m2"))
    aged(tmp_path, 40)
    catalog = tap.catalog_of(tmp_path, config, WHATSAPP)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["replication-method"] = "FULL_TABLE"
    found = tap.run(tmp_path, config, catalog=catalog, state=state)
    assert (found.code, names(found), held(tmp_path)) == (0, ["m1", "m2"], 2)
    assert found.of_type("ACTIVATE_VERSION", WHATSAPP) == []
    assert names(run(found.states[-1])) == []  # a later run goes on behind it


def test_state_follows_while_many_are_read(run: Callable[..., tap.Output], tmp_path: Path) -> None:
    sent(tmp_path, *(passed_through(*(f"{n}-{m}" for m in range(100))) for n in range(25)))
    found = run()
    assert len(names(found)) == 2_500
    at = [each["bookmarks"].get(WHATSAPP, {}).get("sequence") for each in found.states]
    assert len([each for each in at if each]) == 3
    # No STATE is ahead of the records before it.
    seen = 0
    for line in found.lines:
        if line["type"] == "RECORD" and line["stream"] == WHATSAPP:
            seen = line["record"]["sequence"]
        elif line["type"] == "STATE":
            assert line["value"]["bookmarks"].get(WHATSAPP, {}).get("sequence", 0) <= seen


def test_a_new_store_is_read_from_its_beginning(
    run: Callable[..., tap.Output], tmp_path: Path
) -> None:
    sent(tmp_path, message("m1"), message("m2"), message("m3"))
    state = run().states[-1]
    for path in tmp_path.glob("events.db*"):
        path.unlink()
    gone = run(state)
    assert gone.code == 3
    assert "There is no event store" in gone.stderr
    assert WHATSAPP in gone.stderr
    assert "Traceback" not in gone.stderr
    sent(tmp_path, message("m4"))
    found = run(state)
    assert (found.code, names(found)) == (0, ["m4"])
    assert "another store than before" in found.stderr
    assert names(run(found.states[-1])) == []


def test_an_older_copy_of_the_store_is_read_again(
    run: Callable[..., tap.Output], tmp_path: Path
) -> None:
    sent(tmp_path, message("m1"))
    with (
        closing(sqlite3.connect(tmp_path / "events.db")) as original,
        closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
    ):
        original.backup(copy)
    sent(tmp_path, message("m2"), message("m3"))
    state = run().states[-1]
    for path in tmp_path.glob("events.db*"):
        path.unlink()
    (tmp_path / "copy.db").rename(tmp_path / "events.db")
    found = run(state)
    assert (found.code, names(found)) == (0, ["m1"])
    assert "an older copy" in found.stderr


def test_before_the_first_event_there_is_nothing_and_a_word_on_it(
    run: Callable[..., tap.Output], tmp_path: Path
) -> None:
    found = run()
    assert (found.code, found.records[WHATSAPP]) == (0, [])
    assert "There is no event store" in found.stderr
    assert not (tmp_path / "events.db").exists()


def test_without_a_store_there_are_no_such_streams(config: dict[str, Any], tmp_path: Path) -> None:
    streams = {
        each["tap_stream_id"]
        for each in tap.catalog_of(tmp_path, {**config, "webhook_store": ""}, "users")["streams"]
    }
    assert not streams & {WHATSAPP, CHANGES}


def test_a_state_of_somebody_else_fails_the_stream(
    run: Callable[..., tap.Output], tmp_path: Path
) -> None:
    sent(tmp_path, message("m1"))
    found = run({"bookmarks": {WHATSAPP: {"sequence": "many"}}})
    assert found.code == 3
    assert "never wrote" in found.stderr


def test_a_mask_that_would_leave_the_payload_is_refused(
    run: Callable[..., tap.Output], tmp_path: Path
) -> None:
    sent(tmp_path, passed_through("m1"))
    refused = run(mask={"*.sender": "drop"})
    assert refused.code == 3
    assert f'Add "{WHATSAPP}.payload": "drop" to the mask' in refused.stderr
    found = run(mask={"*.sender": "drop", "*.payload": "drop"})
    assert found.code == 0
    assert "15550100017" not in json.dumps(found.lines)


def test_batch_files_hold_the_same(run: Callable[..., tap.Output], tmp_path: Path) -> None:
    sent(tmp_path, *(passed_through(*(f"{n}-{m}" for m in range(100))) for n in range(12)))
    storage = {"root": f"file://{tmp_path / 'files'}"}
    found = run(batch_config={"encoding": {"format": "parquet"}, "storage": storage})
    assert found.code == 0
    manifests = [each["manifest"] for each in found.of_type("BATCH", WHATSAPP)]
    files = [path.removeprefix("file://") for each in manifests for path in each]
    assert duckdb.sql(f"SELECT count(DISTINCT id) FROM read_parquet({files})").fetchall() == [
        (1200,)
    ]
    assert [each["bookmarks"][WHATSAPP]["sequence"] for each in found.states
            if WHATSAPP in each["bookmarks"]] == [1200]  # fmt: skip


def test_dlt_loads_each_event_once_and_clears_what_its_state_covers(
    config: dict[str, Any], tmp_path: Path
) -> None:
    import dlt  # noqa: PLC0415 - takes long to import

    from tap_chakra.dlt_source import chakra_source  # noqa: PLC0415 - the same

    pipeline = dlt.pipeline(
        "events",
        destination=dlt.destinations.duckdb(str(tmp_path / "w.duckdb")),
        dataset_name="raw",
        pipelines_dir=str(tmp_path / "pipelines"),
    )

    def load() -> list[str]:
        source = chakra_source(**config, webhook_keep_days=7)
        pipeline.run(source.with_resources(WHATSAPP, CHANGES))
        with duckdb.connect(str(tmp_path / "w.duckdb")) as warehouse:
            question = f"SELECT message_id FROM raw.{WHATSAPP} ORDER BY sequence"
            return [each for (each,) in warehouse.execute(question).fetchall()]

    sent(tmp_path, message("m1"), passed_through("m2", "m3"), {"procedure": "lead"})
    aged(tmp_path, 8)
    assert load() == ["m1", "m2", "m3"]
    assert held(tmp_path) == 4
    sent(tmp_path, message("m3"), message("m4"))
    assert load() == ["m1", "m2", "m3", "m3", "m4"]  # m3 of Meta, and m3 of ChakraHQ
    assert held(tmp_path) == 2
    assert load() == ["m1", "m2", "m3", "m3", "m4"]


def test_the_sandbox_calls_in_each_form(
    run: Callable[..., tap.Output], shared_sandbox: Sandbox, tmp_path: Path
) -> None:
    """The whole way: ChakraHQ calls, the listener keeps, the tap emits."""
    with listening(tmp_path) as running:
        address = f"http://127.0.0.1:{running.port}"
        for form, path in (("chakra", "whatsapp"), ("meta", "whatsapp"), ("change", "changes")):
            sends = {"form": form, "count": 3}
            answers = shared_sandbox.call(f"{address}/{path}", SECRET, **sends)
            assert answers == {"200": 3}, form
        assert shared_sandbox.call(f"{address}/whatsapp", "guessed") == {"401": 1}
        assert shared_sandbox.call(f"{address}/whatsapp", SECRET, first=2) == {"200": 1}  # again
    assert shared_sandbox.call(f"{address}/whatsapp", SECRET) == {"none": 1}
    found = run()
    forms = [each["form"] for each in found.records[WHATSAPP]]
    assert forms == ["chakra"] * 3 + ["meta"] * 3
    assert all(each["sender"].startswith("1555") for each in found.records[WHATSAPP])
    living = {row.id for row in shared_sandbox.oracle() if row.died_ms is None}
    assert {each["process_id"] for each in found.records[CHANGES]} <= living
    assert [each["procedure"] for each in found.records[CHANGES]] == ["lead"] * 3


def test_the_account_that_events_name_has_the_templates(
    run: Callable[..., tap.Output],
    config: dict[str, Any],
    shared_sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    with listening(tmp_path) as running:
        for form in ("chakra", "meta"):
            address = f"http://127.0.0.1:{running.port}/whatsapp"
            assert shared_sandbox.call(address, SECRET, form=form) == {"200": 1}
    events = run().records[WHATSAPP]
    assert [each["form"] for each in events] == ["chakra", "meta"]
    assert events[1]["phone_number_id"] == PHONE_NUMBER_ID
    (waba_id,) = {each["waba_id"] for each in events}
    config["whatsapp"] = {"waba_id": waba_id}
    catalog = tap.catalog_of(tmp_path, config, TEMPLATES)
    read = tap.run(tmp_path, config, catalog=catalog)
    held = shared_sandbox.arrived("templates")
    assert (read.code, len(read.records[TEMPLATES])) == (0, len(held)), read.stderr


def test_a_store_in_postgresql_serves_several_listeners(
    config: dict[str, Any], postgres: str, tmp_path: Path
) -> None:
    place = {"webhook_store": postgres}
    with listening(tmp_path, **place) as one, listening(tmp_path, **place) as two:
        for n in range(5):
            assert one.send("/whatsapp", message(f"a{n}")) == 200
            assert two.send("/whatsapp", message(f"a{n}")) == 200
            assert two.send("/whatsapp", passed_through(f"b{n}", f"c{n}")) == 200
    settings = {**config, **place}
    catalog = tap.catalog_of(tmp_path, settings, WHATSAPP)
    first = tap.run(tmp_path, settings, catalog=catalog)
    assert first.code == 0
    assert names(first) == [f"{kind}{n}" for n in range(5) for kind in "abc"]
    second = tap.run(
        tmp_path, {**settings, "webhook_keep_days": 0}, catalog=catalog, state=first.states[-1]
    )
    assert (second.code, names(second)) == (0, [])
    assert "15 events that were passed on are cleared" in second.stderr
