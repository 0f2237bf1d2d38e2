"""The allowance of requests that a server is believed to have, and the rate that follows. Pure.

A rate that was *refused* and one that was *kept* for a while enclose the allowance. Behind a
refusal the rate climbs steeply towards what lies between them and is held there. Then it is probed
whether the allowance has grown: the longer no complaint comes, the faster the rate grows. A probe
that is refused costs a Retry-After, in which the allowance is lost, and no more than that: the
rate goes back to the one that was kept. Only a rate that was kept before and is refused now says
that the allowance has shrunk.

Where probes are refused close above the best rate ever kept, again and again, they become rare.
Below that rate they never do, so that a server that recovers is used again within half a minute.

Not every complaint is about the rate: a server may refuse some requests for reasons of its own.
Whoever allows so many requests a second lets no more through between two complaints; so one that
comes at a rate below what was let through again and again of late is about something else. Bad
luck at the beginning may have brought the rate down so far that nothing faster is ever let through:
after many complaints at a small part of the rate that was complained of first, a leap tells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

SLOWEST_RATE: Final = 0.2
"""Requests a second below which no complaint cuts."""

CUT_FACTOR: Final = 0.7
"""A refused rate times this is the next one, where none is known to be kept."""

DEEP_CUT_FACTOR: Final = 0.5
"""The same where it was refused at once."""

AT_ONCE_SECONDS: Final = 1.0
"""Seconds of sending within which a refusal comes at once."""

CLIMB_SHARE: Final = 0.25
"""Share by which the rate grows in a second, on its way to a known one."""

UNDERCUT_SHARE: Final = 0.03
"""Share by which a refused rate is undercut, where none is known to be kept.

It doubles with each cut in a row: an allowance with a burst refuses a rate late, and so one that
was far above it seems nearly right.
"""

MOST_UNDERCUT_SHARE: Final = 0.4
"""Where the doubling ends."""

HOLD_SECONDS: Final = 4.0
"""Seconds of quiet after which a rate counts as kept."""

PATIENCE_SECONDS: Final = 13.0
"""Seconds of quiet after which it is probed whether the allowance has grown."""

LONG_PATIENCE_SECONDS: Final = 40.0
"""The same where the last probes were refused close above the best rate ever kept."""

REFUSED_PROBES: Final = 2
"""Probes refused in a row from which on the long patience counts."""

CLOSE_FACTOR: Final = 1.1
"""A refused rate is close above a kept one up to so many times it."""

FAR_FACTOR: Final = 1.5
"""From so many times it on, the kept rate says nothing any more: the server has recovered."""

FORGETTING_PROBES: Final = 15
"""Probes refused in a row after which a lower allowance is the usual one."""

PROBE_GROWTH: Final = 0.016
"""A probe of s seconds grows the rate e^(PROBE_GROWTH s²) fold: tenfold in twelve seconds."""

BELOW_SHARE: Final = 0.9
"""Share of what was let through before, below which a rate can't be what is complained of."""

TELLING_REQUESTS: Final = 8
"""Requests between two complaints from which on they say how many a second are let through."""

SURE_DOUBTS: Final = 2
"""How often more must have been let through than a rate that is complained of: once is too little,
for the allowance may have shrunk between the two complaints."""

LONG_QUIET_SECONDS: Final = 12.0
"""Seconds between two complaints from which on they may be of different times."""

LONG_QUIET_REQUESTS: Final = 100
"""Requests between them from which on they are."""

SHORTEST_SECONDS: Final = 0.1
"""A shorter time between complaints counts as this long."""

MOST_KEPT: Final = 20
"""Complaints of late that are compared."""

MOST_COMPLAINED: Final = 0.2
"""Share of requests complained of, beyond which it is the rate whatever else may be."""

UNHEARD_SECONDS: Final = 60.0
"""Seconds for which complaints are not heard then; they double each time it is found out again."""

MOST_UNHEARD: Final = 960.0
"""Where the doubling ends."""

