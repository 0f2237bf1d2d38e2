"""What docs/webhooks.md shows of nginx and systemd, read by a tool made for such files."""

from __future__ import annotations

import configparser
import json
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import click

from tap_chakra.cli import command
from tests.artefacts.dockerfile import ROOT
from tests.outside import documents

if TYPE_CHECKING:
    from pathlib import Path

CROSSPLANE = ROOT / ".venv-artefacts" / "bin" / "crossplane"
PAGE = ROOT / "docs" / "webhooks.md"


def _parsed(folder: Path) -> list[dict[str, Any]]:
    """The directives that the page shows, in the place that it names."""
    (shown,) = documents.blocks(PAGE, "nginx")
    config = folder / "nginx.conf"
    config.write_text(f"events {{}}\nhttp {{\n{shown}}}\n")
    done = subprocess.run(
        [str(CROSSPLANE), "parse", "--strict", str(config)], capture_output=True, check=True
    )
    told = json.loads(done.stdout)
    assert told["errors"] == [], told["errors"]
    (http,) = [each for each in told["config"][0]["parsed"] if each["directive"] == "http"]
    inner: list[dict[str, Any]] = http["block"]
    return inner


def _args(block: list[dict[str, Any]], directive: str) -> list[str]:
    (found,) = [each for each in block if each["directive"] == directive]
    args: list[str] = found["args"]
    return args


def test_nginx_takes_each_directive_where_it_stands(tmp_path: Path) -> None:
    http = _parsed(tmp_path)
    (server,) = [each for each in http if each["directive"] == "server"]
    (location,) = [each for each in server["block"] if each["directive"] == "location"]
    (zone,) = [each for each in _args(http, "limit_req_zone") if each.startswith("zone=")]
    assert zone.partition(":")[0] in _args(location["block"], "limit_req")
    (address,) = _args(location["block"], "proxy_pass")
    (unit,) = documents.blocks(PAGE, "ini")
    assert address.rpartition(":")[2] in unit.split()


def test_systemd_takes_the_service_and_the_command_takes_its_words(tmp_path: Path) -> None:
    (text,) = documents.blocks(PAGE, "ini")
    unit = configparser.RawConfigParser(strict=True, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    assert unit.sections() == ["Unit", "Service", "Install"]
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/tap-chakra")
    assert words[:3] == ["--config", "/etc/chakra/config.json", "listen"]
    group = command.command()
    listen = group.get_command(click.Context(group), "listen")
    assert listen is not None
    assert listen.make_context("listen", words[3:]).params["port"] == 8780
    verify = shutil.which("systemd-analyze")
    if verify is not None:
        place = tmp_path / "chakra-webhooks.service"
        # It looks for the program, which stands somewhere else here.
        place.write_text(text.replace(program, "/bin/true"))
        done = subprocess.run([verify, "verify", str(place)], capture_output=True, check=False)
        assert place.name not in done.stderr.decode(), done.stderr.decode()
