"""Gathers the documents into the folder that the site is built of.

A document lies where it is read best: beside the code, in docs/, in the root. A link between two
documents of the site stays one; a link to anything else of the repository becomes its address on
GitHub; a link to nothing is an error, before anything is built.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parent.parent
REPOSITORY: Final = "https://github.com/chakra-connectors/chakra-connectors"
ELSEWHERE: Final = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "chakra_sandbox/README.md": "reference/sandbox.md",
}
"""Documents that do not lie in docs/, and where the site has them."""
STYLE: Final = "website/style.css"
RESULTS: Final = "benchmarks/results"
DECISIONS: Final = "decisions/index.md"
"""A page of the site alone: on GitHub the folder is its own list."""
_FENCE: Final = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"(\]\()([^)\s]+)(\))")
_FOREIGN: Final = re.compile(r"[a-z]+:|#|//")


class StageError(Exception):
    """A link of a document leads to nothing."""


def pages() -> dict[str, str]:
    """Each file of the site: its path in the repository, and in the site."""
    found = dict(ELSEWHERE)
    for path in sorted((ROOT / "docs").rglob("*")):
        if path.is_file():
            name = path.relative_to(ROOT).as_posix()
            found[name] = name.removeprefix("docs/")
    for path in sorted((ROOT / RESULTS).glob("*.*")):
        found[path.relative_to(ROOT).as_posix()] = f"benchmarks/{path.name}"
    return found


def rewritten(source: str, text: str, found: dict[str, str]) -> str:
    """A document as the site has it.

    Args:
        source: Its path in the repository.
        text: What it says.
        found: Each file of the site, as `pages` gives them.
    """
    parts = _FENCE.split(text)
    return "".join(
        part if part.startswith("```") else _LINK.sub(
            lambda match: match[1] + _led(source, match[2], found) + match[3], part
        )
        for part in parts
    )  # fmt: skip


def _led(source: str, link: str, found: dict[str, str]) -> str:
    """Where a link leads to on the site."""
    if _FOREIGN.match(link):
        return link
    path, mark, anchor = link.partition("#")
    target = os.path.normpath(PurePosixPath(source).parent / path)
    if target in found:
        here = PurePosixPath(found[source]).parent
        return os.path.relpath(found[target], here) + mark + anchor
    if not (ROOT / target).exists():
        raise StageError(f"{source}: {link} leads to nothing")
    kind = "tree" if (ROOT / target).is_dir() else "blob"
    return f"{REPOSITORY}/{kind}/main/{target}{mark}{anchor}"


def stage(folder: Path) -> Iterator[str]:
    """Write the documents into a folder, which is made anew; the path of each.

    Args:
        folder: Where the site is built of.
    """
    shutil.rmtree(folder, ignore_errors=True)
    found = pages()
    for source, name in found.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".md":
            target.write_text(rewritten(source, (ROOT / source).read_text(), found))
        else:
            shutil.copyfile(ROOT / source, target)
        yield name
    shutil.copyfile(ROOT / STYLE, folder / "style.css")
    (folder / DECISIONS).write_text(decisions())
    yield DECISIONS


def version(changelog: str) -> str:
    """Of which version the site is, by the changelog.

    Args:
        changelog: It.
    """
    unreleased = "## Unreleased\n" in changelog
    (last, *_) = re.findall(r"^## ([0-9.]+)", changelog, re.MULTILINE)
    return f"Version {last}, and what is unreleased" if unreleased else f"Version {last}"


def decisions() -> str:
    """A list of the decision records."""
    lines = ["# Decisions", "", "Why things are as they are, a page each.", ""]
    for path in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        title = path.read_text().partition("\n")[0].removeprefix("# ")
        number, _, words = title.partition(". ")
        lines.append(f"- [{words}]({path.name}) ({number})")
    return "\n".join([*lines, ""])
