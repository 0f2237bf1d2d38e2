"""The tutorial, done as it stands there: its files, its commands, and what one sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chakra_sandbox.launch import start_sandbox
from tests.outside.places import ROOT
from tests.outside.test_documented_commands import OF_THE_PLACES, SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.outside.places import Places

PAGE: Final = ROOT / "docs" / "tutorial" / "sandbox.md"
ADDRESS: Final = "http://127.0.0.1:8765"
_BLOCK: Final = re.compile(r"(?:`(\S+)`:\n\n)?^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND: Final = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def steps() -> Iterator[tuple[str, str, str]]:
    """What is to be done: a file and its text, or a command and what it says."""
    for name, language, text in _BLOCK.findall(PAGE.read_text()):
        if language == "console":
            yield from (("typed", line, said) for line, said in _COMMAND.findall(text))
        else:
            # A file without a name could not be written.
            assert name
            yield "written", name, text


def is_said(shown: str, said: str) -> bool:
    """Whether a line of the page is said, with anything in the place of its dots."""
    parts = [re.escape(part) for part in shown.strip().split("…")]
    return re.search(".*".join(parts), said) is not None


def test_the_tutorial(outside: Places, tmp_path: Path) -> None:
    kept = {"DLT_DATA_DIR": str(tmp_path / "dlt"), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    exported: dict[str, str] = {}
    seen = 0
    (server,) = [line for kind, line, _ in steps() if kind == "typed" and line.startswith(SERVERS)]
    (rows,) = re.findall(r"--rows (\d+)", server)
    with start_sandbox(["--rows", rows]) as sandbox:
        for kind, what, text in steps():
            if kind == "written":
                (tmp_path / what).write_text(text)
            elif what.startswith("export "):
                name, _, value = what.removeprefix("export ").partition("=")
                exported[name] = value.replace(ADDRESS, sandbox.url)
            elif not what.startswith((*OF_THE_PLACES, *SERVERS)):
                said = outside.shell(what, tmp_path, {**exported, **kept}).well().said
                said = said.replace(sandbox.url, ADDRESS)
                lines = text.splitlines()
                assert [line for line in lines if not is_said(line, said)] == [], (what, said)
                seen += len(lines)
    assert sandbox.api_key in exported.values()
    assert seen >= 15
