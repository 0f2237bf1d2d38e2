"""A release: what is said of its packages was looked up, its changelog is signed off once."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parent.parent.parent


def script(name: str) -> ModuleType:
    """A script, which is in no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "requirements" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    return script("audit")


@pytest.fixture(scope="module")
def release() -> ModuleType:
    return script("release")


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


BEGUN = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.3.0 (2026-11-25)\n\n- Old.\n"
DONE = "# Changelog\n\n## 0.4.0 (2026-12-01)\n\n- New.\n\n## 0.3.0 (2026-11-25)\n\n- Old.\n"


def test_a_changelog_is_signed_off_once(release: ModuleType) -> None:
    assert release.signed_off(BEGUN, "0.4.0", "2026-12-01") == DONE
    assert release.signed_off(DONE, "0.4.0", "2026-12-02") == DONE
    opened = DONE.replace("## 0.4.0", "## Unreleased\n\n## 0.4.0", 1)
    assert release.signed_off(opened, "0.4.0", "2026-12-02") == opened


def test_the_citation_is_of_the_version_that_is_signed_off(release: ModuleType) -> None:
    text = (ROOT / "CITATION.cff").read_text()
    made = yaml.safe_load(release.cited(text, "9.8.7", "2030-01-02"))
    assert made == yaml.safe_load(text) | {"version": "9.8.7", "date-released": "2030-01-02"}


@pytest.mark.parametrize(
    ("changelog", "version", "said"),
    [
        (BEGUN, "0.3.0", "name the next version"),
        (DONE, "0.5.0", "says nothing of 0.5.0"),
    ],
)
def test_nothing_is_released_under_a_version_that_is_taken_or_empty(
    release: ModuleType, changelog: str, version: str, said: str
) -> None:
    with pytest.raises(release.NotReady, match=said):
        release.signed_off(changelog, version, "2026-12-01")


def test_a_wheel_holds_our_packages_and_nothing_else(release: ModuleType) -> None:
    names = [f"{name}/__init__.py" for name in sorted(release.PACKAGES)]
    names.append("chakra_connectors-0.4.0.dist-info/METADATA")
    release.checked_wheel(names, "0.4.0")
    for wrong in ([*names, "dbt/dbt_project.yml"], names[1:]):
        with pytest.raises(release.NotReady, match="The wheel holds"):
            release.checked_wheel(wrong, "0.4.0")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert (
        set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == release.PACKAGES
    )


def test_each_version_in_the_changelog_has_a_day_and_the_citation_has_the_last() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## ([0-9].*)", text, re.MULTILINE)
    dated = [re.fullmatch(r"(\S+) \((\d{4}-\d\d-\d\d)\)", each) for each in headings]
    assert all(dated)
    (version, day), *_ = [each.groups() for each in dated if each]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (cited["version"], cited["date-released"]) == (version, day)


def test_what_names_the_version_names_this_one(release: ModuleType) -> None:
    version = release.version_of((ROOT / "pyproject.toml").read_text())
    package = yaml.safe_load((ROOT / "dbt" / "dbt_project.yml").read_text())
    assert package["version"] == version
    for name in ("compose.yml", "examples/kubernetes/cronjob.yml", "docs/deploying.md"):
        tags = re.findall(r"chakra-connectors:(\d\S+)", (ROOT / name).read_text())
        assert set(tags) == {version}, name
