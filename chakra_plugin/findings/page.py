"""The page of a doctor: its findings as lines for a person, and as one JSON object for a script."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from chakra_api.values.counts import counted
from chakra_api.values.timestamps import iso_ms
from chakra_api.wire.wire_json import encode
from chakra_plugin.findings.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_plugin.findings.comparison import Difference
    from chakra_plugin.findings.finding import Finding

WIDTH: Final = 100
"""Characters of a line."""
MOST_NAMED: Final = 4
"""Procedures or attributes that one line names."""
_SEVERITY_WIDTH: Final = 9
_TOPIC_WIDTH: Final = 24
_INDENT: Final = " " * (_SEVERITY_WIDTH + _TOPIC_WIDTH)


@dataclass(frozen=True, slots=True)
class Since:
    """What an earlier look is compared with.

    Attributes:
        at: When it was, epoch milliseconds.
        differences: The facts that are other ones now.
    """

    at: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All that one look found.

    Attributes:
        title: What was looked at: `ChakraHQ at https://api.chakrahq.com`.
        looked_at: When, epoch milliseconds.
        findings: What was found; those of one topic stand together.
        requests: Requests that it took.
        seconds: Seconds that it took.
        since: The earlier look; None if there is none to compare with.
        left_out: What was not looked at, each a sentence.
    """

    title: str
    looked_at: int
    findings: tuple[Finding, ...]
    requests: int
    seconds: float
    since: Since | None = None
    left_out: tuple[str, ...] = ()


def page_lines(page: Page) -> Iterator[str]:
    """The page for a person, line by line."""
    yield f"{page.title}, {iso_ms(page.looked_at)}"
    yield ""
    before = ""
    for _, alike in groupby(page.findings, key=_likeness):
        finding = _as_one(tuple(alike))
        yield from _finding_lines(finding, "" if finding.topic == before else finding.topic)
        before = finding.topic
    yield ""
    yield from _end_lines(page)


def page_json(page: Page) -> str:
    """The page as one JSON object in one line; times are epoch milliseconds."""
    made = asdict(page)
    for finding in made["findings"]:
        finding["severity"] = finding["severity"].value
        finding["code"] = int(finding["code"])
    return encode(made).decode()


def _likeness(finding: Finding) -> object:
    """What findings have in common that are told in one line: all is well, and the same is."""
    plain = finding.severity is Severity.OK and finding.fact and finding.about
    return (finding.topic, finding.fact, finding.follows) if plain else id(finding)


def _as_one(alike: Sequence[Finding]) -> Finding:
    """Findings that are alike as one, about the first of theirs, in the words of the fact."""
    first = alike[0]
    if len(alike) == 1:
        return first
    named = ", ".join(each.about for each in alike[:MOST_NAMED])
    more = f" and {len(alike) - MOST_NAMED:,} more" if len(alike) > MOST_NAMED else ""
    return replace(first, about=f"{named}{more}", found=first.fact)


def _finding_lines(finding: Finding, topic: str) -> Iterator[str]:
    said = f"{finding.about}: {finding.found}" if finding.about else finding.found
    severity = f"{finding.severity.value:<{_SEVERITY_WIDTH}}"
    yield from _wrapped(said, f"{severity}{topic:<{_TOPIC_WIDTH - 1}} ", _INDENT)
    setting = f" (setting: {finding.setting})" if finding.setting else ""
    if finding.follows or setting:
        follows = f"{finding.follows}{setting}".strip()
        yield from _wrapped(follows, f"{_INDENT}-> ", f"{_INDENT}   ")


def _wrapped(text: str, first: str, indent: str) -> list[str]:
    """A text in lines of `WIDTH`, those after the first one indented."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _end_lines(page: Page) -> Iterator[str]:
    for each in page.left_out:
        yield from _wrapped(each, "Left out: ", "  ")
    if page.since is not None:
        yield from _since_lines(page.since)
    counts = Counter(finding.severity for finding in page.findings)
    told = ", ".join(f"{counts[each]} {each.value}" for each in Severity if counts[each])
    yield f"{told or 'nothing found'}; {counted(page.requests, 'request')} in {page.seconds:.1f} s"


def _since_lines(since: Since) -> Iterator[str]:
    day = iso_ms(since.at)[:10]
    if not since.differences:
        yield f"Since {day} nothing has changed."
    for each in since.differences:
        what = f"{each.topic} of {each.about}" if each.about else each.topic
        yield from _wrapped(f"{what} was {each.before}, is {each.now}", f"Since {day}: ", "  ")
