"""How many threads of a crew ask at a time: as many as help. Pure.

More of them help as long as who decides waits for answers, and answers come about as fast as ever.
So the size grows in trials, and one that the server complains of is undone. Slow answers alone say
little: a server may have let requests wait for each other, or it, the way there or our own machine
was busy for a moment. So when they are slow twice in a row, fewer ask, down to where requests would
just not wait. Where that makes answers fast again it was the size; where it does not, the server is
slower whoever asks, and as many ask as before.

Twice as many readers that are answered half as fast or less are no more answers a second, and short
of that they are: so a trial of twice as many stands unless answers become much slower, and what it
went too far is taken back later, when there is time to measure.

What a thread of ours loses while it waits for its turn looks like a slow server and is none: it is
measured apart, and taken off. Who decides and never waits has enough, whatever answers take.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

FIRST_SIZE: Final = 8
"""Threads that ask before anything is known."""

STEEP_STEP: Final = 1.0
"""Share by which the size grows where no trial has failed yet."""

FLAT_STEP: Final = 0.25
"""The same after two that failed; it doubles with each that does not."""

WAITED_SHARE: Final = 0.1
"""Share of a round for which who decides must have waited for answers: more of them help then."""

BUSY_SHARE: Final = 0.8
"""Share of the crew that must have been asking: else there is nothing to ask more about."""

SLOWER_FACTOR: Final = 1.25
"""Answers that take so many times the best known are slow."""

STEEP_FACTOR: Final = 1.6
"""The same where twice as many are tried: short of that they bring a quarter more answers."""

LEAST_SECONDS: Final = 0.025
"""What answers take at their best counts as so much at least: less is a machine's own chance."""

DEEPEST_CUT: Final = 0.5
"""Share of a crew that is left at least by one cut."""

SPARE_FACTOR: Final = 1.05
"""So many times those that a server answers at a time keep it busy all the time."""

TURNS_AN_ANSWER: Final = 4
"""How often a thread waits for its turn, for one answer: it is woken, sends, and reads twice."""

ALLOWED_FACTOR: Final = 1.25
"""Threads beyond so many times those that the allowed rate keeps busy could ask for no more."""

SURE_SECONDS: Final = 4.0
"""Seconds after which a size counts as one that the server does not complain of."""

FIRST_PATIENCE: Final = 2.0
"""Seconds after a second failed trial before the next one; they double with each that fails.

The first is made again at once: it may have been chance.
"""

MOST_PATIENCE: Final = 60.0
"""Where the doubling ends."""

Trial = Literal["none", "growth", "cut"]


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one size, since it is that.

    Attributes:
        ended: Monotonic seconds of its end.
        elapsed: Its seconds.
        asking: How many asked at a time, on average.
        seconds: What an answer took on the wire: three in four took longer, for whatever reason.
        late: How late a thread of ours came to its turn, in the middle.
        waited: Seconds for which who decides waited for answers.
        allowed: Requests a second that may leave; None if they leave freely.
        is_cold: Whether connections were set up within these answers: they took longer for that,
            and speak for more readers only.
    """

    ended: float
    elapsed: float
    asking: float
    seconds: float
    late: float = 0.0
    waited: float = 0.0
    allowed: float | None = None
    is_cold: bool = False

    @property
    def theirs(self) -> float:
        """What an answer took of the server's time and the way there."""
        return max(self.seconds - TURNS_AN_ANSWER * self.late, 0.0)

    @property
    def waits(self) -> bool:
        """Whether answers were what who decides had too few of."""
        return self.waited >= WAITED_SHARE * self.elapsed


@dataclass(frozen=True, slots=True)
class CrewSize:
    """How many threads ask at a time, and why.

    Attributes:
        most: No more than these.
        count: How many.
        kept: How many it were before the trial that is under way.
        sure: The last size that was long enough without a complaint.
        grown_at: Monotonic seconds of the last growth.
        trial: What is tried; `none` if nothing is.
        step: Share by which the next trial lets the size grow.
        best: What answers take that wait for no others; infinite before it is known.
        before: What they took before a cut.
        doubted: Whether answers were slow in the last round, too.
        quiet_until: Monotonic seconds before which nothing is tried.
        patience: Seconds to wait after the next trial that fails.
    """

    most: int
    count: int
    kept: int
    sure: int
    grown_at: float = -math.inf
    trial: Trial = "none"
    step: float = STEEP_STEP
    best: float = math.inf
    before: float = 0.0
    doubted: bool = False
    quiet_until: float = 0.0
    patience: float = 0.0

    @classmethod
    def at_first(cls, most: int) -> CrewSize:
        """The size of a crew that knows nothing yet.

        Args:
            most: Threads that there may be.
        """
        count = min(most, FIRST_SIZE)
        return cls(most, count, count, count, trial="growth")

    @property
    def is_steep(self) -> bool:
        """Whether much more is tried at a time: it is not waited for what the last thread brings.

        Steps are small where the end is near; there it counts what answers take.
        """
        return self.trial == "growth" and self.step >= STEEP_STEP

    def is_borne_out(self, seconds: float, late: float) -> bool:
        """Whether a trial of many more stands by answers that hold the set-up of connections.

        The first one does: nothing is known that could speak against it.

        Args:
            seconds: What an answer took on the wire.
            late: How late a thread of ours came to its turn.
        """
        if math.isinf(self.best):
            return self.count <= FIRST_SIZE
        return seconds - TURNS_AN_ANSWER * late <= STEEP_FACTOR * _usual(self)

    def learned(self, seconds: float) -> CrewSize:
        """The size, with what answers took that wait for no others, or for few."""
        return replace(self, best=_better(self.best, seconds))

    def complained(self, now: float) -> CrewSize:
        """The size after a complaint: all growth of late is undone, and there is none for a while.

        Args:
            now: Monotonic seconds.
        """
        told = replace(self, patience=max(self.patience, FIRST_PATIENCE))
        if self.count > self.sure and now - self.grown_at < SURE_SECONDS:
            return _taken_back(told, self.sure, now)
        return replace(told, step=FLAT_STEP, quiet_until=max(self.quiet_until, now + told.patience))

    def after(self, done: Round) -> CrewSize:
        """The size after a round."""
        if self.trial == "cut":
            return _after_cut(self, done)
        known = self if done.is_cold else self.learned(done.seconds)
        slower = done.theirs / _usual(known)
        if slower <= (STEEP_FACTOR if self.is_steep else SLOWER_FACTOR) or not done.waits:
            return _after_good(replace(known, doubted=False), done)
        if not self.doubted:
            return replace(known, doubted=True)
        return _after_slow(known, done)


