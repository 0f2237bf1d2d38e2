"""Settings as a person gives them to the real commands: by variables, by files, misspelt, mixed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from chakra_api.exit_codes import ExitCode
from tap_chakra.singer.tap import TapChakra
from target_chakra.singer.target import TargetChakra

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

TAP = {
    "procedures": "lead,ticket",
    "process_ids": "",
    "only_ids": "",
    "start_date": "2020-01-01",
    "created_after": "2020-01-01T00:00:00Z",
    "created_before": "2999-01-01",
    "concurrency": "4",
    "max_rps": "400.5",
    "lookback_seconds": "60.5",
    "request_timeout": "30",
    "user_agent": "by a variable",
    "allow_http": "false",
    "min_scan_share": "0.5",
    "change_detection": "scan",
    "full_scan": "yes",
    "full_scan_every": "12",
    "emit_scan_ids": "no",
    "allow_incomplete": "y",
    "naive_timezone": "Asia/Kolkata",
    "report_path": "report.json",
    "receipt_path": "tap-receipt.json",
    "metrics_path": "tap-metrics.prom",
    "notify_url": "https://localhost:9/hook",
    "notify_when": "failure",
    "whatsapp": '{"waba_id": "200300400500600"}',
    "photos": '{"to": "photos-of-a-variable", "procedures": ["ticket"], "max_bytes": 1000}',
    "background_jobs": "",
    "webhook_store": "sqlite:///events-of-a-variable.db",
    "webhook_secrets": '["a secret by a variable"]',
    "webhook_keep_days": "7.5",
    "webhook_fetch_changed": "yes",
    "second_process_from": "0",
    "stream_maps": '{"process_lead": {"marked": "config[\'mark\']"}}',
    "stream_map_config": '{"mark": "by a variable"}',
    "faker_config": '{"seed": 5, "locale": ["en_US"]}',
    "flattening_enabled": "on",
    "flattening_max_depth": "1",
    "flattening_max_key_length": "60",
    "flattening_separator": "__",
    "batch_config": "",
    "column_names": "snake_case",
    "mask": '{"process_lead.email": "hash"}',
    "mask_salt": "a salt by a variable",
}
TARGET = {
    "streams": '[{"stream": "scores", "procedure": "lead", "key": "lead_id", "revive": "yes"}]',
    "whatsapp": '{"waba_id": "200300400500600"}',
    "compare": "always",
    "bulk": "auto",
    "assigned_to_format": "username",
    "assign_inactive": "true",
    "naive_timezone": "+05:30",
    "batch_size": "50",
    "concurrency": "2.0",
    "max_rps": "400",
    "request_timeout": "30",
    "user_agent": "by a variable",
    "allow_http": "false",
    "job_timeout": "60",
    "lost_answer_horizon": "5",
    "journal": "sqlite:///elsewhere/journal.db",
    "journal_retention_days": "1.5",
    "rejects_path": "rejects.jsonl",
    "receipt_path": "target-receipt.json",
    "metrics_path": "target-metrics.prom",
    "notify_url": "https://localhost:9/hook",
    "notify_when": "failure",
    "batch_root": "files",
    "max_rejects": "1",
    "stop_at_reject_percent": "99.5",
    "max_deletes": "",
    "dry_run": "no",
    "plan_path": "",
    "overwrite_edits": "no",
    "stream_maps": '{"scores": {"remarks": "config[\'mark\']"}}',
    "stream_map_config": '{"mark": "by a variable"}',
    "faker_config": '{"seed": "5"}',
    "flattening_enabled": "false",
    "flattening_max_depth": " 1 ",
    "flattening_max_key_length": "60",
    "flattening_separator": "__",
}
LINES = [
    {"type": "SCHEMA", "stream": "scores", "schema": {"properties": {"lead_id": {"type": "string"},
     "remarks": {"type": "string"}}}, "key_properties": ["lead_id"]},
    {"type": "RECORD", "stream": "scores", "record": {"lead_id": "L-9001", "remarks": "before"}},
    {"type": "RECORD", "stream": "scores", "record": {"lead_id": None, "remarks": "no key"}},
]  # fmt: skip


class Said(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


class Shell:
    """A shell in a folder of its own, with the variables of a sandbox."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.sandbox = sandbox

    def run(self, command: str, *args: str, lines: str = "", **variables: str) -> Said:
        """Run a command with variables: `MAX_RPS` is `TAP_CHAKRA_MAX_RPS` for the tap."""
        prefix = f"{command.upper()}_"
        own = {"API_KEY": self.sandbox.api_key, "API_URL": self.sandbox.url, **variables}
        kept = {n: v for n, v in os.environ.items() if "CHAKRA" not in n and "MELTANO" not in n}
        done = subprocess.run(
            [sys.executable, "-m", command, *args],
            cwd=self.folder,
            env={**kept, "PYTHONPATH": os.getcwd(), **{prefix + n: v for n, v in own.items()}},  # noqa: PTH109 - not resolved
            input=lines,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert self.sandbox.api_key not in done.stdout + done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    def file(self, name: str, **settings: Any) -> str:
        """A settings file; its name."""
        (self.folder / name).write_text(json.dumps(settings))
        return name


def named(settings: dict[str, str]) -> dict[str, str]:
    """Settings by the ends of their variables."""
    return {name.upper(): value for name, value in settings.items()}


@pytest.fixture
def shell(tmp_path: Path, shared_sandbox: Sandbox) -> Shell:
    """A shell whose sandbox forgets what earlier tests did."""
    shared_sandbox.forget_requests()
    return Shell(tmp_path, shared_sandbox)


def messages(said: Said) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.out.splitlines()]


