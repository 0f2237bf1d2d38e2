"""When what a mirrored stream no longer brings may be deleted, and the deleting.

Only a whole run says what exists: it ended well, nothing narrowed it, and, where its rows came in
files of a load, the load is complete. A load may take several runs; a row that one of them
brought, or a later run, is not absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.errors import SettingsError
from target_chakra.changes import Mode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_chakra.journal.reports import RunLine
    from target_chakra.mapping.table_hints import Hints
    from target_chakra.run.session import Session


def commit_mirrors(
    session: Session[object],
    runs: Sequence[RunLine],
    wanted: str | None,
    hints: Mapping[str, Hints] | None = None,
) -> Iterator[tuple[str, int, int]]:
    """Delete what the last mirrored run did not bring; stream, how many, and the run, each.

    Args:
        session: A run that brings no rows.
        runs: The runs before it, oldest first.
        wanted: The only stream to look at; None for all of that run.
        hints: What streams say about themselves, where they do.

    Raises:
        SettingsError: That run says nothing about deletes.
        LimitCrossed: There is more to delete than max_deletes allows.
    """
    session.is_partial = True
    own = [run for run in runs if run.account == session.account_id]
    mirrored = [run for run in own if run.receipt.get("mirrored")]
    if not mirrored:
        raise SettingsError(
            "No run has written a stream in mode mirror", "Write the rows first, all of them"
        )
    last = mirrored[-1]
    first = min(run.id for run in own if run is last or (last.load and run.load == last.load))
    for stream in _whole(last, wanted):
        if session.settings.mapping_for(stream).mode is Mode.MIRROR:
            session.open_stream(stream, (), (hints or {}).get(stream))
            yield stream, session.delete_absent(stream, first), last.id


def _whole(run: RunLine, wanted: str | None) -> list[str]:
    """The streams of a run whose absent rows may be deleted.

    Raises:
        SettingsError: It did not end well, or brought only changes.
    """
    if run.exit_code != 0:
        raise SettingsError(
            f"Run {run.id} ended with {run.exit_code}, so it says nothing about deletes",
            "Run it again until it ends with 0",
        )
    if run.load and run.receipt.get("load_complete") is not True:
        raise SettingsError(
            f"The load {run.load} is not complete, so it says nothing about deletes",
            "Run the pipeline again until it is",
        )
    streams = _names(run.receipt.get("mirrored"))
    chosen = [name for name in streams if wanted in (None, name)]
    if not chosen:
        raise SettingsError(
            f"Run {run.id} did not write '{wanted}' in mode mirror",
            f"It wrote: {', '.join(streams)}",
        )
    partial = [name for name in chosen if name in _names(run.receipt.get("bookmarked"))]
    if partial:
        raise SettingsError(
            f"'{partial[0]}' was read incrementally: run {run.id} holds only the changes",
            "Read it in full (FULL_TABLE; in dlt the write disposition replace), or use"
            " delete_when in place of mirror",
        )
    return chosen


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []
