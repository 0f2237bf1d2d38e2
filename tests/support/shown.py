"""Compares what a page shows of a command with what the command says, its figures masked."""

from __future__ import annotations

import re

_MASKS = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
    (r"(?<=\()[0-9a-f]{4}…(?=\))", "<id>"),
    (r"\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?", "<time>"),
    (r"https?://[\w.:-]*\w", "<address>"),
    (r"\d(?:[\d,.]*\d)?", "<n>"),
    (r"\s+", " "),
)


def masked(text: str) -> str:
    """A text without its ids, times, addresses and numbers, and with one blank for many.

    Args:
        text: What a page shows, or what a command says.
    """
    for pattern, instead in _MASKS:
        text = re.sub(pattern, instead, text)
    return text.strip()


def not_said(shown: list[str], said: str) -> list[str]:
    """The parts of a page that a command does not say, in the order of the page.

    Args:
        shown: Parts, such as lines; a `…` stands for anything.
        said: What the command says.
    """
    rest, missing = masked(said), []
    for part in shown:
        parts = [re.escape(each.strip()) for each in masked(part).split("…")]
        found = re.search(".*?".join(parts), rest)
        if found is None:
            missing.append(part)
        else:
            rest = rest[found.end() :]
    return missing