def _better(best: float, seconds: float) -> float:
    """What answers take at their best, after a round: half way there, for it may be chance."""
    return seconds if math.isinf(best) else min(best, (best + seconds) / 2)


def _usual(size: CrewSize) -> float:
    """What an answer takes that does not wait for others, so far as it can be told."""
    return max(size.best, LEAST_SECONDS)


def _after_good(size: CrewSize, done: Round) -> CrewSize:
    """The size after answers came as fast as ever, or who decides did not wait for them."""
    count = _grown(size, done)
    if count == size.count and size.is_steep:
        return replace(size, step=FLAT_STEP)  # not all of it was seen yet
    if count == size.count:
        return replace(size, kept=count, trial="none")
    if done.ended - size.grown_at >= SURE_SECONDS:
        size = replace(size, sure=size.count)
    if done.allowed is not None:  # a limit may show late: it allows a burst
        size = replace(size, step=FLAT_STEP, quiet_until=done.ended + SURE_SECONDS)
    elif size.trial == "growth":
        size = replace(size, step=min(STEEP_STEP, 2 * size.step), patience=0.0)
    return replace(size, count=count, kept=size.count, trial="growth", grown_at=done.ended)


def _grown(size: CrewSize, done: Round) -> int:
    """How many are to be tried."""
    if not done.waits or done.ended < size.quiet_until:
        return size.count
    if done.asking < BUSY_SHARE * size.kept:
        return size.count
    tried = min(size.most, size.count + max(1, round(size.count * size.step)))
    if done.allowed is None:
        return tried
    needed = math.ceil(done.allowed * done.seconds * ALLOWED_FACTOR)
    return max(size.count, min(tried, needed))


def _after_slow(size: CrewSize, done: Round) -> CrewSize:
    """The size after answers took longer than they usually do, for two rounds.

    So many requests are answered at a time as were under way, times what one takes that does not
    wait, by what it took (Little's law).
    """
    if size.count == 1:
        return replace(size, trial="none", doubted=False)
    fitting = math.floor(size.count * _usual(size) / done.theirs)
    count = max(1, round(size.count * DEEPEST_CUT), min(fitting, size.count - 1))
    return replace(
        size, count=count, kept=size.count, trial="cut", before=done.theirs, doubted=False
    )


def _taken_back(size: CrewSize, count: int, now: float) -> CrewSize:
    """A size after a trial that failed."""
    return replace(
        size,
        count=count,
        kept=count,
        sure=min(size.sure, count),
        trial="none",
        step=FLAT_STEP if size.patience else size.step,
        doubted=False,
        quiet_until=now + size.patience,
        patience=min(MOST_PATIENCE, max(FIRST_PATIENCE, 2 * size.patience)),
    )


def _after_cut(size: CrewSize, done: Round) -> CrewSize:
    """The size after answers were slow, and fewer asked since."""
    if done.theirs > size.before * SLOWER_FACTOR and size.doubted:
        return _after_slow(size, done)  # it becomes slower and slower
    hoped = max(_usual(size), size.before * size.count / size.kept)
    if done.theirs <= math.sqrt(hoped * size.before):
        count = min(math.floor(size.count * SPARE_FACTOR), size.kept - 1)
        if done.theirs <= SLOWER_FACTOR * _usual(size):  # nobody waits for others there
            size = replace(size, best=(size.best + done.seconds) / 2)
        return _taken_back(size, max(size.count, count), done.ended)
    if not size.doubted:
        return replace(size, doubted=True)
    # The server is slower now, or the way there: it is not for us.
    return replace(
        size, count=size.kept, trial="none", best=done.seconds, step=STEEP_STEP, doubted=False
    )
