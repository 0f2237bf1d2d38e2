"""docs/architecture.md agrees with the folders: pictures show rooms, tables name all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PACKAGES = (
    *("chakra_api", "chakra_plugin", "tap_chakra", "target_chakra", "chakra_sandbox"),
    "chakra_spark",
)
PICTURES = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
BOX = re.compile(r'(\w+)\["([^"]+)"\]')
"""A room in a picture: `run["tap_chakra/run"]`."""
OUTSIDE = re.compile(r'(\w+)\(\["([^"]+)"\]\)')
"""What is no room: `stdin(["Singer messages"])`."""


def rooms() -> set[str]:
    """Every folder of the packages that holds modules."""
    return {
        folder.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for folder in (ROOT / package).iterdir()
        if (folder / "__init__.py").exists()
    }


def tabled() -> list[str]:
    """The rooms that the page's tables describe, in their order."""
    return re.findall(r"^\| `([\w/]+)` \| \S", PAGE, re.MULTILINE)


def test_every_room_has_one_paragraph_and_every_paragraph_a_room() -> None:
    assert sorted(tabled()) == sorted(rooms() | {"chakra_plugin"})


@pytest.mark.parametrize("picture", PICTURES, ids=["row", "page"])
def test_each_box_of_a_picture_is_a_room(picture: str) -> None:
    boxes = [label for _, label in BOX.findall(picture)]
    assert boxes
    assert len(boxes) == len(set(boxes)), "a room is drawn twice"
    assert set(boxes) <= rooms()


@pytest.mark.parametrize(
    ("picture", "package"),
    list(zip(PICTURES, ["target_chakra", "tap_chakra"], strict=True)),
    ids=["row", "page"],
)
def test_a_picture_shows_every_room_of_its_package(picture: str, package: str) -> None:
    shown = {label for _, label in BOX.findall(picture)}
    assert {room for room in rooms() if room.startswith(f"{package}/")} <= shown


@pytest.mark.parametrize("picture", PICTURES, ids=["row", "page"])
def test_each_end_of_an_arrow_is_drawn(picture: str) -> None:
    drawn = {name for name, _ in (*BOX.findall(picture), *OUTSIDE.findall(picture))}
    bare = re.sub(r'"[^"]*"', "", picture)
    used = set(re.findall(r"\b(\w+)\b", bare)) - {"flowchart", "TD"}
    assert used == drawn


def test_the_modules_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`(\w+\.py)`", PAGE))
    ours = {path.name for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert named <= ours
