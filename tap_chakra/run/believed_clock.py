"""The server's time, believed as far as it can be: near our own, else the earlier of the two.

`Date` may come from a proxy, a broken machine or nobody, and our own clock may be wrong as well:
neither is known to be right where they differ. What is dated too early is read again, what is dated
too late is never read. So the earlier one counts, and its user is told once.
"""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING, Final

from chakra_api.values.timestamps import iso_ms
from tap_chakra.scanning.beginning import Beginning

if TYPE_CHECKING:
    from chakra_api.clock import Clock

LEAST_TOLERANCE_MS: Final = 60_000
"""Milliseconds by which clocks may always differ: a `Date` has no fraction, and is on its way."""

LOG = logging.getLogger("tap-chakra")


class BelievedClock:
    """The server's time of one run. Safe for many threads.

    Args:
        clock: Our own.
        tolerance_ms: Milliseconds by which the two may differ, as `lookback_seconds` says.
    """

    def __init__(self, clock: Clock, tolerance_ms: int) -> None:
        self._clock = clock
        self._tolerance = max(tolerance_ms, LEAST_TOLERANCE_MS)
        self._believed: tuple[int, float] | None = None
        self._said = set[str]()
        self._lock = Lock()

    def earlier(self, said: int | None) -> int:
        """The time to read changes from, epoch milliseconds.

        Args:
            said: What the server says that it is; None if it says nothing.
        """
        return self.beginning(said).began

    def beginning(self, said: int | None) -> Beginning:
        """The beginning of a scan whose first answer says that time; None if it says none."""
        ours = int(self._clock.now() * 1000)
        with self._lock:
            if said is None:
                self._tell(
                    "ChakraHQ's answers carry no usable Date: scans are dated by the clock of this"
                    " machine, which must be right"
                )
                return self._between(ours, ours)
            if abs(said - ours) <= self._tolerance:
                self._believed = (said, self._clock.monotonic())
                return Beginning.at(said)
            self._tell(
                f"ChakraHQ's clock says {iso_ms(said)}, that of this machine {iso_ms(ours)}: the"
                " earlier one counts, so that no change is missed. Check the clock of this machine;"
                " if it is right, a Date that ChakraHQ or a proxy sent is wrong"
            )
            return self._between(said, ours)

    def _between(self, said: int, ours: int) -> Beginning:
        """The beginning between clocks that differ; what was believed before counts as well."""
        known = [said, ours]
        if self._believed is not None:
            instant, at = self._believed
            known.append(instant + int((self._clock.monotonic() - at) * 1000))
        self._believed = (min(known), self._clock.monotonic())
        return Beginning(min(known), max(known))

    def _tell(self, warning: str) -> None:
        """Warn, once of each kind."""
        kind = warning.split(" ", 3)[2]
        if kind not in self._said:
            self._said.add(kind)
            LOG.warning("%s", warning)
