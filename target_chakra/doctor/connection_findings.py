"""What the answers of a look tell of the way to ChakraHQ, in the words of who writes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chakra_plugin.findings.finding import Finding, Severity
from chakra_plugin.findings.measures import NO_DATE, SAME_SECONDS
from target_chakra.moments import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_plugin.findings.measures import Measures

CLOCK, LATENCY = "clock", "latency"
_SECOND_MS: Final = 1000


def connection_findings(measures: Measures, earliest: int | None, now_ms: int) -> Iterator[Finding]:
    """What is to be said of latency, clocks, compression and limits.

    Args:
        measures: Of all answers so far.
        earliest: ChakraHQ's time at the earliest, epoch milliseconds; None if it tells none.
        now_ms: Ours, the same.
    """
    for each in measures.findings(math.inf):
        if each.topic == CLOCK:
            # Refusals have a Date, too, and ChakraHQ's clock does not go by them.
            unread = earliest is None and each.fact != NO_DATE
            yield replace(each, follows="", setting="") if unread else _clock(earliest, now_ms)
        elif each.topic == LATENCY and each.follows:
            follows = "Jobs of more rows need fewer requests; look-ups ask for 100 keys at a time"
            yield replace(each, follows=follows, setting="batch_size, request_timeout")
        else:
            yield each


def _clock(earliest: int | None, now_ms: int) -> Finding:
    if earliest is None:
        return Finding(
            CLOCK,
            "Answers have no usable Date",
            "How long ago a request left is known only from this machine's clock",
            "lost_answer_horizon",
            Severity.WARNING,
            fact=NO_DATE,
        )
    offset = (earliest - now_ms) / _SECOND_MS
    if abs(offset) <= SAME_SECONDS:
        return Finding(CLOCK, "ChakraHQ's clock and this machine's agree", fact="same")
    way = "ahead of" if offset > 0 else "behind"
    said = f"ChakraHQ's clock is {abs(offset):,.0f} s {way} this machine's"
    fact = f"{way} this machine's"
    if abs(offset) * _SECOND_MS <= DAY_MS:
        follows = "Runs tell ages by ChakraHQ's clock: nothing is lost by that"
        return Finding(CLOCK, said, follows, severity=Severity.NOTE, fact=fact)
    follows = "Nothing is given up early, and nothing old is cleared from the journal: set it right"
    return Finding(CLOCK, said, follows, severity=Severity.WARNING, fact=fact)
