"""Prints the page of a doctor: for a person with the colour of each severity, or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_plugin.findings.finding import Severity
from chakra_plugin.findings.page import page_json, page_lines
from chakra_plugin.telling import tell_json
from chakra_plugin.terminal import Tone, Toned, tell_toned

if TYPE_CHECKING:
    from chakra_plugin.findings.page import Page

_TONES: Final = {
    Severity.OK: Tone.GOOD,
    Severity.NOTE: Tone.PLAIN,
    Severity.WARNING: Tone.WARNING,
    Severity.FAULT: Tone.BAD,
}


def show_page(page: Page, *, as_json: bool) -> None:
    """Print a page to standard output."""
    if as_json:
        tell_json(page_json(page))
        return
    for line in page_lines(page):
        word, blank, rest = line.partition(" ")
        tone = next((_TONES[each] for each in Severity if each.value == word), Tone.PLAIN)
        tell_toned([Toned(word, tone), blank, rest])
