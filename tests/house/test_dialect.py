"""User-facing text is plain English with the field's usual words; `dialect.txt` lists what is not.

Pages for users are read, examples, models, results of benchmarks, and what commands print: texts of
the code that are no docstrings, and the help of subcommands. Decisions, the architecture and the
glossary are for who works on the code.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.outside import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
PRODUCT = ("chakra_api", "chakra_plugin", "chakra_sandbox", "chakra_spark", "tap_chakra",
           "target_chakra")  # fmt: skip
TEXTS = {".cron", ".ipynb", ".md", ".py", ".sql", ".txt", ".yaml", ".yml"}
MADE = {"target", "dbt_packages", "logs"}
"""Folders that dbt makes."""
FOR_DEVELOPERS = {"architecture.md", "glossary.md", "mutants.md"}
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)


def dialect() -> dict[str, str]:
    """Each pattern, and what is said instead."""
    lines = (Path(__file__).parent / "dialect.txt").read_text().splitlines()
    split = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {pattern: instead for pattern, instead in split}  # noqa: C416 - two of each, or an error


def hits(text: str) -> list[str]:
    """What a text should not say, each with what to say instead."""
    found = []
    for pattern, instead in dialect().items():
        for match in re.finditer(pattern, text, re.IGNORECASE):
            around = text[max(0, match.start() - 30) : match.end() + 30].replace("\n", " ")
            found.append(f"…{around}… say: {instead}")
    return found


def beside_the_pages() -> Iterator[Path]:
    """Files for users that are no pages of docs."""
    yield from (ROOT / name for name in ("CHANGELOG.md", "SECURITY.md", "SUPPORT.md"))
    for folder in ("examples", "dbt", "benchmarks/results"):
        for path in sorted((ROOT / folder).rglob("*")):
            is_ours = not MADE & set(path.relative_to(ROOT).parts)
            if path.suffix in TEXTS and path.is_file() and is_ours:
                yield path


def texts_of(tree: ast.Module) -> Iterator[str]:
    """The texts of a module that may be printed: all but docstrings, and the help of commands."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.value
        elif isinstance(node, ast.FunctionDef) and any(
            "command" in ast.unparse(each) for each in node.decorator_list
        ):
            yield ast.get_docstring(node) or ""


@pytest.mark.parametrize(
    "page", list(documents.pages()), ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_pages_are_plain(page: Path) -> None:
    if page.name not in FOR_DEVELOPERS:
        assert hits(_CODE.sub(" ", page.read_text())) == []


@pytest.mark.parametrize(
    "path", list(beside_the_pages()), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_what_lies_beside_the_pages_is_plain(path: Path) -> None:
    text = path.read_text()
    assert hits(_CODE.sub(" ", text) if path.suffix == ".md" else text) == []


@pytest.mark.parametrize("package", PRODUCT)
def test_what_commands_print_is_plain(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {hit}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for text in texts_of(ast.parse(path.read_text()))
        for hit in hits(text)
    }
    assert sorted(found) == []


def test_meltano_is_told_in_plain_words() -> None:
    assert hits((ROOT / "meltano.yml").read_text()) == []


def test_each_pattern_finds_what_it_is_for() -> None:
    said = {
        "A scan believes no offset",
        "windows that one answer holds",
        "1,000 rows a job",
        "Mend it in the source",
        "the gravest counts",
        "rows of which nobody knows",
        "a line an id",
        "Write an id a line",
        "One JSON object a table",
        "Calls a second from one address",
        "each request among it",
        "until its user says",
        "by your word",
        "so that none is again",
        "told by its word alone",
        "followed by nobody",
        "It belongs into the keyring",
        "60 bytes a row",
    }
    assert [text for text in said if not hits(text)] == []
    assert hits("A scan relies on no offset. Rows per job. Correct it in the source.") == []
    assert hits("A second row. Two in a row. The id of a row. It deletes a row again.") == []
