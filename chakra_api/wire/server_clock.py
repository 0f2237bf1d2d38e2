"""The server's time, as the `Date` of its answers tells it, at any moment between two of them.

One answer may be wrong (a proxy's, a node's whose clock is off), and a `Date` has no fractions of
a second. So there are two times: the earliest that the last answers allow, and the latest. Who
waits for something to have passed asks the earliest; who notes when something happens, the latest.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chakra_api.clock import Clock

ANSWERS: Final = 16
"""The last answers that count: one that is wrong is forgotten soon."""
_GRAIN_MS: Final = 999
"""What a `Date` may leave out."""


class ServerClock:
    """The server's clock; safe for many threads.

    Args:
        clock: Its monotonic time goes on between two answers.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offsets: deque[int] = deque(maxlen=ANSWERS)

    def _monotonic_ms(self) -> int:
        return int(self._clock.monotonic() * 1000)

    def heard(self, date_ms: int) -> None:
        """An answer came, with that `Date`, epoch milliseconds."""
        self._offsets.append(date_ms - self._monotonic_ms())

    @property
    def last(self) -> int | None:
        """The server's time by its last answer, epoch milliseconds; None if it tells none."""
        offsets = tuple(self._offsets)
        return offsets[-1] + self._monotonic_ms() if offsets else None

    @property
    def earliest(self) -> int | None:
        """The server's time, at the earliest, epoch milliseconds; None if it tells none."""
        offsets = tuple(self._offsets)
        return min(offsets) + self._monotonic_ms() if offsets else None

    @property
    def latest(self) -> int | None:
        """The server's time, at the latest, epoch milliseconds; None if it tells none."""
        offsets = tuple(self._offsets)
        return max(offsets) + self._monotonic_ms() + _GRAIN_MS if offsets else None
