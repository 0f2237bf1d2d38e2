"""A second Python finds what this one finds, but for the current folder; and knows no secret."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from tap_chakra.second import isolated
from tap_chakra.second.isolated import command_of, environment_of, path_of

if TYPE_CHECKING:
    import pytest

MODULE = "tap_chakra.lines.second_process"
ROOT = Path(__file__).parents[4]


def said_by(
    folder: Path, path: list[str], env: dict[str, str] | None = None, module: str = MODULE
) -> str:
    """What the process answers that is started in a folder with a path: `ready`, or why not."""
    told, answers = os.pipe()
    command = [*command_of(module, answers)[: -len(path_of(sys.path))], *path]
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, pass_fds=[answers], env=env or {},
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(answers)
    said = os.read(told, 1 << 16).decode()
    os.close(told)
    assert done.stderr == b"", done.stderr
    return said


def hostile(folder: Path) -> Path:
    """A folder in which every module that a start might look for writes a file, and fails."""
    folder.mkdir()
    for name in ("orjson", "json", "typing", "sitecustomize", "usercustomize", "simplejson"):
        (folder / f"{name}.py").write_text(f"open({str(folder / 'ran')!r}, 'w'); raise SystemExit")
    for name in ("chakra_plugin", "requests"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text((folder / "json.py").read_text())
    return folder


def test_nothing_of_the_current_folder_is_run_whatever_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hostile(tmp_path / "hostile")
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder)
    given = ["", ".", str(folder), str(tmp_path / "link"), *sys.path]
    path = path_of(given)
    assert path == path_of(sys.path)
    env = {
        "PYTHONPATH": str(folder),
        "PYTHONSTARTUP": str(folder / "json.py"),
        "PYTHONHOME": str(folder),
        "PYTHONUSERBASE": str(folder),
        "PYTHONINSPECT": "1",
    }
    assert said_by(folder, path, env) == "ready\n"
    assert not (folder / "ran").exists()


def test_who_stands_in_the_folder_of_the_packages_has_a_second_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = Path(orjson.__file__).parents[1]
    monkeypatch.chdir(installed)
    path = path_of(["", ".", *sys.path])
    assert path == [each for each in sys.path if Path(each).is_absolute()]
    assert said_by(installed, path) == "ready\n"


def test_a_checkout_in_the_current_folder_gives_our_packages_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hostile(tmp_path / "checkout")
    for name in ("chakra_api", "tap_chakra"):
        (folder / name).symlink_to(ROOT / name)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(isolated, "__file__", str(folder / "tap_chakra" / "lines" / "isolated.py"))
    elsewhere = [each for each in path_of(sys.path) if Path(each) != ROOT]
    assert said_by(folder, elsewhere) == "ready\n"
    assert not (folder / "ran").exists()


def test_an_archive_gives_our_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "app.pyz"
    with zipfile.ZipFile(archive, "w") as written:
        for name in ("chakra_api", "tap_chakra"):
            for file in (ROOT / name).rglob("*.py"):
                written.write(file, file.relative_to(ROOT))
    monkeypatch.setattr(isolated, "__file__", str(archive / "tap_chakra" / "lines" / "isolated.py"))
    elsewhere = [each for each in path_of(sys.path) if Path(each) != ROOT]
    assert said_by(tmp_path, elsewhere) == "ready\n"


def test_what_can_not_be_imported_is_answered_and_no_traceback() -> None:
    assert said_by(ROOT, path_of(sys.path), module="tap_chakra.lines.none").startswith(
        "ModuleNotFoundError, No module named 'tap_chakra.lines.none'"
    )


def test_no_variable_that_may_hold_a_secret_is_handed_on() -> None:
    kept = {"LANG": "C.UTF-8", "LC_ALL": "C", "TZ": "UTC", "LD_LIBRARY_PATH": "/opt/lib"}
    others = {
        "TAP_CHAKRA_API_KEY": "k", "MY_API_KEY": "k", "AWS_SECRET_ACCESS_KEY": "k", "PATH": "/bin",
        "PYTHONPATH": "/x", "HOME": "/root", "LD_PRELOAD": "x.so", "HTTPS_PROXY": "http://u:p@h",
    }  # fmt: skip
    assert environment_of(kept | others) == kept


def test_a_current_folder_that_is_gone_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert path_of(["", str(tmp_path)]) == [str(tmp_path)]
