"""Photos that rows bring: uploaded once per content, compared first, named by their processes."""

from __future__ import annotations

import base64
import hashlib
import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
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
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("ticket", "file", "called")
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff\xe0"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "10", "--tickets", "20"]) as server:
        yield server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder


def mapping(folder: Path, **more: Any) -> dict[str, Any]:
    named = {"procedure": "ticket", "key": "ticket", "attribute": "front_photo", "file": "file"}
    made = {"stream": "pictures", "kind": "photo", **named, "root": str(folder), **more}
    return {name: each for name, each in made.items() if each is not None}


def config(sandbox: Sandbox, root: Path, **more: Any) -> dict[str, Any]:
    return settings(sandbox, **{"streams": [mapping(root)], "max_rejects": 100, **more})


def picture(ticket: object, file: object, **more: Any) -> dict[str, Any]:
    return record("pictures", ticket=ticket, file=file, **more)


def pictures(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema("pictures", COLUMNS), *rows, state({"at": len(rows)})]


def held(sandbox: Sandbox, attribute: str = "front_photo") -> dict[int, Any]:
    """What the attribute of each ticket holds."""
    return {key: row["data"].get(attribute) for key, row in living(sandbox, "ticket").items()}


def photos(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The photos that were uploaded, by id."""
    return {each["id"]: each for each in sandbox.arrived("photos")}


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def reasons(folder: Path, sandbox: Sandbox, root: Path) -> dict[str, str]:
    rejects = operate(folder, config(sandbox, root), "rejects", "--json").stdout.splitlines()
    return {str(each["row"]["file"]): each["reason"] for each in map(json.loads, rejects)}


def test_files_become_photos_that_their_processes_name_each_uploaded_once(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    (root / "deep").mkdir()
    bodies = {"1.png": PNG + b"one", "deep/2.jpg": JPEG + b"two", "3": PNG + b"three"}
    for name, body in bodies.items():
        (root / name).write_bytes(body)
    lines = pictures(
        picture(1, "1.png"), picture("2", "deep/2.jpg"), picture(3, str(root / "3")), picture(4, "")
    )
    told = write(tmp_path, config(sandbox, root), lines)
    assert (told.code, told.outcomes) == (0, {"updated": 3, "unchanged": 1}), told.stderr
    assert told.states == [{"at": 4}]
    kept, arrived = held(sandbox), photos(sandbox)
    assert [arrived[kept[n]]["sha256"] for n in (1, 2, 3)] == [*map(sha256, bodies.values())]
    assert [arrived[kept[n]]["filename"] for n in (1, 2, 3)] == ["1", "2", "3"]
    assert [arrived[kept[n]]["filetype"] for n in (1, 2, 3)] == ["png", "jpg", "png"]
    assert [arrived[kept[n]]["content_type"] for n in (1, 2)] == ["image/png", "image/jpeg"]
    again = write(tmp_path, config(sandbox, root), lines)
    assert again.outcomes == {"unchanged": 4}
    assert {each["times"] for each in photos(sandbox).values()} == {1}
    (root / "1.png").write_bytes(PNG + b"another one")
    third = write(tmp_path, config(sandbox, root), lines)
    assert third.outcomes == {"updated": 1, "unchanged": 3}
    assert photos(sandbox)[held(sandbox)[1]]["sha256"] == sha256(PNG + b"another one")
    assert len(photos(sandbox)) == 4


def test_a_row_names_nothing_outside_of_the_root_and_each_reason_is_on_record(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG + b"secret")
    (root / "way out").symlink_to(tmp_path)
    (root / "link.png").symlink_to(secret)
    (root / "inner.png").symlink_to(root / "good.png")
    (root / "good.png").write_bytes(PNG + b"good")
    (root / "large.png").write_bytes(PNG + b"x" * 2000)
    (root / "empty.png").touch()
    (root / "text.txt").write_text("no photo")
    (root / "scan.png").write_bytes(b"%PDF-1.7")
    names = {
        "/etc/passwd": "does not lie below root",
        str(secret): "does not lie below root",
        "../secret.png": "is no path of a file below root",
        "way out/secret.png": "does not lie below root",
        "link.png": "does not lie below root",
        "file:///etc/passwd": "is no path of a file below root",
        "https://example.com/a.png": "is no path of a file below root",
        "missing.png": "is not there",
        "large.png": "has more than 1,000 bytes",
        "empty.png": "is empty",
        "text.txt": "is text/plain, no image",
        "scan.png": "is application/pdf, no image",
        ".": "does not lie below root",
        "way out": "does not lie below root",
    }
    rows = [picture(number, name) for number, name in enumerate(names, 2)]
    small = config(sandbox, root, streams=[mapping(root, max_bytes=1000)])
    told = write(tmp_path, small, pictures(*rows, picture(1, "inner.png")))
    assert told.outcomes == {"updated": 1, "rejected": len(names)}, told.stderr
    assert told.states == [{"at": len(names) + 1}]
    found = reasons(tmp_path, sandbox, root)
    assert {name: why for name, why in names.items() if why not in found[name]} == {}
    assert [each["sha256"] for each in photos(sandbox).values()] == [sha256(PNG + b"good")]


def test_a_file_that_came_later_is_sent_by_retry(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    told = write(tmp_path, config(sandbox, root), pictures(picture(1, "late.png")))
    assert told.outcomes == {"rejected": 1}
    assert "Put the file there" in operate(tmp_path, config(sandbox, root), "rejects").stdout
    (root / "late.png").write_bytes(PNG)
    again = operate(tmp_path, config(sandbox, root), "retry")
    assert again.outcomes == {"updated": 1}, again.stderr
    assert reasons(tmp_path, sandbox, root) == {}
    assert photos(sandbox)[held(sandbox)[1]]["sha256"] == sha256(PNG)


@pytest.mark.parametrize(
    ("match", "fault"),
    [("POST /v1/ext/photo", "reset_after"), ("PUT /v1/ext/procedure", "502_after")],
)
def test_a_lost_answer_makes_no_second_photo(
    sandbox: Sandbox, root: Path, tmp_path: Path, fault: str, match: str
) -> None:
    for number in (1, 2, 3):
        (root / f"{number}.png").write_bytes(PNG + bytes([number]))
    sandbox.knobs(faults=[{"kind": fault, "match": match, "at": [2]}])
    lines = pictures(*(picture(number, f"{number}.png") for number in (1, 2, 3)))
    told = write(tmp_path, config(sandbox, root, concurrency=1, lost_answer_horizon=3), lines)
    assert (told.code, told.outcomes) == (0, {"updated": 3}), told.stderr
    assert set(photos(sandbox)) == {held(sandbox)[number] for number in (1, 2, 3)}


def test_several_photos_and_photos_that_rows_hold(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    for name in ("a.png", "b.png", "c.png"):
        (root / name).write_bytes(PNG + name.encode())
    several = mapping(root, attribute="photos", filename="called")
    config_of = config(sandbox, root, streams=[several])
    first = write(
        tmp_path,
        config_of,
        pictures(
            picture(1, ["a.png", "b.png"], called="../front door.png"),
            picture(2, json.dumps(["c.png"])),
            picture(3, "a.png"),
            picture(4, [1]),
        ),
    )
    assert first.outcomes == {"updated": 3, "rejected": 1}, first.stderr
    kept, arrived = held(sandbox, "photos"), photos(sandbox)
    assert [arrived[each]["sha256"] for each in kept[1]] == [
        sha256(PNG + b"a.png"),
        sha256(PNG + b"b.png"),
    ]
    assert {arrived[each]["filename"] for each in kept[1]} == {"front door"}
    assert kept[3] != kept[1][:1]
    more = write(tmp_path, config_of, pictures(picture(1, ["b.png", "c.png", "a.png"])))
    assert more.outcomes == {"updated": 1}
    after = held(sandbox, "photos")[1]
    assert [after[0], after[2]] == [kept[1][1], kept[1][0]]
    assert {each["times"] for each in photos(sandbox).values()} == {1}
    content = mapping(root, file=None, root=None, content="file", filename="called")
    packed = base64.b64encode(JPEG + b"held").decode()
    rows = pictures(picture(5, packed, called="me.png"), picture(6, "no base64!"))
    told = write(tmp_path, config(sandbox, root, streams=[content]), rows)
    assert told.outcomes == {"updated": 1, "rejected": 1}, told.stderr
    one = photos(sandbox)[held(sandbox)[5]]
    assert (one["filename"], one["filetype"], one["sha256"]) == (
        "me",
        "jpg",
        sha256(JPEG + b"held"),
    )


def test_a_dry_run_shows_each_file_and_a_plan_sends_just_those(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    for number in (1, 2, 3, 4):
        (root / f"{number}.png").write_bytes(PNG + bytes([number]))
    (root / "first.png").write_bytes(PNG + b"first")
    write(tmp_path, config(sandbox, root), pictures(picture(1, "first.png")))
    before = held(sandbox)
    lines = pictures(*(picture(number, f"{number}.png") for number in (1, 2, 3, 4)))
    dry = write(tmp_path, config(sandbox, root, dry_run=True), lines)
    assert f'front_photo: "{before[1]}" → ' in dry.stderr
    assert sha256(PNG + b"\1") in dry.stderr
    assert "4 updates" in dry.stderr
    plan = tmp_path / "plan.parquet"
    write(tmp_path, config(sandbox, root, plan_path=str(plan)), lines)
    listed = operate(tmp_path, config(sandbox, root), "plan", str(plan)).stdout
    assert any(f'"file":"{number}.png"' in listed for number in (1, 2, 3, 4)), "the first ones"
    assert (held(sandbox), len(photos(sandbox))) == (before, 1)
    (root / "2.png").write_bytes(PNG + b"another")
    (root / "3.png").unlink()
    write(tmp_path, config(sandbox, root), pictures(picture(4, "first.png")))
    applied = operate(tmp_path, config(sandbox, root), "apply", str(plan), "--yes")
    assert applied.outcomes == {"updated": 1, "rejected": 3}, applied.stderr
    found = reasons(tmp_path, sandbox, root)
    assert "Changed since the plan: front_photo would be" in found["2.png"]
    assert "is not there" in found["3.png"]
    assert "Changed since the plan: front_photo was" in found["4.png"]
    assert photos(sandbox)[held(sandbox)[1]]["sha256"] == sha256(PNG + b"\1")
    assert sha256(PNG + b"another") not in {each["sha256"] for each in photos(sandbox).values()}


def test_who_is_not_there_or_refuses_is_a_reject_and_ids_name_processes_too(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    (root / "a.png").write_bytes(PNG)
    (root / "large.png").write_bytes(PNG + bytes(3000))
    sandbox.knobs(photo_max_bytes=2000)
    lines = pictures(picture(999, "a.png"), picture("x", "a.png "), picture(2, "large.png"))
    told = write(tmp_path, config(sandbox, root), lines)
    assert told.outcomes == {"rejected": 3}, told.stderr
    listed = operate(tmp_path, config(sandbox, root), "rejects", "--json").stdout
    why = [json.loads(line)["reason"] for line in listed.splitlines()]
    assert sorted(each.partition(" ")[0] for each in why) == ["ChakraHQ", "ticket=999", "ticket=x"]
    assert photos(sandbox) == {}
    ids = {key: row["id"] for key, row in living(sandbox, "ticket").items()}
    by_id = mapping(root, key={"column": "ticket", "attribute": "id"})
    rows = pictures(picture(ids[4], "a.png"), picture(sandbox.url, "a.png"))
    told = write(tmp_path, config(sandbox, root, streams=[by_id]), rows)
    assert told.outcomes == {"updated": 1, "rejected": 1}, told.stderr
    again = write(tmp_path, config(sandbox, root), pictures(picture(4, "a.png")))
    assert again.outcomes == {"unchanged": 1}, "by its key it is the same process"


def test_a_photo_whose_process_was_not_written_is_not_uploaded_as_another_one(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    """An account may refuse an id that it has: then it is the same photo."""
    (root / "a.png").write_bytes(PNG)
    put = "PUT /v1/ext/procedure"
    sandbox.knobs(photo_repeat="conflict", faults=[{"kind": "502", "match": put, "at": [1]}])
    lines = pictures(picture(1, "a.png"))
    told = write(tmp_path, config(sandbox, root, lost_answer_horizon=1), lines)
    assert (told.outcomes, told.states) == ({"not sent": 1}, []), told.stderr
    assert len(photos(sandbox)) == 1
    assert write(tmp_path, config(sandbox, root), lines).outcomes == {"updated": 1}
    assert set(photos(sandbox)) == {held(sandbox)[1]}


def test_killed_in_the_middle_the_next_run_finishes(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    for number in range(1, 13):
        (root / f"{number}.png").write_bytes(PNG + bytes([number]))
    lines = pictures(*(picture(number, f"{number}.png") for number in range(1, 13)))
    sandbox.knobs(latency_ms=60)
    process = start(tmp_path, config(sandbox, root, concurrency=3))
    assert process.stdin is not None
    process.stdin.write("".join(json.dumps(each) + "\n" for each in lines))
    process.stdin.close()
    process.stdin = None
    until = time.monotonic() + 60
    while len(photos(sandbox)) < 4 and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    sandbox.knobs(latency_ms=0)
    told = write(tmp_path, config(sandbox, root), lines)
    assert (told.code, sum(told.outcomes.values())) == (0, 12), told.stderr
    kept = held(sandbox)
    assert set(photos(sandbox)) == {kept[number] for number in range(1, 13)}
    assert sum(each["times"] for each in photos(sandbox).values()) <= 12 + 3


def test_the_commands_beside_a_run_know_photos(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    (root / "a.png").write_bytes(PNG)
    looked = operate(tmp_path, config(sandbox, root), "doctor")
    assert "pictures: photo ticket.front_photo, named by ticket: compared" in looked.stdout
    told = write(tmp_path, config(sandbox, root), pictures(picture(1, "a.png")))
    run = str(told.receipt["run"])
    undone = operate(tmp_path, config(sandbox, root), "undo", run, "--yes")
    assert "stays: 1 of kind photo" in undone.stderr
    audited = operate(tmp_path, config(sandbox, root), "audit", "--run", run)
    assert "it made 1 of kind photo, which audit does not compare" in audited.stderr


def test_mappings_that_do_not_fit_the_account_are_told_by_doctor(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"attribute": "subject"}, "which holds no photos"),
        ({"attribute": "front"}, "which it does not have"),
        ({"procedure": "tickets"}, "There is no procedure 'tickets'"),
        ({"root": "no/such/folder"}, "is no folder"),
        ({"key": {"column": "ticket", "attribute": "nothing"}}, "names 'data.nothing'"),
    ]
    mappings = [mapping(root, stream=f"s{n}", **each) for n, (each, _) in enumerate(wrong)]
    looked = operate(tmp_path, config(sandbox, root, streams=mappings), "doctor", "--json")
    assert looked.code == 3
    assert [said for _, said in wrong if said not in looked.stdout] == []
    told = write(tmp_path, config(sandbox, root, streams=mappings), pictures())
    assert "Traceback" not in told.stderr + looked.stderr
    assert photos(sandbox) == {}