LEAP_COMPLAINTS: Final = 6
"""Complaints after which there is a leap, and after the next one, if nothing is told by then.

There are two more after twice as many each time.
"""

LEAP_SHARE: Final = 0.1
"""Share of the highest rate that was complained of, below which a leap is worth a complaint."""

LEAP_SECONDS: Final = 10.0
"""Seconds of a probe that a leap skips: it begins five times as fast as the rate that is held."""

_CLIMB: Final = math.log1p(CLIMB_SHARE)


@dataclass(frozen=True, slots=True)
class Allowance:
    """The belief in an allowance since the last refusal of a rate.

    Attributes:
        since: Monotonic seconds at which sending began again.
        start: The rate at which it did.
        refused: The rate that was refused; infinite where it said nothing.
        kept: The highest rate that was kept, below the refused one; None where none is known.
        best: The best rate ever kept.
        seen: The highest rate refused above the kept one: an allowance with a burst refuses late.
        probes: Probes refused in a row, about where they were before.
        cuts: Cuts in a row, no rate having been kept since.
    """

    since: float
    start: float
    refused: float
    kept: float | None = None
    best: float = 0.0
    seen: float = 0.0
    probes: int = 0
    cuts: int = 1

    @property
    def aim(self) -> float:
        """The rate to hold, in requests a second."""
        if self.kept is None:
            below = min(math.ldexp(UNDERCUT_SHARE, self.cuts - 1), MOST_UNDERCUT_SHARE)
            return max(self.refused * (1 - below), SLOWEST_RATE)
        if self.probes or self.refused <= self.kept * CLOSE_FACTOR:
            return self.kept
        return (self.kept + self.refused) / 2

    @property
    def patience(self) -> float:
        """Seconds to hold that rate, before the next probe."""
        if not self.probes and self.refused > self.aim * CLOSE_FACTOR:
            return HOLD_SECONDS
        rare = self.probes >= REFUSED_PROBES and not self._recovering(self.aim)
        return LONG_PATIENCE_SECONDS if rare else PATIENCE_SECONDS

    def rate(self, now: float) -> float:
        """Requests a second at a moment, if no complaint came until then."""
        held = self._held(now)
        if held < 0:
            return self.start * math.exp(_CLIMB * max(0.0, now - self.since))
        probed = min(max(0.0, held - self.patience), 60.0)
        return self.aim * math.exp(PROBE_GROWTH * probed * probed)

    def refuse(self, rate: float, now: float, resume: float) -> Allowance:
        """The belief after a complaint.

        Args:
            rate: Requests a second that left when it came.
            now: Monotonic seconds.
            resume: When sending may begin again.
        """
        held = self._held(now)
        kept = self.aim if held >= HOLD_SECONDS else self.kept
        if kept is None or rate <= kept:
            again = kept is None and not math.isinf(self.refused)
            cut = DEEP_CUT_FACTOR if now - self.since < AT_ONCE_SECONDS else CUT_FACTOR
            found = _cut(rate, resume, cut)
            return replace(found, best=self.best, cuts=self.cuts + 1 if again else 1)
        return self._probed(rate, kept, resume)

    def leap(self, resume: float) -> Allowance:
        """The belief that is probed at once, and fast.

        Args:
            resume: When sending may begin again.
        """
        held = self.patience + LEAP_SECONDS
        return replace(self, since=resume - held, start=self.aim)

    def _probed(self, rate: float, kept: float, resume: float) -> Allowance:
        """The belief after a complaint about more than the kept rate."""
        best = max(self.best, kept)
        if self._recovering(kept) and rate > kept * FAR_FACTOR:
            if rate < best:
                return replace(_cut(rate, resume, CUT_FACTOR), best=best)
            return Allowance(resume, best, rate, kept=best, best=best, seen=rate, probes=1)
        usual = max(kept, self.seen if self.probes else 0.0) * CLOSE_FACTOR
        probes = self.probes + 1 if rate <= usual else 0
        found = replace(
            self,
            since=resume,
            refused=rate,
            kept=kept,
            best=kept if probes >= FORGETTING_PROBES else best,
            seen=max(self.seen, rate),
            probes=probes,
        )
        return replace(found, start=found.aim)

    def _recovering(self, kept: float) -> bool:
        """Whether a much better rate than this was kept once."""
        return self.best > kept * CLOSE_FACTOR

    def _held(self, now: float) -> float:
        """Seconds for which the rate to hold was held; negative before it is reached."""
        aim = self.aim
        if aim <= self.start:
            return now - self.since
        if math.isinf(aim):
            return -1.0
        return now - self.since - math.log(aim / self.start) / _CLIMB


