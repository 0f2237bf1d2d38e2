"""How many threads of a crew ask at a time: as many as help. Pure.

More of them help as long as who decides waits for answers, and answers come as fast as ever. So
the size grows in trials. A trial that the server complains of is undone; one that makes answers
slow is taken back to where they are about as fast as the best that is known, which is where
a server begins to let requests wait for each other. Answers that become much slower without
a trial are one, too: fewer ask, and if that was no help the server is slower now, whoever asks.

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

FLAT_STEP: Final = 0.1
"""The same after one that failed; it doubles with each that does not."""

WAITED_SHARE: Final = 0.1
"""Share of a round for which who decides must have waited for answers: more of them help then."""

BUSY_SHARE: Final = 0.8
"""Share of the crew that must have been asking: else there is nothing to ask more about."""

SLOWER_FACTOR: Final = 1.25
"""A trial that makes answers take so many times the best known has failed."""

CERTAIN_FACTOR: Final = 1.6
"""From so many times on that is certain; below it is looked at a second time."""

STRAINED_FACTOR: Final = 2.0
"""Answers that take so many times the best known are a sign of strain, whenever they come."""

LEAST_SECONDS: Final = 0.025
"""What answers take at their best counts as so much at least: less is a machine's own chance."""

FADING_FACTOR: Final = 1.02
"""What is known to be best is so many times that after a round that was slower without a trial."""

DEEPEST_CUT: Final = 0.5
"""Share of a crew that is left at least by one cut."""

SPARE_FACTOR: Final = 1.05
"""A size that failed is taken back to so many times where answers would be at their best."""

TURNS_AN_ANSWER: Final = 4
"""How often a thread waits for its turn, for one answer: it is woken, sends, and reads twice."""

ALLOWED_FACTOR: Final = 1.25
"""Threads beyond so many times those that the allowed rate keeps busy could ask for no more."""

SURE_SECONDS: Final = 4.0
"""Seconds after which a size counts as one that the server does not complain of."""

FIRST_PATIENCE: Final = 2.0
"""Seconds after a failed trial before the next one; they double with each that fails."""

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
    """

    ended: float
    elapsed: float
    asking: float
    seconds: float
    late: float = 0.0
    waited: float = 0.0
    allowed: float | None = None

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
        best: The least that answers took at any size; infinite before any is known.
        before: What they took before a cut.
        doubted: Whether the trial has failed already, by less than is certain.
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
    patience: float = FIRST_PATIENCE

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
        return self.trial == "growth" and self.step >= STEEP_STEP / 2

    def complained(self, now: float) -> CrewSize:
        """The size after a complaint: all growth of late is undone, and there is none for a while.

        Args:
            now: Monotonic seconds.
        """
        if self.count > self.sure and now - self.grown_at < SURE_SECONDS:
            return _taken_back(self, self.sure, now)
        return replace(self, step=FLAT_STEP, quiet_until=max(self.quiet_until, now + self.patience))

    def after(self, done: Round) -> CrewSize:
        """The size after a round."""
        if self.trial == "cut":
            return _after_cut(self, done)
        known = replace(self, best=min(self.best, done.seconds))
        slower = done.theirs / _usual(known)
        if slower > SLOWER_FACTOR and (done.waits or self.trial == "none"):
            return _after_slow(known, done, slower)
        return _after_good(replace(known, doubted=False), done)


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
        size = replace(size, step=min(STEEP_STEP, 2 * size.step), patience=FIRST_PATIENCE)
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


def _after_slow(size: CrewSize, done: Round, slower: float) -> CrewSize:
    """The size after answers took so many times what they usually do."""
    if size.trial == "growth":
        if slower <= CERTAIN_FACTOR and not size.doubted:
            return replace(size, doubted=True)
        return _after_failure(size, done)
    if done.waits and slower > STRAINED_FACTOR and size.count > 1:
        count = max(1, round(size.count * DEEPEST_CUT), math.ceil(size.count / slower))
        return replace(size, count=count, kept=size.count, trial="cut", before=done.theirs)
    return replace(size, kept=size.count, best=size.best * FADING_FACTOR)


def _after_failure(size: CrewSize, done: Round) -> CrewSize:
    """The size after growth made answers slow; from there on they are measured again."""
    fitting = math.floor(size.count * _usual(size) / done.theirs * SPARE_FACTOR)
    # In a steep trial answers of the step before were still on their way.
    most = size.kept if size.is_steep else size.count - 1
    if size.quiet_until > done.ended:  # it is still the same trial that fails
        size = replace(size, patience=size.patience / 2)
    taken_back = _taken_back(size, max(1, min(fitting, most)), done.ended)
    return replace(taken_back, trial="growth", doubted=False)


def _taken_back(size: CrewSize, count: int, now: float) -> CrewSize:
    """A size after a trial that failed."""
    return replace(
        size,
        count=count,
        kept=count,
        sure=min(size.sure, count),
        trial="none",
        step=FLAT_STEP,
        quiet_until=now + size.patience,
        patience=min(MOST_PATIENCE, 2 * size.patience),
    )


def _after_cut(size: CrewSize, done: Round) -> CrewSize:
    """The size after answers were slow, and fewer asked since."""
    if done.theirs <= math.sqrt(_usual(size) * size.before):
        return _taken_back(size, size.count, done.ended)
    # The server is slower now, or the way there: it is not for us.
    return replace(size, count=size.kept, trial="none", best=done.seconds, step=STEEP_STEP)
