"""Takes a run back in one of its own: what it wrote becomes changes, guarded by what it wrote."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from target_chakra.journal.records import RunKind
from target_chakra.planning.plan import Rules
from target_chakra.planning.undo import taking_back

if TYPE_CHECKING:
    from target_chakra.history.effects import Effects
    from target_chakra.history.reports import RunLine
    from target_chakra.run.session import Session

_AT_ONCE: Final = 500
"""Processes of which the journal is asked at a time."""


def take_back(
    session: Session[object], run: RunLine, effects: Effects, *, deletes_created: bool
) -> None:
    """Take a run back, and wait for what becomes of it.

    Args:
        session: A run that was begun for it.
        run: The run that is taken back.
        effects: What it did.
        deletes_created: Whether what it created is deleted; it is left otherwise.

    Raises:
        SettingsError: It wrote to another account.
        ChakraError: The run must stop; nothing more is sent.
    """
    if run.account != session.account_id:
        raise SettingsError(
            f"Run {run.id} wrote to another account ({run.account or 'no id'}), and this key is"
            f" of {session.account_id or 'one without an id'}",
            "Use the API key of the account that it wrote to",
        )
    session.takes_on(RunKind.UNDO)
    writer, registered = session.writer, set[str]()
    wanted = (each for each in effects if deletes_created or not each.made)
    while not session.is_stopped and (some := list(islice(wanted, _AT_ONCE))):
        known = session.journal.known([key for effect in some for key in effect.named_by])
        for effect in some:
            into = session.procedure(effect.procedure).destinations
            if effect.stream not in registered:
                registered.add(effect.stream)
                writer.intake.register(effect.stream, Rules(into.comparable, into.read_only))
            of_keys = [known[key] for key in effect.named_by if key in known]
            writer.carry_out(taking_back(effect, run.id, of_keys, into))
    writer.finish()
