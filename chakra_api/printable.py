"""Texts as a person may see them: nothing in them moves a cursor, ends a line or hides a word.

Messages of a server, keys, names of streams and files may hold anything. A terminal obeys escape
sequences, a log breaks a line in two where a text says so, and marks of direction show words in
another order than they stand. What is for machines (RECORD lines, the journal, the rejects file)
keeps its values.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NOT_TO_SEE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what is not seen: controls, formats, halves of characters, separators."""
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_UNSEEN: Final = re.compile(r"[^ -~]")
_BMP: Final = 0xFFFF


def printable(text: str) -> str:
    """A text for one line that a person reads, what is not seen in it as its escape."""
    return text if text.isprintable() else _UNSEEN.sub(_shown, text)


def printable_json(line: str) -> str:
    """A line of JSON that means the same, what is not seen in its texts as JSON's own escape."""
    return line if line.isprintable() else _UNSEEN.sub(_json_escape, line)


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in _NOT_TO_SEE


def _shown(found: re.Match[str]) -> str:
    character = found.group()
    if not _unseen(character):
        return character
    return _SHORT.get(character) or character.encode("unicode_escape").decode()


def _json_escape(found: re.Match[str]) -> str:
    character = found.group()
    if not _unseen(character):
        return character
    if ord(character) <= _BMP:
        return f"\\u{ord(character):04x}"
    pair = character.encode("utf-16-be").hex()
    return f"\\u{pair[:4]}\\u{pair[4:]}"
