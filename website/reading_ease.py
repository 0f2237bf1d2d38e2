"""How easily pages read, by Flesch's formula: `python -m website.reading_ease PAGE ...`.

206.835 - 1.015 x words per sentence - 84.6 x syllables per word (Flesch, 1948): 60 to 70 is plain
English, 30 to 50 is hard, below that is very hard. Prose alone counts: the sentences of paragraphs
and of list items. Headings, tables, code, captions and whatever does not end as a sentence does
are left out, and code within a sentence is one short word. Syllables are counted as groups of
vowels, so figures say something beside each other.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST_WORDS: Final = 2
"""Of a sentence: what is shorter is a mark or a number."""
_LEFT_OUT: Final = re.compile(r"<!--.*?-->|<[^>\n]+>", re.DOTALL)
_LINES_LEFT_OUT: Final = re.compile(r"\s*(?:\||#|:::|!!!|import |export |\{%|\[[^\]]+\]: )")
_INLINE: Final = re.compile(r"`[^`\n]+`")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")  # noqa: RUF001 - as people write it
_QUOTE: Final = re.compile(r"^\s*> ?", re.MULTILINE)
_PART: Final = re.compile(r"\n\s*\n|\n\s*(?:[-*+]|\d+\.)\s+")
_SHORTENED: Final = re.compile(r"\b(e\.g|i\.e|etc|vs)\.(?=\s+[a-z(`])")
_ENDS: Final = re.compile(r"(?<=[.!?])[*_)\"'”]*\s+")
_WHOLE: Final = re.compile(r"[.!?:][*_)\"'”]*$")


@dataclass(frozen=True, slots=True)
class Ease:
    """What a text is like to read.

    Attributes:
        words: How many it has.
        per_sentence: Words of a sentence.
        syllables: Of a word.
    """

    words: int
    per_sentence: float
    syllables: float

    @property
    def flesch(self) -> float:
        """Flesch's reading ease."""
        return 206.835 - 1.015 * self.per_sentence - 84.6 * self.syllables


def syllables(word: str) -> int:
    """Syllables of an English word, about.

    Args:
        word: It.
    """
    low = word.lower()
    silent = low.endswith("e") and not low.endswith("le") and not re.search(r"[aeiouy]e$", low)
    silent = silent or re.search(r"[^aeiouytd]ed$", low) is not None
    return max(1, len(re.findall(r"[aeiouy]+", low)) - silent)


def prose(markdown: str) -> str:
    """A page without its settings at the head, headings, tables, code, and a builder's lines.

    Args:
        markdown: The page.
    """
    _, _, rest = markdown.partition("\n---\n") if markdown.startswith("---") else ("", "", markdown)
    kept, within = [], False
    for line in rest.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            within = not within
            kept.append("")
        elif not within:
            kept.append("" if _LINES_LEFT_OUT.match(line) else line)
    return _LEFT_OUT.sub(" ", _QUOTE.sub("", "\n".join(kept)))


def sentences(markdown: str) -> Iterator[list[str]]:
    """The words of each sentence of a page.

    Args:
        markdown: The page.
    """
    text = _LINK.sub(r"\1", _INLINE.sub("code", prose(markdown)))
    for part in _PART.split(f"\n{text}"):
        for sentence in _ENDS.split(_SHORTENED.sub(r"\1", part.strip())):
            words = _WORD.findall(sentence)
            if _WHOLE.search(sentence) and len(words) >= FEWEST_WORDS:
                yield words


def ease(*pages: str) -> Ease | None:
    """What pages are like to read; None for those without sentences.

    Args:
        pages: In Markdown.
    """
    found = [each for page in pages for each in sentences(page)]
    words = [word for each in found for word in each]
    if not words:
        return None
    return Ease(len(words), len(words) / len(found), sum(map(syllables, words)) / len(words))


def main(names: list[str]) -> int:
    """Print a line for each page, and one for all of them; the exit code."""
    texts = {name: Path(name).read_text() for name in names}
    each = [(name, ease(text)) for name, text in texts.items()]
    for name, found in (*each, ("all", ease(*texts.values()))):
        if found is not None:
            print(
                f"{found.flesch:5.1f}  {found.per_sentence:4.1f} words a sentence,"
                f" {found.syllables:.2f} syllables a word, {found.words:6,} words  {name}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
