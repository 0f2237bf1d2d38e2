"""When the calls of a stream may leave: at its user's pace, and outside of their quiet hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import HeldBack

if TYPE_CHECKING:
    from chakra_api.clock import Clock
    from target_chakra.call_settings.brakes import Brakes

_MINUTE: Final = 60.0


class Gate:
    """Lets the calls of one stream leave, one by one.

    Args:
        stream: The stream.
        brakes: What its user set; None if nothing holds its calls back.
        clock: Its time: of the day for quiet hours, monotonic for the pace.
    """

    def __init__(self, stream: str, brakes: Brakes | None, clock: Clock) -> None:
        self._stream = stream
        self._quiet = brakes.quiet if brakes else None
        rate = brakes.rate if brakes else None
        self._apart = 0.0 if rate is None else _MINUTE / rate
        self._clock = clock
        self._next = float("-inf")

    def closed(self) -> HeldBack | None:
        """What holds all calls back by now; None if they may leave. May be asked on any thread."""
        over = self._quiet.over_at(self._clock.now()) if self._quiet else None
        if over is None:
            return None
        return HeldBack(
            f"The messages of stream '{self._stream}' are held back, for its quiet hours are"
            f" {self._quiet}",
            f"Run it again after {over.isoformat(timespec='minutes')}: what was not sent is sent"
            " then",
        )

    def wait(self) -> float:
        """Seconds until the next call may leave; 0 if it may."""
        return max(0.0, self._next - self._clock.monotonic())

    def passes(self) -> None:
        """A call leaves."""
        self._next = self._clock.monotonic() + self._apart
