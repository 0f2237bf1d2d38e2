"""The crew of a run: how many readers ask at a time, for all of its scans.

The rule is `chakra_api/crew_size.py`'s; here is what it goes by. What an answer takes is measured
on the wire, of questions for whole pages alone. On a new connection it holds the set-up of that, so
there it may speak for more readers, and never against them. How late a reader comes to its turn is
measured where it begins: who decides had given it its question before.
"""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from chakra_api.crew_size import CrewSize, Round
from chakra_api.errors import AnswerLost, NotSent
from chakra_api.wire.pacing import Pace
from tap_chakra.scanning.answer_times import AnswerTimes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chakra_api.transcripts.watched import Exchange
    from chakra_api.wire.transport import Request

MANY_ANSWERS: Final = 64
"""Answers that are measured in a round where nothing is tried: there is time."""

ENOUGH_ANSWERS: Final = 32
"""The same where something is, however few readers there are."""

FEWEST_ANSWERS: Final = 8
"""The same where twice as many are tried."""

LEAST_SECONDS: Final = 0.05
"""Seconds that a round lasts at least: what is measured in less is chance."""

FEW_RPS: Final = 128.0
"""Requests a second up to which it is no risk to try more readers soon, and all of them at once.

As many as 8 readers send to a server that answers in a sixteenth of a second. Beyond it one reader
more begins with each answer, and only answers on connections that stood are waited for.
"""

COMPLAINTS: Final = frozenset({429, 503})


class Crew:
    """How many readers ask at a time. Safe for many threads; a watcher of the wire.

    Args:
        most: Readers that there are.
        monotonic: Seconds.
        pace: How fast requests may leave, and how often a complaint was about that.

    Attributes:
        waits: Whether answers were what who decides had too few of, in the last round.
    """

    def __init__(
        self,
        most: int,
        monotonic: Callable[[], float],
        pace: Callable[[], Pace] = Pace,
    ) -> None:
        self.monotonic = monotonic
        self._pace = pace
        self._complaints = 0
        self._size = CrewSize.at_first(most)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._let = self._size.count
        self.waits = False
        self._begin(0.0, 0)

    def _begin(self, now: float, on_their_way: int) -> None:
        """Begin a round.

        Args:
            now: Monotonic seconds.
            on_their_way: Answers on their way that tell nothing of it.
        """
        self._began = now
        self._skipped = on_their_way
        self._taken, self._asking, self._waited = 0, 0, 0.0
        self._times = AnswerTimes()

    @property
    def size(self) -> CrewSize:
        """The size, and why it is that."""
        return self._size

    @property
    def count(self) -> int:
        """How many readers ask at a time now."""
        return min(self._let, self._size.count)

    @contextmanager
    def at_work(self, asked: float, *, whole_pages: bool) -> Iterator[None]:
        """Within the block this thread asks for a question.

        Args:
            asked: Monotonic seconds at which it was given to it.
            whole_pages: Whether its answers are as large as most.
        """
        late = self.monotonic() - asked
        with self._lock:
            self._times.late.append(late)
        self._local.measured = whole_pages
        try:
            yield
        finally:
            self._local.measured = False

    def leaves(self, request: Request) -> None:
        """A request is about to leave."""

    def came(self, exchange: Exchange) -> None:
        """A request was answered, or failed."""
        now = self.monotonic()
        is_warm, self._local.warm = getattr(self._local, "warm", False), True
        with self._lock:
            if isinstance(exchange.error, (AnswerLost, NotSent)):
                self._complained(now)
            elif exchange.response is None or exchange.response.status in COMPLAINTS:
                if self._pace().rate is not None:
                    self._complained(now)  # while requests leave freely the pace knows first
            elif self._is_measured:
                self._keep(exchange.seconds, is_warm=is_warm)

    def _keep(self, seconds: float, *, is_warm: bool) -> None:
        """Keep what an answer took.

        Args:
            seconds: That.
            is_warm: Whether its connection stood before.
        """
        times = self._times
        if self._taken >= self._skipped:
            (times.here if is_warm else times.cold).append(seconds)
        elif is_warm:
            times.earlier.append(seconds)

    @property
    def _is_measured(self) -> bool:
        """Whether this thread asks for whole pages."""
        return bool(getattr(self._local, "measured", False))

    def _complained(self, now: float) -> None:
        before, self._size = self._size.count, self._size.complained(now)
        if self._size.count != before:
            self._let = min(self._let, self._size.count)
            self._begin(now, before)

    @contextmanager
    def awaited(self, asking: int) -> Iterator[None]:
        """Within the block who decides waits for an answer; if none comes it raises.

        Args:
            asking: How many questions are asked by then.
        """
        began = self.monotonic()
        yield
        now = self.monotonic()
        with self._lock:
            waited = now - began
            if not self._began:
                self._begin(now, 0)
            self._heed(now)
            self._taken += 1
            self._asking += asking
            self._waited += waited
            if self._let < self._size.count:
                self._let += 1
            if self._tells_enough and now - self._began >= LEAST_SECONDS:
                self._end(now)

    def _heed(self, now: float) -> None:
        """Heed complaints that the pace heard since."""
        heard = self._pace().complaints
        if heard != self._complaints:
            self._complaints = heard
            self._complained(now)

    @property
    def _tells_enough(self) -> bool:
        """Whether enough answers were measured, and who decides waited long enough."""
        if len(self._times.here) >= self._fewest:
            return True
        return self._is_quick and self._is_borne_out

    @property
    def _is_quick(self) -> bool:
        """Whether much more is tried, and nothing speaks against it yet."""
        return self._size.is_steep and not self._size.doubted

    @property
    def _fewest(self) -> int:
        """Answers on connections that stood, from which on a round tells enough."""
        size = self._size
        if self._is_quick:
            return max(FEWEST_ANSWERS, size.kept // 2)
        return max(MANY_ANSWERS if size.trial == "none" else ENOUGH_ANSWERS, size.count)

    @property
    def _is_borne_out(self) -> bool:
        """Whether as many answers do as well, new connections among them."""
        times = self._times
        if len(times.here) + len(times.cold) < self._fewest:
            return False
        if self._size.count > FEW_RPS * times.with_cold:
            return False
        return self._known.is_borne_out(times.with_cold, times.lateness)

    @property
    def _known(self) -> CrewSize:
        """The size, with what answers tell that were asked before it grew."""
        before = self._times.before(are_first=math.isinf(self._size.best))
        return self._size if before is None else self._size.learned(before)

    def _end(self, now: float) -> None:
        """End a round, and go by what came of it."""
        times = self._times
        is_cold = len(times.here) < self._fewest
        before = self._known if is_cold else self._size
        seconds = times.with_cold if is_cold else times.typical(are_first=math.isinf(before.best))
        done = Round(
            now,
            now - self._began,
            self._asking / self._taken,
            seconds,
            times.lateness,
            self._waited,
            self._pace().rate,
            is_cold,
        )
        self._size, self.waits = before.after(done), done.waits
        at_once = min(self._size.count, int(FEW_RPS * seconds))
        self._let = max(min(self._let, self._size.count), at_once)
        self._begin(now, before.count if self._size.count != before.count else 0)
