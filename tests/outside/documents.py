"""The commands that documents and plugin files name, as their reader would type them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from tests.outside.places import OURS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES: Final = ("README.md", "CONTRIBUTING.md", "chakra_sandbox/README.md", "docs")
_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMENT: Final = re.compile(r"\s{2,}#\s.*$")


def pages() -> Iterator[Path]:
    """The documents for users, one by one."""
    for name in PAGES:
        path = ROOT / name
        found = sorted(path.rglob("*.md")) if path.is_dir() else [path]
        yield from (page for page in found if page.parent.name != "decisions")


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of code of a page in a language."""
    return [text for found, text in _BLOCK.findall(page.read_text()) if found == language]


def typed() -> dict[str, list[str]]:
    """Each command behind a `$` in a console block, by page."""
    found: dict[str, list[str]] = {}
    for page in pages():
        for block in blocks(page, "console"):
            lines = [line for line in block.splitlines() if line.startswith("$ ")]
            commands = [_COMMENT.sub("", line[2:]).strip() for line in lines]
            found.setdefault(str(page.relative_to(ROOT)), []).extend(commands)
    return found


def of_meltano() -> list[str]:
    """Each command of the plugin files, as Meltano runs it."""
    return [
        f"meltano invoke {name}:{command}"
        for name in OURS
        for command in yaml.safe_load((ROOT / "plugins" / f"{name}.yml").read_text())["commands"]
    ]


def settings_of(name: str) -> dict[str, dict[str, Any]]:
    """The settings of a plugin file, by name."""
    plugin = yaml.safe_load((ROOT / "plugins" / f"{name}.yml").read_text())
    return {setting["name"]: setting for setting in plugin["settings"]}


def mapping_of_the_documents() -> list[dict[str, Any]]:
    """The mapping that the page on mappings gives as an example."""
    for block in blocks(ROOT / "docs" / "how-to" / "map-columns.md", "yaml"):
        for loader in yaml.safe_load(block).get("plugins", {}).get("loaders", []):
            streams: list[dict[str, Any]] = loader["config"]["streams"]
            return streams
    raise AssertionError("the page shows no mapping")
