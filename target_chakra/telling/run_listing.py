"""Runs as `runs` shows them: a table of all, or one in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.exit_codes import ExitCode
from chakra_api.values.counts import counted
from chakra_api.values.timestamps import iso_ms
from chakra_plugin.telling import tell
from chakra_plugin.terminal import Tone, Toned, tell_table, tell_toned
from target_chakra.telling.receipt_table import tell_receipt
from target_chakra.telling.reject_listing import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chakra_plugin.terminal import Cell
    from target_chakra.history.reports import RejectLine, RunLine

HEADERS: Final = (
    *("run", "kind", "began", "took", "ended", "streams", "account", "rows", "outcomes"),
)
_FIRST: Final = 8
"""Characters of an account's id that a table shows at least."""
_MOST_REASONS: Final = 5
_SECOND: Final = 1000
_MINUTE: Final = 60
_HOUR: Final = 3600


def tell_runs(found: Sequence[RunLine], now_ms: int) -> None:
    """Print a table of runs.

    Args:
        found: The runs.
        now_ms: Epoch milliseconds.
    """
    length = _telling_length({run.account for run in found})
    rows = [
        (
            str(run.id),
            run.kind,
            _to_the_second(run.began_ms),
            _took(run, now_ms),
            _ended(run),
            ", ".join(_streams(run)),
            run.account[:length],
            f"{_rows(run):,}",
            ", ".join(outcomes_said(run)) or "no rows",
        )
        for run in found
    ]
    tell_table(HEADERS, rows, numeric={0, 7})


def tell_run(run: RunLine, rejects: Mapping[str, Sequence[RejectLine]], now_ms: int) -> None:
    """Print one run in words: what it was, how it ended, its receipt, why rows were rejected.

    Args:
        run: The run.
        rejects: Its rejects by reason.
        now_ms: Epoch milliseconds.
    """
    load = f", load {run.load}" if run.load else ""
    at = f" at {run.api_url}" if run.api_url else ""
    tell_toned(
        (Toned(f"Run {run.id}", Tone.HEADING), f" ({run.kind}{load}) of account {run.account}{at}")
    )
    tell(f"Began {iso_ms(run.began_ms)}, took {_took(run, now_ms)}, by {run.holder}")
    tell_toned(("Ended: ", *_end_said(run)))
    if run.receipt:
        tell_receipt(run.receipt)
    else:
        tell(", ".join(outcomes_said(run)) or "no rows")
    for line in _faults(run):
        tell(line)
    if run.in_flight:
        tell(f"{counted(run.in_flight)} in flight now: the next run follows them")
    if rejects:
        tell("Rejected:")
    for rows in list(rejects.values())[:_MOST_REASONS]:
        tell(f"  {counted(len(rows))}: {reason_of(rows)}")
    if len(rejects) > _MOST_REASONS:
        tell(f"  and {len(rejects) - _MOST_REASONS:,} reasons more")


def outcomes_said(run: RunLine) -> list[str]:
    """How many rows ended how: `18 created`; of a run without a receipt, as far as is known."""
    outcomes = run.receipt.get("outcomes")
    counts = outcomes if isinstance(outcomes, dict) else run.recorded
    said = [f"{count:,} {name}" for name, count in counts.items() if count]
    mirror = run.receipt.get("mirror_deletes")
    for name, count in (mirror if isinstance(mirror, dict) else {}).items():
        if count:
            by = "by the mirror" if name == "deleted" else "of the mirror's deletes"
            said.append(f"{count:,} {name} {by}")
    if run.in_flight or counts.get("in flight"):
        said.append(f"{run.in_flight:,} in flight now")
    return said


def _end_said(run: RunLine) -> Iterator[Cell]:
    yield _ended(run)
    if run.exit_code is not None:
        yield f" (exit code {run.exit_code})"


def _ended(run: RunLine) -> Toned:
    if run.exit_code is None:
        # Killed, or it could not reach the journal any more: nothing tells the two apart.
        end = "under way" if run.under_way else "without a receipt"
        return Toned(end, Tone.PLAIN if run.under_way else Tone.BAD)
    try:
        code = ExitCode(run.exit_code)
    except ValueError:  # of a later version
        return Toned(f"exit code {run.exit_code}", Tone.BAD)
    return Toned(code.words, Tone.GOOD if code is ExitCode.DONE else Tone.BAD)


def _faults(run: RunLine) -> Iterator[str]:
    error, halted = run.receipt.get("error"), run.receipt.get("halted")
    if error:
        yield f"Stopped by: {error}"
    for each in halted if isinstance(halted, list) else ():
        yield f"Nothing more was written to {each}"


def _streams(run: RunLine) -> Iterable[str]:
    streams = run.receipt.get("streams")
    return streams if isinstance(streams, dict) else ()


def _rows(run: RunLine) -> int:
    rows = run.receipt.get("rows_in")
    return rows if isinstance(rows, int) else sum(run.recorded.values())


def _to_the_second(instant_ms: int) -> str:
    return iso_ms(instant_ms)[:19].replace("T", " ") + "Z"


def _took(run: RunLine, now_ms: int) -> str:
    """How long a run took, or takes; nothing of one that ended nobody knows when."""
    ended = now_ms if run.under_way else run.ended_ms
    if ended is None:
        return "?"
    seconds = max(0, ended - run.began_ms) / _SECOND
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min {int(seconds % _MINUTE):02d} s"
    return f"{int(seconds // _HOUR)} h {int(seconds % _HOUR // _MINUTE):02d} min"


def _telling_length(accounts: set[str]) -> int:
    """Characters that tell some accounts apart."""
    longest = max(map(len, accounts), default=0)
    lengths = range(_FIRST, longest)
    return next(
        (each for each in lengths if len({a[:each] for a in accounts}) == len(accounts)), longest
    )
