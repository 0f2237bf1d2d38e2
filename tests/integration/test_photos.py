"""The stream of photos through the real tap: each file once and whole, or a reason; also killed."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_api.wire.multipart import Upload
from chakra_sandbox.launch import Sandbox, start_sandbox
from chakra_sandbox.writes.made_photos import made_png
from tests.support import dlt_runs
from tests.support import tap_process as tap
from tests.support.client_of import client_of
from tests.support.strict_singer import messages_of

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAM, TICKETS = "photos", "process_ticket"
NO_ONES = "00000000-0000-4000-8000-00000000000"
ATTRIBUTES = ("front_photo", "photos")


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "20", "--tickets", "300", "--orders", "20"]) as server:
        yield server


class Pipeline:
    """Runs of the tap on tickets and their photos, with the state of the run before."""

    def __init__(self, server: Sandbox, folder: Path, **more: Any) -> None:
        self.server, self.folder = server, folder
        self.place = folder / "photos"
        self.config = {
            "api_key": server.api_key,
            "api_url": server.url,
            "procedures": ["ticket"],
            "photos": {"to": str(self.place)},
            **more,
        }
        self.catalog = tap.catalog_of(folder, self.config, STREAM, TICKETS)
        self.state: dict[str, Any] | None = None

    def run(self, **more: Any) -> tap.Output:
        given = {} if self.state is None else {"state": self.state}
        output = tap.run(self.folder, {**self.config, **more}, catalog=self.catalog, **given)
        if output.states:
            self.state = output.states[-1]
        return output

    @property
    def files(self) -> dict[str, bytes]:
        """The files of photos by their names."""
        return {
            each.name: each.read_bytes()
            for each in (self.place.iterdir() if self.place.is_dir() else ())
            if each.is_file()
        }

    def fetched(self) -> list[str]:
        """The ids that were asked for since the last time."""
        asked = [
            unquote(each["path"].rpartition("/")[2])
            for each in self.server.requests()
            if "/v1/ext/photo/" in each["path"]
        ]
        self.server.forget_requests()
        return asked


@pytest.fixture
def pipeline(server: Sandbox, tmp_path: Path) -> Pipeline:
    return Pipeline(server, tmp_path)


def named_by(server: Sandbox) -> set[tuple[str, str, str]]:
    """Process, attribute and id of each photo that tickets name now, by the sandbox itself."""
    found = set()
    for ticket in server.oracle("ticket"):
        data = ticket.row["data"]
        for attribute in ATTRIBUTES:
            value = data.get(attribute) or []
            ids = value if isinstance(value, list) else [value]
            found |= {(ticket.id, attribute, str(each)) for each in ids}
    return found


def told(records: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(each["process"], each["attribute"], each["id"]) for each in records}


def show(server: Sandbox, number: int, **data: Any) -> str:
    """Have a ticket name other photos; its id."""
    ticket = server.oracle("ticket")[number].id
    client = client_of(server)
    client.update_process("ticket", ticket, {"data": data})
    client.close()
    return ticket


@pytest.mark.parametrize("way", ["bytes", "redirect", "json"])
def test_each_photo_that_rows_name_lies_there_once_in_each_form_of_answer(
    pipeline: Pipeline, way: str
) -> None:
    pipeline.server.knobs(photo_fetch=way)
    output = pipeline.run()
    assert output.code == 0, output.stderr
    records = output.records[STREAM]
    made = [each for each in records if each["id"] not in {r["id"] for r in records if r["reason"]}]
    assert told(records) == named_by(pipeline.server)
    assert len(records) == len(told(records)) > 300
    for each in made:
        body = pipeline.files[each["id"]]
        assert body == made_png(each["id"])
        assert (each["path"], each["procedure"]) == (str(pipeline.place / each["id"]), "ticket")
        assert (each["bytes"], each["content_type"]) == (len(body), "image/png")
        assert each["sha256"] == hashlib.sha256(body).hexdigest()
    asked = pipeline.fetched()
    assert len(asked) == len(set(asked)) == len({each["id"] for each in records})


def test_where_chakra_names_no_address_each_is_a_record_with_its_reason(
    pipeline: Pipeline,
) -> None:
    pipeline.server.knobs(photo_fetch="json_alone")
    output = pipeline.run()
    assert output.code == 0
    assert told(output.records[STREAM]) == named_by(pipeline.server)
    assert {each["reason"][:8] for each in output.records[STREAM]} == {"no file:"}
    assert pipeline.files == {}
    assert "0 of" in output.stderr


def test_a_second_run_fetches_what_changed_alone(pipeline: Pipeline) -> None:
    """Without a state everything is read again, and nothing fetched."""
    client = client_of(pipeline.server)
    upload = Upload.of_bytes("new.jpg", "image/jpeg", b"\xff\xd8 a new one")
    shown = str(client.photos.upload(upload).photo_id)
    first = pipeline.run(lookback_seconds=0)
    assert len(pipeline.fetched()) == len(pipeline.files) > 100
    time.sleep(1.1)  # ChakraHQ's time of day has seconds
    ticket = show(pipeline.server, 3, front_photo=shown)
    second = pipeline.run(lookback_seconds=0)
    assert pipeline.fetched() == [shown]
    assert (second.code, {r["process"] for r in second.records[STREAM]}) == (0, {ticket})
    assert pipeline.files[shown] == b"\xff\xd8 a new one"
    pipeline.state = None
    third = pipeline.run()
    assert pipeline.fetched() == []
    records = {(r["process"], r["attribute"], r["id"]): r for r in first.records[STREAM]}
    again = {(r["process"], r["attribute"], r["id"]): r for r in third.records[STREAM]}
    assert all(again[key] == records[key] for key in again.keys() & records.keys())
    assert len(again.keys() & records.keys()) > 300


def test_photos_that_can_not_be_had_and_two_attributes_of_one_photo(pipeline: Pipeline) -> None:
    client = client_of(pipeline.server)
    large = str(
        client.photos.upload(Upload.of_bytes("large.png", "image/png", bytes(50_000))).photo_id
    )
    small = str(client.photos.upload(Upload.of_bytes("s.png", "image/png", b"small")).photo_id)
    ticket = show(pipeline.server, 5, front_photo=small, photos=[small, large, f"{NO_ONES}1"])
    odd = show(pipeline.server, 6, front_photo="../../../etc/passwd", photos=[])
    output = pipeline.run(photos={"to": str(pipeline.place), "max_bytes": 40_000})
    assert output.code == 0
    of_both = [r for r in output.records[STREAM] if r["process"] in {ticket, odd}]
    reasons = {(r["attribute"], r["id"]): (r["reason"] or "")[:16] for r in of_both}
    assert reasons == {
        ("front_photo", small): "",
        ("photos", small): "",
        ("photos", large): "larger than max_",
        ("photos", f"{NO_ONES}1"): "404: ChakraHQ an",
        ("front_photo", "../../../etc/passwd"): "404: ChakraHQ an",
    }
    assert pipeline.fetched().count(small) == 1
    assert large not in pipeline.files
    again = pipeline.run(photos={"to": str(pipeline.place)})
    assert again.code == 0
    show(pipeline.server, 5, front_photo=large)
    pipeline.run()
    assert pipeline.files[large] == bytes(50_000)


@pytest.mark.parametrize(
    "sandbox",
    [["--rows", "0", "--orders", "0", "--tickets", "1500", "--set", "latency_ms=10"]],
    indirect=True,
)
def test_a_run_that_is_killed_leaves_whole_files_and_the_next_one_goes_on(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    pipeline = Pipeline(sandbox, tmp_path, concurrency=8)
    written: list[dict[str, Any]] = []
    for name, content in (("config", pipeline.config), ("catalog", pipeline.catalog)):
        (tmp_path / f"{name}-k.json").write_text(json.dumps(content))
    for count in (60, 250, 600):
        command = [*tap.COMMAND, "--config", str(tmp_path / "config-k.json")]
        command += ["--catalog", str(tmp_path / "catalog-k.json")]
        if pipeline.state is not None:
            (tmp_path / "state-k.json").write_text(json.dumps(pipeline.state))
            command += ["--state", str(tmp_path / "state-k.json")]
        printed = tmp_path / f"killed-{count}.jsonl"
        with (
            printed.open("wb") as out,
            subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL) as running,
        ):
            # They are not read yet: one that is being written has another name in a moment.
            while sum(each.is_file() for each in pipeline.place.glob("*")) < count:
                assert running.poll() is None
                time.sleep(0.01)
            os.kill(running.pid, signal.SIGKILL)
        whole = printed.read_bytes().rpartition(b"\n")[0].decode()
        lines = messages_of(whole + "\n", ended=False) if whole else []
        states = [number for number, line in enumerate(lines) if line["type"] == "STATE"]
        if states:
            written += lines[: states[-1]]
            pipeline.state = lines[states[-1]]["value"]
        files = {n: b for n, b in pipeline.files.items() if not n.startswith(".")}
        assert all(body == made_png(name) for name, body in files.items())
    last = pipeline.run()
    assert last.code == 0
    assert {name: made_png(name) for name in pipeline.files} == pipeline.files
    records = [r["record"] for r in written if r["type"] == "RECORD" and r["stream"] == STREAM]
    assert told([*records, *last.records[STREAM]]) == named_by(sandbox)
    asked = pipeline.fetched()
    # What was under way when a run was killed is asked for once more.
    assert len(asked) <= len(set(asked)) + 3 * 8


@pytest.mark.parametrize(
    ("mask", "left"),
    [
        ({"process_ticket.front_photo": "drop"}, {"photos"}),
        ({"*.photos": "hash"}, {"front_photo"}),
        ({"process_ticket.data": "drop"}, set()),
    ],
)
def test_a_masked_photo_is_never_fetched(
    server: Sandbox, tmp_path: Path, mask: dict[str, str], left: set[str]
) -> None:
    more = {"mask": mask, "mask_salt": "a salt of more than sixteen"}
    if not left:
        refused = tap.run(tmp_path, {**Pipeline(server, tmp_path).config, **more}, "--discover")
        assert refused.code == ExitCode.SETTINGS
        assert "read in the clear" in refused.stderr
        return
    pipeline = Pipeline(server, tmp_path, **more)
    pipeline.fetched()
    output = pipeline.run()
    assert {each["attribute"] for each in output.records[STREAM]} == left
    kept = {each["id"] for each in output.records[STREAM]}
    assert set(pipeline.fetched()) == kept


def test_columns_of_the_stream_itself_can_be_masked_but_for_its_key(
    server: Sandbox, tmp_path: Path
) -> None:
    pipeline = Pipeline(server, tmp_path, mask={"photos.path": "drop"})
    output = pipeline.run()
    assert output.records[STREAM]
    assert all("path" not in each for each in output.records[STREAM])
    config = {**pipeline.config, "mask": {"photos.process": "drop"}}
    refused = tap.run(tmp_path, config, "--discover")
    assert (refused.code, "photos.process" in refused.stderr) == (ExitCode.SETTINGS, True)


def test_what_is_not_selected_is_not_fetched(pipeline: Pipeline) -> None:
    for stream in pipeline.catalog["streams"]:
        for entry in stream["metadata"]:
            if entry["breadcrumb"][-1:] == ["front_photo"]:
                entry["metadata"]["selected"] = False
    output = pipeline.run()
    assert {each["attribute"] for each in output.records[STREAM]} == {"photos"}
    catalog = tap.catalog_of(pipeline.folder, pipeline.config, TICKETS)
    pipeline.fetched()
    unselected = tap.run(pipeline.folder, pipeline.config, catalog=catalog)
    assert (unselected.code, pipeline.fetched()) == (0, [])
    assert "the stream photos is not selected" in unselected.stderr


def test_a_photo_that_fails_for_a_while_is_fetched_by_the_next_run(pipeline: Pipeline) -> None:
    ticket, _, photo = min(each for each in named_by(pipeline.server) if each[1] == "front_photo")
    pipeline.server.knobs(faults=[{"kind": "500", "every_nth": 1, "match": photo}])
    first = pipeline.run()
    assert first.code == 0
    (record,) = [each for each in first.records[STREAM] if each["id"] == photo]
    assert (record["path"], record["reason"][:4]) == (None, "500:")
    assert pipeline.state is not None
    assert pipeline.state["bookmarks"][TICKETS]["lostPhotos"] == [[ticket, "front_photo", photo]]
    pipeline.server.knobs(faults=[])
    pipeline.fetched()
    second = pipeline.run(lookback_seconds=0)
    assert pipeline.fetched() == [photo]
    assert [each["id"] for each in second.records[STREAM] if not each["reason"]].count(photo) == 1
    assert "lostPhotos" not in pipeline.state["bookmarks"][TICKETS]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"photos": {"to": "p", "procedures": ["lead"]}}, "which is not read"),
        ({"photos": {"to": "p", "procedures": ["order"]}, "procedures": ["order"]}, "photo or mul"),
        ({"photos": {"to": "p"}, "procedures": ["lead"]}, "no procedure that is read has"),
    ],
)
def test_a_setting_that_can_mean_nothing_is_refused_before_the_first_row(
    server: Sandbox, tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    config = {**Pipeline(server, tmp_path).config, **more}
    refused = tap.run(tmp_path, config)
    assert (refused.code, refused.lines) == (ExitCode.SETTINGS, [])
    assert said in refused.stderr


def test_batch_files_hold_the_records_too(pipeline: Pipeline) -> None:
    batch = {"encoding": {"format": "jsonl", "compression": "none"}}
    batch["storage"] = {"root": str(pipeline.folder / "out")}
    output = pipeline.run(batch_config=batch)
    assert output.code == 0, output.stderr
    lines = [
        json.loads(line)
        for path in sorted((pipeline.folder / "out").glob("*photos*"))
        for line in path.read_text().splitlines()
    ]
    assert told(lines) == named_by(pipeline.server)
    assert output.records[STREAM] == []
    manifests = [line for line in output.lines if line["type"] in {"BATCH", "STATE"}]
    assert manifests[-1]["type"] == "STATE"


def test_memory_does_not_grow_with_the_number_of_photos(server: Sandbox, tmp_path: Path) -> None:
    """Sixty photos of 5 MB are 300 MB in all, and few of them are in memory at a time."""
    client = client_of(server)
    ids = [
        str(client.photos.upload(Upload.of_bytes("l.png", "image/png", bytes(5_000_000))).photo_id)
        for _ in range(60)
    ]
    show(server, 9, photos=ids)
    to = str(tmp_path / "photos")
    pipeline = Pipeline(server, tmp_path, photos={"to": to, "max_bytes": 64 << 20})
    without = _peak(pipeline, {**pipeline.config, "photos": {"to": to, "max_bytes": 40_000}})
    with_them = _peak(pipeline, pipeline.config)
    assert sum(map(len, pipeline.files.values())) > 300_000_000
    assert with_them - without < 100_000


def _peak(pipeline: Pipeline, config: dict[str, Any]) -> int:
    """The most memory that a run takes, kilobytes."""
    command = [*tap.COMMAND]
    for name, content in (("config", config), ("catalog", pipeline.catalog)):
        path = pipeline.folder / f"peak-{name}.json"
        path.write_text(json.dumps(content))
        command += [f"--{name}", str(path)]
    null = subprocess.DEVNULL
    running = subprocess.Popen(command, env=tap.environment(), stdout=null, stderr=null)
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    assert running.returncode == 0
    return usage.ru_maxrss


def test_the_dlt_source_has_them_as_a_table(
    server: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"photos": {"to": str(tmp_path / "photos")}, "lookback_seconds": 0}
    target = dlt_runs.pipeline(tmp_path)
    target.run(dlt_runs.source(server, TICKETS, **options))
    sql = "SELECT process, attribute, id FROM photos"
    assert set(dlt_runs.ask(target, sql)) == named_by(server)
    files = "SELECT path, bytes, sha256 FROM photos WHERE reason IS NULL ORDER BY id LIMIT 1"
    (row,) = dlt_runs.ask(target, files)
    body = Path(row[0]).read_bytes()
    assert row[1:] == (len(body), hashlib.sha256(body).hexdigest())
    server.forget_requests()
    target.run(dlt_runs.source(server, TICKETS, full_scan=True, **options))
    assert not [each for each in server.requests() if "/photo/" in each["path"]]
    mask = {"*.front_photo": "drop", "photos.path": "hash"}
    masked = {"mask": mask, "mask_salt": "a salt of 16 and more"}
    other = dlt_runs.pipeline(tmp_path, name="masked", dataset_name="masked")
    other.run(dlt_runs.source(server, TICKETS, **options, **masked))
    lengths = "SELECT DISTINCT attribute, length(path) FROM photos WHERE path IS NOT NULL"
    found = dlt_runs.ask(other, lengths)
    assert found == [("photos", 64)]
