"""What is installed: the wheel, the source distribution, and what they say of themselves."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

from tests.outside.places import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.outside.places import Places


def test_the_wheel_holds_the_packages_alone(outside: Places) -> None:
    with zipfile.ZipFile(outside.wheel) as wheel:
        tops = {name.split("/")[0] for name in wheel.namelist()}
    packages = {"chakra_api", "chakra_plugin", "chakra_sandbox", "tap_chakra", "target_chakra"}
    packages.add("chakra_spark")
    assert {top for top in tops if not top.endswith(".dist-info")} == packages


def test_who_has_the_source_distribution_has_all_to_build_and_to_test(outside: Places) -> None:
    with tarfile.open(outside.sdist) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    for name in (
        "Makefile",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "meltano.yml",
        "plugins/tap-chakra.yml",
        "plugins/target-chakra.yml",
        "docs/guarantees.md",
        "tests/conftest.py",
        "requirements/dev.txt",
        ".ci/run",
    ):
        assert name in names, name
    assert not [name for name in names if name.startswith((".venv", ".meltano", "output"))]


def test_the_wheel_of_the_source_distribution_is_the_wheel(outside: Places, tmp_path: Path) -> None:
    with tarfile.open(outside.sdist) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (again,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(again) as one, zipfile.ZipFile(outside.wheel) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


def test_a_package_index_shows_the_readme(outside: Places) -> None:
    """As PyPI renders it: twine has the same program."""
    twine = ROOT / ".venv-docs" / "bin" / "twine"
    done = subprocess.run(
        [str(twine), "check", "--strict", str(outside.wheel), str(outside.sdist)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2


def test_versions_are_told(outside: Places, tmp_path: Path) -> None:
    version = outside.wheel.name.split("-")[1]
    for command in ("tap-chakra", "target-chakra"):
        told = outside.shell(f"{command} --version", tmp_path)
        assert f"{command} v{version}" in told.well().out
        package = command.replace("-", "_")
        told = outside.shell(
            f"python -c 'import {package}; print({package}.__version__)'", tmp_path
        )
        assert told.well().out.strip() == version


def test_each_module_can_be_imported(outside: Places, tmp_path: Path) -> None:
    line = (
        'python -c "import pkgutil, importlib, tap_chakra, target_chakra, chakra_api,'
        " chakra_plugin, chakra_sandbox as s;"
        " [importlib.import_module(m.name) for p in (tap_chakra, target_chakra, chakra_api,"
        " chakra_plugin, s) for m in pkgutil.walk_packages(p.__path__, p.__name__ + '.')"
        " if not m.name.endswith('__main__')]\""
    )
    outside.shell(line, tmp_path).well()
