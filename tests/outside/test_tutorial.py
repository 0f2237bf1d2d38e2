"""The tutorials, done as they stand there: their files, their commands, and what one sees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.outside.places import ROOT
from tests.outside.test_documented_commands import OF_THE_PLACES, SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.outside.places import Places

FOLDER: Final = ROOT / "docs" / "tutorial"
ADDRESS: Final = "http://127.0.0.1:8765"
_BLOCK: Final = re.compile(r"(?:`(\S+)`:\n\n)?^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND: Final = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def steps(page: str) -> Iterator[tuple[str, str, str]]:
    """What a page has done: a file and its text, or a command and what it says."""
    for name, language, text in _BLOCK.findall((FOLDER / page).read_text()):
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


@dataclass
class Learner:
    """Somebody who does what a tutorial says.

    Attributes:
        outside: Where the commands are.
        sandbox: What stands in for ChakraHQ.
        folder: Where they sit.
        variables: Of their terminal.
        seen: How many lines of the page they saw.
    """

    outside: Places
    sandbox: Sandbox
    folder: Path
    variables: dict[str, str]
    seen: int = 0

    def does(self, page: str) -> None:
        """Do each step of a page; what it shows is what they see."""
        for kind, what, text in steps(page):
            if kind == "written":
                (self.folder / what).write_text(text)
            elif what.startswith("export "):
                self._exports(what.removeprefix("export "))
            elif not what.startswith((*OF_THE_PLACES, *SERVERS)):
                self._sees(self._types(what), what, text.splitlines())

    def _exports(self, what: str) -> None:
        name, _, value = what.partition("=")
        told = value.replace(ADDRESS, self.sandbox.url).replace("…", self.sandbox.api_key)
        self.variables[name] = self._expanded(told.strip('"'))

    def _expanded(self, value: str) -> str:
        return re.sub(r"\$(\w+)", lambda match: self.variables[match[1]], value)

    def _types(self, line: str) -> str:
        line = re.sub(r" apply .*", r"\g<0> --yes", line)  # nobody sits here to say yes
        said = self.outside.shell(line, self.folder, self.variables).well().said
        assert self.sandbox.api_key not in said
        return said.replace(self.sandbox.url, ADDRESS)

    def _sees(self, said: str, line: str, shown: list[str]) -> None:
        assert [each for each in shown if not is_said(each, said)] == [], (line, said)
        self.seen += len(shown)


@pytest.fixture
def terminal(tmp_path: Path) -> dict[str, str]:
    """The variables of a terminal in which nothing was done yet."""
    return {"DLT_DATA_DIR": str(tmp_path / "dlt"), "RUNTIME__DLTHUB_TELEMETRY": "false"}


def test_the_tutorial(outside: Places, tmp_path: Path, terminal: dict[str, str]) -> None:
    page = "sandbox.md"
    (server,) = [
        line for kind, line, _ in steps(page) if kind == "typed" and line.startswith(SERVERS)
    ]
    (rows,) = re.findall(r"--rows (\d+)", server)
    with start_sandbox(["--rows", rows]) as sandbox:
        learner = Learner(outside, sandbox, tmp_path, terminal)
        learner.does(page)
    assert sandbox.api_key in terminal.values()
    assert learner.seen >= 15


def test_the_tutorial_of_a_real_account(
    outside: Places, tmp_path: Path, terminal: dict[str, str]
) -> None:
    """With all that it says, but an address: that of a sandbox in the place of ChakraHQ's."""
    with start_sandbox(["--rows", "400"]) as sandbox:
        names = ("TAP_CHAKRA_API_URL", "SOURCES__CHAKRA__API_URL", "TARGET_CHAKRA_API_URL")
        learner = Learner(
            outside, sandbox, tmp_path, {**terminal, **dict.fromkeys(names, sandbox.url)}
        )
        before = {row.id: row.data.get("score") for row in sandbox.oracle("lead")}
        learner.does("real-account.md")
        after = {row.id: row.data.get("score") for row in sandbox.oracle("lead")}
    assert after == before
    assert learner.seen >= 20
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5
    key = sandbox.api_key.encode()
    assert [path.name for path in files if key in path.read_bytes()] == []
