"""Names of the core are made of words that the glossary explains, or that anybody knows.

A class or a module that is named by a new word needs a row in docs/glossary.md, or, where the word
means what it means in plain English or in the field, a place in `plain_words.txt`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CORE = ("chakra_api", "chakra_plugin", "tap_chakra", "target_chakra", "chakra_spark")
PLAIN = (Path(__file__).parent / "plain_words.txt").read_text().split()
TEXT = (ROOT / "docs" / "glossary.md").read_text()
GLOSSARY = {
    word
    for term in re.findall(
        r"^\| ([^|]+) \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE
    )
    for word in re.findall(r"[a-z]+", term)
}


def words_of(name: str) -> list[str]:
    """The words of a class's or a module's name: `JobFollower`, `read_back` → their words."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?=[A-Z][a-z]|$)|[A-Z]?[a-z]+", name)]


def named() -> dict[str, str]:
    """Each word in use, with a place where it stands."""
    found: dict[str, str] = {}
    for package in CORE:
        for path in sorted((ROOT / package).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            names = [] if path.stem.startswith("__") else [path.stem]
            tree = ast.parse(path.read_text())
            names += [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
            for name in names:
                for word in words_of(name):
                    found.setdefault(word, f"{name} in {place}")
    return found


def test_each_word_of_a_name_is_explained_or_plain() -> None:
    known = GLOSSARY | set(PLAIN)
    assert {word: place for word, place in named().items() if word not in known} == {}


def test_the_list_of_plain_words_is_in_order_and_holds_only_words_in_use() -> None:
    assert sorted(set(PLAIN)) == PLAIN
    assert sorted(set(PLAIN) - set(named())) == []


def test_no_word_is_both_explained_and_plain() -> None:
    assert sorted(GLOSSARY & set(PLAIN)) == []
