"""Files that headers of messages show: made public once per content, before the message leaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from chakra_sandbox.whatsapp.made_templates import WABA_ID
from tests.support.messages import BY_NUMBER, config_of, visits
from tests.support.target_process import operate, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n"
UPLOAD = "upload-public-media"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "10"]) as server:
        yield server


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    """The sandbox of the module; what arrived before does not count."""
    before = running.knobs()
    running.forget_requests()
    yield running
    running.knobs(**before)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "public"
    folder.mkdir()
    return folder


def mapping(root: Path | None, **more: Any) -> dict[str, Any]:
    made = {
        **BY_NUMBER,
        "template": "brochure",
        "language": None,
        "parameters": {"1": "name"},
        "buttons": {"1": "visit"},
        "media": {"image": {"file": "link"}},
        "root": root and str(root),
        **more,
    }
    return {name: each for name, each in made.items() if each is not None}


class Arrived:
    """What arrived since it was made: files by their address, and the messages' pictures."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._media = len(sandbox.arrived("media"))
        self._messages = len(sandbox.arrived("messages"))

    @property
    def files(self) -> dict[str, str]:
        return {
            each["url"]: each["sha256"] for each in self._sandbox.arrived("media")[self._media :]
        }

    @property
    def pictures(self) -> list[str]:
        sent = self._sandbox.arrived("messages")[self._messages :]
        return [each["body"]["imageUrl"] for each in sent]


def rows(*names: str, start: int = 0) -> list[dict[str, Any]]:
    many = [visits([start + number], link=name) for number, name in enumerate(names)]
    first, *_, last = many[0]
    return [first, *(each[1] for each in many), last]


def test_a_file_is_made_public_once_per_content_over_rows_and_runs(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    for name, body in {"a.png": b"a", "same.png": b"a", "b.png": b"b"}.items():
        (root / name).write_bytes(PNG + body)
    arrived, config = Arrived(sandbox), config_of(sandbox, mapping(root))
    told = write(tmp_path, config, rows("a.png", "same.png", "b.png", "a.png"))
    assert (told.code, told.outcomes) == (0, {"created": 4}), told.stderr
    assert (len(arrived.files), len(arrived.pictures)) == (2, 4)
    assert set(arrived.pictures) == set(arrived.files)
    later = write(tmp_path, config, rows("b.png", "a.png", "b.png", start=3))
    assert later.outcomes == {"created": 2, "unchanged": 1}
    assert (len(arrived.files), len(arrived.pictures)) == (2, 6)


def test_what_can_t_be_shown_is_a_reject_and_nothing_of_it_is_public(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    (root / "a.png").write_bytes(b"%PDF-1.7 and no picture")
    (tmp_path / "secret.png").write_bytes(PNG)
    arrived, config = Arrived(sandbox), config_of(sandbox, mapping(root))
    bad = ["a.png", "missing.png", "../secret.png", str(tmp_path / "secret.png")]
    for dry in (True, False):
        told = write(tmp_path, {**config, "dry_run": dry, "max_rejects": 9}, rows(*bad))
        assert told.outcomes == {"rejected": 4}, told.stderr
    listed = operate(tmp_path, config, "rejects", "--json").stdout.splitlines()
    reasons = [json.loads(line)["reason"] for line in listed]
    assert any("is application/pdf, and WhatsApp takes image/jpeg" in why for why in reasons)
    assert sum("is not there" in why for why in reasons) == 1
    assert (arrived.files, arrived.pictures) == ({}, [])


def test_a_dry_run_and_a_plan_say_what_would_become_public_and_a_plan_sends_just_that(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    for name in ("a.png", "b.png"):
        (root / name).write_bytes(PNG + name.encode())
    arrived, config = Arrived(sandbox), config_of(sandbox, mapping(root))
    dry = write(tmp_path, {**config, "dry_run": True}, rows("a.png", "b.png"))
    assert "a.png, 13 bytes, SHA-256" in dry.stderr
    assert "public from then on" in dry.stderr
    plan = tmp_path / "plan.parquet"
    write(tmp_path, {**config, "plan_path": str(plan)}, rows("a.png", "b.png"))
    assert (arrived.files, arrived.pictures) == ({}, [])
    (root / "b.png").write_bytes(PNG + b"something else")
    applied = operate(tmp_path, config, "apply", str(plan), "--yes")
    assert applied.outcomes == {"created": 1, "rejected": 1}, applied.stderr
    assert "or its file was changed" in operate(tmp_path, config, "rejects").stdout
    assert arrived.pictures == list(arrived.files)


@pytest.mark.parametrize("fault", ["reset_after", "502_after", "reset_before"])
def test_a_lost_upload_is_repeated_and_its_message_sent_once(
    sandbox: Sandbox, root: Path, tmp_path: Path, fault: str
) -> None:
    (root / "a.png").write_bytes(PNG + fault.encode())
    arrived, config = Arrived(sandbox), config_of(sandbox, mapping(root))
    sandbox.knobs(faults=[{"kind": fault, "match": UPLOAD, "at": [1]}])
    told = write(tmp_path, config, rows("a.png", "a.png"))
    assert (told.code, told.outcomes) == (0, {"created": 2}), told.stderr
    copies = 1 if fault == "reset_before" else 2
    assert (len(arrived.files), len(set(arrived.pictures))) == (copies, 1)


def test_a_code_and_a_place_on_a_map_come_from_columns(sandbox: Sandbox, tmp_path: Path) -> None:
    before = len(sandbox.arrived("messages"))
    login = {**BY_NUMBER, "template": "login_code", "parameters": {}, "code": "words"}
    rows_of_codes = visits([70], words="A1B2")[:2] + visits([71], words="two words")[1:]
    told = write(tmp_path, config_of(sandbox, login, max_rejects=9), rows_of_codes)
    assert told.outcomes == {"created": 1, "rejected": 1}, told.stderr
    assert "two words" not in operate(tmp_path, config_of(sandbox, login), "rejects").stdout
    sandbox.knobs(template_review="approved")
    with_map = {
        "name": "meet_us",
        "language": "en",
        "category": "UTILITY",
        "components": [
            {"type": "HEADER", "format": "LOCATION"},
            {"type": "BODY", "text": "We meet here."},
        ],
    }
    sandbox.post_json(f"/v1/ext/plugin/whatsapp/api/v19.0/{WABA_ID}/message_templates", with_map)
    place = {"latitude": "link", "longitude": {"value": "73.85"}, "name": {"value": "Clinic"}}
    here = {**BY_NUMBER, "template": "meet_us", "parameters": {}, "place": place}
    shown = [*visits([80], link="18.52")[:2], *visits([81], link="118.52")[1:]]
    told = write(tmp_path, config_of(sandbox, here, max_rejects=9), shown)
    assert told.outcomes == {"created": 1, "rejected": 1}, told.stderr
    said = operate(tmp_path, config_of(sandbox, here), "rejects").stdout
    assert "is no number of degrees from -90 to 90" in said
    code, meeting = sandbox.arrived("messages")[before:]
    assert (code["text"], code["body"]["otpCode"]) == ("A1B2 is your code.", "A1B2")
    body = meeting["body"]
    assert (body["locationLatitude"], body["locationLongitude"]) == ("18.52", "73.85")
    assert body["locationName"] == "Clinic"
