"""A journal that knows of no call: what was made by the help of another would be made again.

Nobody but the journal knows which tasks and messages were made. So a journal that has been moved,
lost or forgotten is told of before the first of them leaves, and refused where the one that knows
of them still lies at the default place.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from target_chakra.call_settings.call_mapping import CallKind
from target_chakra.history.other_journal import calls_known_to

if TYPE_CHECKING:
    from pathlib import Path

    from target_chakra.calls.compiled_call import CompiledCall
    from target_chakra.journal.calls import Calls

LOG: Final = logging.getLogger("target-chakra")


class NewJournal:
    """Tells a run of what its journal can't know.

    Args:
        journal: The calls that the journal knows of.
        passed_over: The journal at the default place, where the run uses another; None if there
            is none.
    """

    def __init__(self, journal: Calls, passed_over: Path | None) -> None:
        self._journal = journal
        self._passed_over = passed_over
        self._told: set[str] = set()

    def check(self, compiled: CompiledCall) -> None:
        """A stream is about to come whose rows each ask for a call.

        Raises:
            SettingsError: Another journal knows of such calls, and this one of none.
        """
        stream, scope = compiled.mapper.stream, compiled.mapper.scope
        self._refuse_passed_over(stream, scope, compiled.maker.kind.noun)
        self._tell(stream, compiled.maker.kind.noun)

    def _refuse_passed_over(self, stream: str, scope: str, noun: str) -> None:
        other = self._passed_over
        if other is None or self._journal.count_within(scope):
            return
        count = calls_known_to(other, self._journal.account, scope)
        if not count:
            return
        raise SettingsError(
            f"Stream '{stream}' asks for {noun}s ({scope}). The journal '{self._journal.place}'"
            f" knows of none that was made before, and '{other}' knows of {count:,}: they would be"
            " made again",
            f"Copy them with: target-chakra copy-calls '{other}' (and these settings), or set"
            f" journal to sqlite:///{other} again. If all of them are to be made once more, move"
            " that file to another folder",
        )

    def _tell(self, stream: str, noun: str) -> None:
        if noun in self._told:
            return
        self._told.add(noun)
        if not self._journal.count([kind.value for kind in CallKind if kind.noun == noun]):
            LOG.warning(
                "Stream '%s' asks for %ss, and the journal '%s' knows of none: where some were"
                " made by the help of another journal, their rows are sent again",
                stream, noun, self._journal.place,
            )  # fmt: skip
