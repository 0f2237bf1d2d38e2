"""Whoever watches a run of the target, by its settings."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from chakra_api.clock import SystemClock
from chakra_api.setting_values import flag_of
from chakra_plugin.monitoring.watch import watched
from target_chakra.telling.end_facts import facts_of
from target_chakra.telling.receipt_table import tell_end

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from chakra_plugin.monitoring.watch import Watch
    from target_chakra.books.run_end import RunEnd

LOG = logging.getLogger("target-chakra")


def watch_of(config: Mapping[str, Any]) -> AbstractContextManager[Watch]:
    """Watches a run with these settings until it has ended.

    Raises:
        SettingsError: A file or an address to tell of it means nothing; the others tell of that.
    """
    looks = bool(flag_of(config.get("dry_run")))  # what is no flag is refused later, and told of
    return watched(LOG, config, SystemClock(), looks=looks)


def told_to(watch: Watch) -> Callable[[RunEnd], None]:
    """What tells of a run's end: prints the receipt, and tells whoever watches."""
    return partial(_tell_all, watch)


def _tell_all(watch: Watch, end: RunEnd) -> None:
    tell_end(end)
    watch.tell(facts_of(end))
