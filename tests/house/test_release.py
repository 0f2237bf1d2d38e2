"""What is said of the packages that a release depends on is never more than was looked up."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    """The script, which is in no package."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / "requirements" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("found", "code", "said"),
    [
        (None, 2, "Nothing was looked up"),
        ([], 2, "Nothing was looked up"),
        ([SKIPPED], 2, "no data on any"),
        ([GOOD, SKIPPED], 2, "1 of 2 packages were looked up; not c; no known faults"),
        ([GOOD], 0, "1 of 1 packages were looked up; no known faults"),
        ([GOOD, BAD], 1, "b 1: PYSEC-1, mended in 2"),
        ([SKIPPED, BAD], 1, "not c; 1 known faults"),
    ],
)
def test_what_was_not_looked_up_is_not_without_fault(
    audit: ModuleType, found: list[dict[str, Any]] | None, code: int, said: str
) -> None:
    ended, lines = audit.verdict(found)
    assert ended == code
    assert said in "\n".join(lines)


def locked(name: str) -> set[str]:
    """The packages and versions of a lock."""
    text = (ROOT / "requirements" / name).read_text()
    return set(re.findall(r"^(\S+==[^\s;]+)", text, re.MULTILINE))


def test_what_users_install_is_part_of_what_is_tested_and_audited() -> None:
    assert locked("release.txt") <= locked("dev.txt") | locked("spark.txt")
    apart = {each.partition("==")[0] for each in locked("spark.txt") - locked("dev.txt")}
    assert apart == {"pyspark", "py4j"}  # all else is tested in the same version
    assert len(locked("release.txt")) > 50