@dataclass(frozen=True, slots=True)
class Doubts:
    """Whether complaints follow the rate, by what was let through between them.

    Attributes:
        let_through: Requests a second between two complaints, those of late.
        requests: Requests since the first of those complaints.
        complaints: Complaints since then.
        contradicted: How many of them the last complaint contradicted.
        since: Requests and seconds between the last complaints, too few requests to be told.
        highest: The highest rate that was complained of.
        unheard: Seconds for which complaints are not heard, once it is sure.
    """

    let_through: tuple[float, ...] = ()
    requests: int = 0
    complaints: int = 0
    contradicted: int = 0
    since: tuple[int, float] = (0, 0.0)
    highest: float = 0.0
    unheard: float = UNHEARD_SECONDS

    @property
    def sure(self) -> bool:
        """Whether complaints do not follow the rate."""
        few = self.complaints <= MOST_COMPLAINED * self.requests
        return self.contradicted >= SURE_DOUBTS and few

    def worth_a_leap(self, rate: float) -> bool:
        """Whether nothing but a leap could tell.

        Args:
            rate: Requests a second that were complained of last.
        """
        times = self.complaints / LEAP_COMPLAINTS
        doubled = math.ldexp(LEAP_COMPLAINTS, max(0, math.frexp(times)[1] - 1))
        return rate < LEAP_SHARE * self.highest and 0 <= self.complaints - doubled <= 1

    def after(self, requests: int, elapsed: float, rate: float) -> Doubts:
        """The doubts after one more complaint.

        Args:
            requests: Requests that were let through since the one before.
            elapsed: Seconds since then.
            rate: Requests a second that left when it came.
        """
        if elapsed > LONG_QUIET_SECONDS and requests >= LONG_QUIET_REQUESTS:
            return Doubts(unheard=self.unheard)  # the allowance may have shrunk meanwhile
        contradicted = sum(rate < BELOW_SHARE * each for each in self.let_through)
        since = (self.since[0] + requests, self.since[1] + elapsed)
        let_through = self.let_through
        if since[0] >= TELLING_REQUESTS:
            let_through = (*let_through, since[0] / max(since[1], SHORTEST_SECONDS))[-MOST_KEPT:]
            since = (0, 0.0)
        return replace(
            self,
            let_through=let_through,
            requests=self.requests + requests,
            complaints=self.complaints + 1,
            contradicted=contradicted,
            since=since,
            highest=max(self.highest, rate),
        )

    def anew(self) -> Doubts:
        """The doubts once complaints are not heard for a while: it is found out again after it."""
        return Doubts(unheard=min(2 * self.unheard, MOST_UNHEARD))


def first(rate: float, resume: float, *, meaningful: bool) -> Allowance:
    """The belief after the first complaint.

    Args:
        rate: Requests a second that left when it came.
        resume: When sending may begin again.
        meaningful: Whether enough requests left to say that this rate was refused.
    """
    found = _cut(rate, resume, DEEP_CUT_FACTOR)
    return found if meaningful else replace(found, refused=math.inf)


def _cut(rate: float, resume: float, cut: float) -> Allowance:
    return Allowance(resume, max(rate * cut, SLOWEST_RATE), max(rate, SLOWEST_RATE))