def test_each_setting_of_the_tap_by_a_variable(shell: Shell) -> None:
    declared = TapChakra.declared().settings.keys()
    assert TAP.keys() | {"api_key", "api_url"} == declared
    said = shell.run("tap_chakra", **named(TAP))
    assert said.code == 0, said.err
    assert not re.search("no setting of|Parsing|Skipping|validation", said.err)
    rows = [x for x in messages(said) if x["type"] == "RECORD" and x["stream"] == "process_lead"]
    assert rows
    assert {row["record"]["marked"] for row in rows} == {"by a variable"}
    assert any("data__lead_id" in row["record"] for row in rows)
    assert all("@" not in (row["record"].get("data__email") or "") for row in rows)
    streams = {x["stream"] for x in messages(said) if x["type"] == "SCHEMA"}
    assert {s for s in streams if s.startswith("process_")} == {"process_lead", "process_ticket"}


def test_each_setting_of_the_target_by_a_variable(shell: Shell) -> None:
    declared = TargetChakra.declared().settings.keys()
    assert TARGET.keys() | {"api_key", "api_url"} == declared
    text = "".join(f"{json.dumps(line)}\n" for line in LINES)
    said = shell.run("target_chakra", lines=text, **named(TARGET))
    assert said.code == 0, said.err
    assert "WARNING" not in said.err
    receipt = json.loads([x for x in said.err.splitlines() if x.startswith('{"run"')][-1])
    assert receipt["outcomes"]["created"] + receipt["outcomes"]["updated"] == 1
    assert receipt["outcomes"]["rejected"] == 1
    assert (shell.folder / "elsewhere" / "journal.db").exists()
    assert len((shell.folder / "rejects.jsonl").read_text().splitlines()) == 1
    (row,) = [r for r in shell.sandbox.oracle("lead") if r.data.get("lead_id") == "L-9001"]
    assert row.data["remarks"] == "by a variable"
    listed = shell.run("target_chakra", "runs", **named(TARGET))
    assert (listed.code, listed.err) == (0, "")
    assert len(listed.out.splitlines()) == 2
    assert json.loads((shell.folder / "target-receipt.json").read_text())["exit_code"] == 0
    assert "chakra_target_run_rejects" in (shell.folder / "target-metrics.prom").read_text()


WRITES = re.compile(r"INFO .* (Writes|Dry run: writes nothing) to team 'Acme' \(\S+\) at (\S+)")


def whither(said: Said) -> list[tuple[str, str]]:
    """What a command said of where it writes, in its first line."""
    return WRITES.findall(said.err.splitlines()[0])


def test_a_dry_run_by_a_word_for_it_writes_nothing(shell: Shell) -> None:
    text = "".join(f"{json.dumps(line)}\n" for line in LINES[:2])
    wanted = named(TARGET) | {"DRY_RUN": "y"}
    said = shell.run("target_chakra", lines=text, **wanted)
    assert said.code == 0, said.err
    assert whither(said) == [("Dry run: writes nothing", shell.sandbox.url)]
    changing = ("PATCH", "PUT", "DELETE")
    assert not [
        r for r in shell.sandbox.requests()
        if r["method"] in changing or r["path"].endswith("bulk-create")
    ]  # fmt: skip


