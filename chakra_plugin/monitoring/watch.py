"""Watches a run until it has ended, so that one that never began is told of, too."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from chakra_api.exit_codes import ExitCode
from chakra_plugin.monitoring.channels import parse_channels
from chakra_plugin.monitoring.run_facts import RunFacts, code_of, fault_of
from chakra_plugin.surroundings import place_of_run

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping

    from chakra_api.clock import Clock
    from chakra_plugin.monitoring.channels import Channels

_LOOKS: Final = frozenset({"dry", "plan"})
"""Kinds of runs of which nobody is told: they change nothing, and nothing follows from them."""


class Watch:
    """Tells of a run, once.

    Args:
        channels: Where.
        clock: Tells how long it took.
        looks: Whether the run changes nothing on purpose.

    Attributes:
        adds: Adds to the facts of an end what the command knows of its run.
    """

    def __init__(self, channels: Channels, clock: Clock, *, looks: bool) -> None:
        self._channels = channels
        self._clock = clock
        self._looks = looks
        self._began = clock.monotonic()
        self._is_told = False
        self.adds: Callable[[RunFacts], RunFacts] = _as_they_are

    def tell(self, facts: RunFacts) -> None:
        """Tell of the run's end."""
        self._is_told = True
        names = self._channels.named
        if names and (self._looks or facts.kind in _LOOKS):
            self._channels.log.info(
                "Nothing was changed on purpose, so nothing is reported (%s)", ", ".join(names)
            )
        elif names:
            self._channels.tell(facts)

    def ended(self, error: BaseException | None) -> None:
        """The command ends: tell of it, unless that is done.

        Args:
            error: What ended it; None if it came to its end, with exit code 0.
        """
        if self._is_told:
            return
        facts = RunFacts(
            command=self._channels.log.name,
            kind="run",
            code=ExitCode.DONE if error is None else code_of(error),
            ended_ms=int(self._clock.now() * 1000),
            seconds=self._clock.monotonic() - self._began,
            fault=fault_of(error),
        )
        self.tell(self.adds(facts))


def _as_they_are(facts: RunFacts) -> RunFacts:
    return facts


@contextmanager
def watched(
    log: logging.Logger, config: Mapping[str, Any], clock: Clock, *, looks: bool = False
) -> Iterator[Watch]:
    """A run that is told of when it has ended, however it ends but by SIGKILL.

    Args:
        log: The log of the command, which has its name.
        config: The settings by name.
        clock: Of the run.
        looks: Whether the settings say that nothing is to be changed.

    Raises:
        SettingsError: A setting of the channels means nothing.
    """
    parsed = parse_channels(log, config, place_of_run())
    watch = Watch(parsed.channels, clock, looks=looks)
    try:
        parsed.refuse()
        yield watch
    except BaseException as error:
        watch.ended(error)
        raise
