"""Photos that rows bring: uploaded once per content, compared first, named by their processes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.target_process import (
    living,
    operate,
    record,
    schema,
    settings,
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


def mapping(root: Path, **more: Any) -> dict[str, Any]:
    named = {"procedure": "ticket", "key": "ticket", "attribute": "front_photo", "file": "file"}
    made = {"stream": "pictures", "kind": "photo", **named, "root": str(root), **more}
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


@pytest.mark.parametrize("fault", ["reset_after", "502_after", "truncate"])
@pytest.mark.parametrize("match", ["POST /v1/ext/photo", "PUT /v1/ext/procedure"])
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
