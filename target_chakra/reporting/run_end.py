"""How a run ended, in a sentence: done, stopped, killed, under way, or not meant to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.exit_codes import ExitCode
from chakra_plugin.pages.parts import Said, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_chakra.history.reports import RunLine

_SAID: Final[Mapping[int, tuple[str, Tone]]] = {
    ExitCode.DONE: ("Everything asked for was done.", Tone.GOOD),
    ExitCode.BUG: ("A fault of target-chakra ended it: please report it.", Tone.BAD),
    ExitCode.SETTINGS: ("A setting or the input is wrong.", Tone.BAD),
    ExitCode.NO_ACCESS: ("The key is wrong, or its role may not do this.", Tone.BAD),
    ExitCode.UNREACHABLE: (f"{ExitCode.UNREACHABLE.means}. Run it again.", Tone.BAD),
    ExitCode.REJECTS: (f"{ExitCode.REJECTS.means}.", Tone.BAD),
    ExitCode.UNKNOWN: (f"{ExitCode.UNKNOWN.means}. Run it again.", Tone.BAD),
    ExitCode.STOPPED: (
        "It was stopped in order, or its output takes no more. Run it again to go on.",
        Tone.NOTICE,
    ),
    ExitCode.JOURNAL: ("The journal could not be used any more.", Tone.BAD),
}


def end_said(run: RunLine) -> Iterator[Said]:
    """What is to be said of a run's end, and of what it was begun for."""
    if run.dry:
        yield Said(
            f"A {run.kind} run: nothing was sent, and the journal keeps its receipt alone.",
            Tone.NOTICE,
        )
    if run.under_way:
        yield Said("It is under way: what follows is what is known by now.", Tone.NOTICE)
        return
    if run.exit_code is None:
        yield Said(
            "It ended without a receipt: it was killed, or could not reach the journal any more."
            " What follows is what the journal knows of it; the next run with this journal follows"
            " what was in flight.",
            Tone.BAD,
        )
        return
    text, tone = _SAID.get(run.exit_code, (f"It ended with exit code {run.exit_code}.", Tone.BAD))
    yield Said(text, tone)
    yield from _told(run.receipt)


def _told(receipt: Mapping[str, object]) -> Iterator[Said]:
    if error := receipt.get("error"):
        yield Said(str(error), Tone.BAD)
    halted = receipt.get("halted")
    for each in halted if isinstance(halted, list) else ():
        yield Said(f"Nothing more could be written to {each}", Tone.BAD)
