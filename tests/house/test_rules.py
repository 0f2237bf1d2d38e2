"""The rules of the house for each module: sizes, no clock in the core, frozen values, plain names.

Which room may import which, and where a framework may stand, says `test_rooms.py`.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = (
    *("chakra_api", "chakra_plugin", "tap_chakra", "target_chakra", "chakra_sandbox"),
    "chakra_spark",
)
CLOCK_OWNERS = {
    "chakra_api/clock.py": "the one place that touches time and chance",
    "chakra_sandbox/__main__.py": "the server's own clock",
    "chakra_sandbox/serving/server.py": "the server's own clock",
    "chakra_sandbox/launch.py": "waits for a child",
}
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports_of(path: Path) -> set[str]:
    """Every module that a module imports, anywhere in it, with the names taken from it."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def roots_of(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports_of(path)}


def functions() -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return [
        (f"{name_of(path)}:{node.lineno} {node.name}", node)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring: prose is not what makes it long."""
    first, *_ = node.body
    prose = 0
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        prose = (first.end_lineno or first.lineno) - first.lineno + 1
    return (node.end_lineno or node.lineno) - node.lineno + 1 - prose


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nobody_reads_a_clock_or_draws_but_through_what_is_passed_in(path: Path) -> None:
    if name_of(path) in CLOCK_OWNERS:
        return
    text = path.read_text()
    assert "time" not in roots_of(path)
    assert not re.search(r"\b(datetime|date)\.(now|utcnow|today)\(", text)
    if not name_of(path).startswith("chakra_sandbox"):
        assert not roots_of(path) & {"random", "secrets", "uuid"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_the_median_module_is_under_200_lines() -> None:
    assert statistics.median(len(path.read_text().splitlines()) for path in MODULES) < 200


def test_functions_are_short() -> None:
    lengths = sorted(lines_of(node) for _, node in functions())
    assert statistics.median(lengths) < 10
    assert lengths[len(lengths) * 9 // 10] < 36


def test_no_function_takes_more_than_five_arguments() -> None:
    long = [
        name
        for name, node in functions()
        if len([a for a in node.args.posonlyargs + node.args.args if a.arg not in {"self", "cls"}])
        > 5
    ]
    assert not long


def test_data_classes_between_modules_are_frozen() -> None:
    loose = []
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                decorators = [ast.unparse(each) for each in node.decorator_list]
                if any(d.startswith("dataclass") and "frozen=True" not in d for d in decorators):
                    loose.append(f"{name_of(path)} {node.name}")
    # The sandbox's stores change in place: they are its memory, not values between modules.
    assert [name for name in loose if not name.startswith("chakra_sandbox")] == []


KNOW_WHAT_IS_MASKED = {
    "tap_chakra/run/source.py": "gives procedures under their masks",
    "tap_chakra/records/masks.py": "checks masks against them",
    "tap_chakra/records/stream_names.py": "their shortIds, for the names of streams",
    "tap_chakra/records/config_collections.py": "their states, for a stream of the configuration",
    "tap_chakra/second/beginning.py": "masks what it is told to",
    "tap_chakra/doctor/look.py": "tells shapes of values, and no value",
}


def test_rows_are_typed_by_procedures_under_their_masks() -> None:
    reads = re.compile(r"\baccount\.procedures?\b")
    paths = [path for path in MODULES if name_of(path).startswith("tap_chakra/")]
    readers = {name_of(path) for path in paths if reads.search(path.read_text())}
    assert readers == KNOW_WHAT_IS_MASKED.keys()


def test_no_module_is_named_for_nothing() -> None:
    assert not {path.name for path in MODULES} & {"utils.py", "helpers.py", "common.py", "misc.py"}


def test_no_mock_library_is_used() -> None:
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    users = [p for p in tests if {"unittest.mock", "mock", "responses"} & imports_of(p)]
    assert not users


def test_no_tracked_file_names_a_machine_or_an_index() -> None:
    parts = [
        ("/", "work/"),
        ("/", "root/"),
        ("py", "pi.org"),
        ("python", "hosted"),
        ("/opt/", "py"),
    ]
    pattern = "|".join("".join(part) for part in parts)
    found = subprocess.run(
        ["git", "grep", "-nEI", pattern, "--", ".", ":!LICENSE"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""
