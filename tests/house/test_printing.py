"""What a command prints and logs goes through the places that make it fit for people."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("chakra_api", "chakra_plugin", "tap_chakra", "target_chakra", "chakra_spark")
MODULES = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]
PRINTERS = {"print", "echo", "secho", "write", "writelines"}
MAY_PRINT = {
    "chakra_plugin/telling.py",
    "chakra_plugin/terminal.py",  # tables, and colour
    "chakra_plugin/boundary.py",  # the version
    "target_chakra/run/hooks.py",  # the receipt
    "tap_chakra/run/progress.py",  # a line of a terminal
}
LOGGERS = {"tap-chakra", "target-chakra"}
MAY_ASK_FOR_ANY = {
    "chakra_api/redaction.py",
    "chakra_plugin/boundary.py",
    "chakra_plugin/settings/verbosity.py",  # sets the levels of logs
    "chakra_api/wire/one_host.py",  # a filter keeps tracebacks of urllib3 out
    "tap_chakra/singer/tap.py",  # the root's handlers push the progress line down
}


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a module, and the words before its parentheses."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_places_for_it_print(path: Path) -> None:
    if str(path.relative_to(ROOT)) in MAY_PRINT:
        return
    for said, _ in calls(path):
        *before, last = said.split(".")
        prints = last in PRINTERS and (not before or before[-1] in {"click", "stdout", "stderr"})
        prints = prints and said not in {"write", "writelines"}
        assert not prints, f"{said} in {path}: print with chakra_plugin/telling.py"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_logger_is_one_whose_records_are_fit_for_people(path: Path) -> None:
    if str(path.relative_to(ROOT)) in MAY_ASK_FOR_ANY:
        return
    for said, call in calls(path):
        if said == "logging.getLogger":
            names = [each.value for each in call.args if isinstance(each, ast.Constant)]
            assert set(names) <= LOGGERS, path
            assert names, path