WRONG = [
    ("target_chakra", {"DRY_RUN": "maybe"}, "TARGET_CHAKRA_DRY_RUN is 'maybe'. Write true or f"),
    ("tap_chakra", {"STREAM_MAPS": "{"}, "TAP_CHAKRA_STREAM_MAPS is '{'. Write a JSON object"),
]


@pytest.mark.parametrize(("command", "variables", "told"), WRONG, ids=lambda value: str(value)[:40])
def test_what_means_nothing_ends_the_command_in_one_line(
    shell: Shell, command: str, variables: dict[str, str], told: str
) -> None:
    said = shell.run(command, **variables)
    assert said.code == ExitCode.SETTINGS
    (line,) = said.err.splitlines()
    assert told in line
    assert not shell.sandbox.requests()


def test_the_file_counts_before_the_environment_in_runs_and_in_subcommands(shell: Shell) -> None:
    """A shell with the variables of production, and a file of the sandbox."""
    production = {"API_URL": "http://127.0.0.1:9", "API_KEY": "of-production", "DRY_RUN": "no"}
    here = {"api_key": shell.sandbox.api_key, "api_url": shell.sandbox.url}
    file = shell.file("sandbox.json", **here, journal="", max_reject=5, dry_run="yes")
    mapping = {"STREAMS": TARGET["streams"]}
    text = "".join(f"{json.dumps(line)}\n" for line in LINES)
    both = ("--config", "ENV", "--config", file)
    run = shell.run("target_chakra", *both, lines=text, **production, **mapping)
    assert run.code == ExitCode.REJECTS, run.err
    first, *rest = run.err.splitlines()
    assert "'max_reject' in 'sandbox.json' is no setting of target-chakra" in first
    assert "Did you mean 'max_rejects'?" in first
    assert whither(run._replace(err="\n".join(rest))) == [
        ("Dry run: writes nothing", shell.sandbox.url)
    ]
    shell.file("sandbox.json", **here)
    run = shell.run("target_chakra", *both, lines=text, **production, **mapping)
    assert whither(run) == [("Writes", shell.sandbox.url)]
    retried = shell.run("target_chakra", *both, "retry", **production, **mapping)
    assert whither(retried) == [("Writes", shell.sandbox.url)]
    assert retried.code == ExitCode.REJECTS, retried.err


def test_with_a_file_alone_the_environment_is_not_read(shell: Shell) -> None:
    file = shell.file("key.json", api_url=shell.sandbox.url)
    said = shell.run("target_chakra", "--config", file, "retry", MAX_REJECTS="ten")
    assert said.code == ExitCode.SETTINGS
    assert "The setting api_key is missing" in said.err


def test_files_that_are_none_are_told_in_one_line(shell: Shell) -> None:
    """Windows writes marks and UTF-16; a shell writes an empty file before the command runs."""
    good = json.dumps({"api_key": shell.sandbox.api_key, "api_url": shell.sandbox.url})
    (shell.folder / "marked.json").write_text(good, encoding="utf-8-sig")
    (shell.folder / "empty.json").write_text("")
    (shell.folder / "wide.json").write_text(good, encoding="utf-16")
    said = shell.run("tap_chakra", "--config", "marked.json", "--test")
    assert (said.code, said.err.count("ok: ")) == (0, len(said.err.splitlines()))
    wrong = [
        (("--config", "empty.json"), "The settings file 'empty.json' is empty."),
        (("--config", "wide.json"), "The settings file 'wide.json' is UTF-16 text. Save it as"),
        (("--config", "."), "The settings file '.' can't be read: Is a directory."),
        (("--state", "empty.json"), "The state file 'empty.json' is empty. Leave --state out"),
        (("--state", "nofile"), "The state file 'nofile' can't be read: No such file"),
    ]
    for args, told in wrong:
        said = shell.run("tap_chakra", *args)
        assert said.code == ExitCode.SETTINGS, (args, said)
        (line,) = said.err.splitlines()
        assert told in line
        assert said.out == ""
