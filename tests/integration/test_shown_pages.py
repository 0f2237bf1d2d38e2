"""What docs/audit.md and docs/doctor.md show is what these commands say, but for the figures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from chakra_sandbox.launch import start_sandbox
from tests.integration import test_tap_audit, test_target_audit
from tests.integration.test_tap_doctor import doctor
from tests.outside import documents
from tests.outside.places import ROOT
from tests.support.loaders import flattened, records, store
from tests.support.shown import masked, not_said
from tests.support.target_process import living, operate, record, schema, settings, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

    Row = dict[str, Any]

FINDING = re.compile(
    r"^(?=ok |note |warning |fault |Since |\d+ ok|\S+ to ChakraHQ|ChakraHQ at )", re.MULTILINE
)


def said_by(page: str, command: str) -> str:
    """What a page shows below a command."""
    for block in documents.blocks(ROOT / "docs" / page, "console"):
        typed, _, said = block.partition("\n")
        if typed.startswith(f"$ {command}") and said.strip():
            return said
    raise AssertionError(f"{page} shows nothing of {command}")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "300"]) as running:
        yield running


def test_the_audit_of_a_warehouse(tmp_path: Path, sandbox: Sandbox) -> None:
    config = {"api_key": sandbox.api_key, "api_url": sandbox.url, "procedures": ["lead"]}
    rows = [flattened(row) for row in records(tmp_path, config)]
    of_days = {row["createdat"][:10]: row for row in rows}  # the last one of each day
    lost = list(of_days.values())[:5]
    store(tmp_path / "w.duckdb", [row for row in rows if row not in lost])
    with duckdb.connect(str(tmp_path / "w.duckdb")) as warehouse:
        for name in ("createdby", "assignedto", "entity"):
            warehouse.execute(f"alter table raw.process_lead drop column {name}")
    done = test_tap_audit.audit(tmp_path, config)
    shown = said_by("audit.md", "tap-chakra --config config.json audit").splitlines()
    assert len(shown) > 15
    assert not_said(shown, done.stdout) == [], done.stdout


def test_the_audit_of_a_run(tmp_path: Path, sandbox: Sandbox) -> None:
    """As in the scenario of which the page speaks: six changed, four by ourselves, three gone."""
    keys, run = sorted(living(sandbox)), tmp_path / "ours"
    sent = test_target_audit.sent
    sent(
        run,
        sandbox,
        "scores",
        [{"lead_id": key, "score": 1000 + n} for n, key in enumerate(keys[:180])],
    )
    others: list[Row] = [{"lead_id": key, "score": 7} for key in keys[:6]]
    others += [{"lead_id": key, "gone": True} for key in keys[20:23]]
    sent(tmp_path / "others", sandbox, "others", others)
    sent(run, sandbox, "others", [{"lead_id": key, "score": 8} for key in keys[40:44]])
    done = operate(run, test_target_audit.configured(sandbox), "audit", "--run", "1")
    shown = said_by("audit.md", "target-chakra --config config.json audit")
    lines = shown.splitlines()
    assert len(lines) > 10
    assert not_said(lines, done.stdout) == [], done.stdout
    counts = r"^(kept|changed by others|gone|changed by a later run)\s+(\d+)"
    assert re.findall(counts, shown, re.MULTILINE) == re.findall(counts, done.stdout, re.MULTILINE)


def findings(shown: str) -> list[str]:
    """The findings of a page of `doctor`, each with what follows from it."""
    found = [each for part in FINDING.split(shown) for each in part.split("…\n")]
    return [each for each in found if each.strip()]


def test_the_page_of_the_taps_doctor(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.knobs(list_order="id")
    assert doctor(tmp_path, sandbox).returncode == 0
    sandbox.knobs(list_order="created_asc")
    done = doctor(tmp_path, sandbox)
    shown = findings(said_by("doctor.md", "tap-chakra --config config.json doctor"))
    assert len(shown) > 7
    assert not_said(shown, done.stdout) == [], done.stdout


def test_the_page_of_the_targets_doctor(tmp_path: Path, sandbox: Sandbox) -> None:
    streams = [
        {"stream": "scores", "procedure": "lead", "key": "lead_id"},
        {"stream": "names", "procedure": "lead", "mode": "update", "key": "email"},
    ]
    config = settings(sandbox, streams=streams)
    rows = [record("scores", lead_id=f"BAD-{number}", score="many") for number in range(41)]
    assert write(tmp_path, config, [schema("scores", ["lead_id", "score"]), *rows]).code == 7
    said = operate(tmp_path, config, "doctor").stdout.replace(f"{tmp_path}/", "")
    shown = findings(said_by("doctor.md", "target-chakra --config config.json doctor"))
    assert len(shown) > 5
    assert not_said(shown, said) == [], said


def test_what_is_not_said_is_found() -> None:
    said = "Run 12: 5,000 rows\n  ok   of team 5c988e1e-3d8c-58f5-932c-54f85743c3b2\n"
    assert not_said(["Run 3: 7 rows", "ok of team …"], said) == []
    assert not_said(["ok of team …", "Run 3: 7 rows"], said) == ["Run 3: 7 rows"]
    assert not_said(["Run 3: 7 columns"], said) == ["Run 3: 7 columns"]
    assert masked("as of 2026-11-30T05:58:00.000Z") == "as of <time>"
