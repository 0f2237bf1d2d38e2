"""What this server filters by, and how exactly: the probes of a run, asked for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.where import compare, equals, iso_ms
from chakra_api.errors import BadRequest, ReportedErrors
from chakra_plugin.findings.finding import Finding, Severity
from tap_chakra.reading.grain_probe import EXACT, proven_grain
from tap_chakra.reading.row_times import created_at
from tap_chakra.reading.updated_filter_probe import FEWEST_ROWS, filters_on_updated
from tap_chakra.reading.window_reader import row_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from chakra_api.endpoints.answers import ProcessPage
    from chakra_api.endpoints.where import Where
    from tap_chakra.reading.window_reader import Lister

NO_SUCH_NAME: Final = "noSuchAttributeOfDoctor"
"""An attribute that no procedure has."""
_SINCE_LONG: Final = 946_684_800_000
"""2000-01-01: all rows were changed since."""
_NOT_YET: Final = 4_102_444_800_000
"""2100-01-01: no row was."""
_SECOND_MS: Final = 1000
_FILTER: Final = "change_detection"
UPDATED: Final = "updatedAt filter"
"""The topic of what is found about it."""
REFUSED: Final = "refused as a filter"
IGNORED: Final = "ignored: all rows come"
FINDS_NOTHING: Final = "finds nothing"
NOT_HEEDED: Final = frozenset({REFUSED, IGNORED, FINDS_NOTHING})
"""The facts of a server that does not filter by it."""


def created_findings(
    about: str, lister: Lister, first: ProcessPage, executor: Executor
) -> Iterator[Finding]:
    """How finely filters on `createdAt` tell instants apart, and whether their bounds count.

    Args:
        about: ShortId of the procedure.
        lister: Lists its processes.
        first: Its first page.
        executor: Asks for several rows at a time.
    """
    topic = "createdAt filter"
    created = sorted(at for row in first.rows if (at := created_at(row)))
    if not created:
        yield Finding(topic, "no row to tell by", severity=Severity.NOTE, about=about)
        return
    grain = proven_grain(lister, first.rows, executor)
    if grain is None:
        yield Finding(
            topic,
            "not heeded: rows come that it excludes",
            "Scans read the whole procedure page by page, and are complete only if nobody changes"
            " rows meanwhile",
            "allow_incomplete",
            Severity.WARNING,
            about,
            "not heeded",
        )
        return
    unit = "a millisecond" if grain.width == EXACT.width else "a second"
    yield Finding(
        topic,
        f"proven to {unit}",
        "" if grain.width == EXACT.width else "Windows overlap by a second: a few rows come twice",
        about=about,
        fact=unit,
    )
    yield _bounds(topic, about, lister, first)


def _bounds(topic: str, about: str, lister: Lister, first: ProcessPage) -> Finding:
    """Whether `>=` and `<=` hold the instant itself, to the millisecond or to the second."""
    witness = next(row for row in first.rows if created_at(row))
    created, wanted = created_at(witness) or 0, row_id(witness)
    for instant in dict.fromkeys((created, created // _SECOND_MS * _SECOND_MS)):
        at = iso_ms(instant)
        page = lister({"createdAt": {">=": at, "<=": at}})
        if page.is_full or any(row_id(row) == wanted for row in page.rows):
            return Finding(topic, ">= and <= hold the bound itself", about=about, fact="inclusive")
    return Finding(
        topic,
        ">= and <= leave the bound itself out",
        "Windows are widened so that no row falls between two of them",
        severity=Severity.NOTE,
        about=about,
        fact="exclusive",
    )


def updated_finding(about: str, lister: Lister, first: ProcessPage) -> Finding:
    """Whether the server filters on `updatedAt`, which no document offers.

    Args:
        about: ShortId of the procedure.
        lister: Lists its processes.
        first: Its first page.
    """
    topic = UPDATED
    if len(first.rows) < FEWEST_ROWS:
        return Finding(topic, "too few rows to prove it", severity=Severity.NOTE, about=about)
    if filters_on_updated(lister, first):
        return Finding(
            topic,
            "proven: exactly the rows changed since an instant come",
            "Incremental runs ask for changed rows alone, and scan all every full_scan_every hours",
            f"{_FILTER}, full_scan_every",
            about=about,
            fact="proven",
        )
    fact = _refusal(lister)
    return Finding(
        topic,
        fact,
        "Incremental runs scan everything and emit what has changed; created or open read less,"
        " and can miss changes",
        _FILTER,
        Severity.NOTE,
        about,
        fact,
    )


def _refusal(lister: Lister) -> str:
    """How a server says that it does not filter on `updatedAt`."""
    found = []
    for instant in (_SINCE_LONG, _NOT_YET):
        rows = _rows(lister, compare("updatedAt", ">=", iso_ms(instant)))
        if rows is None:
            return REFUSED
        found.append(bool(rows))
    if found == [True, True]:
        return IGNORED
    return FINDS_NOTHING if found == [False, False] else "heeded, and not proven to be exact"


def unknown_name_finding(about: str, lister: Lister) -> Finding:
    """What becomes of a filter on a name that no attribute has."""
    topic = "unknown names"
    rows = _rows(lister, equals(NO_SUCH_NAME, "x"))
    fact = (
        "a filter on one is refused"
        if rows is None
        else "a filter on one is ignored: all rows come"
        if rows
        else "a filter on one finds nothing"
    )
    follows = (
        "A filter that is misspelled finds everything: who filters by hand may take all rows"
        " for those that were meant"
    )
    severity = Severity.NOTE if rows else Severity.OK
    return Finding(topic, fact, follows if rows else "", "", severity, about, fact)


def _rows(lister: Lister, where: Where) -> int | None:
    """How many rows a filter finds, at most one; None where it is refused."""
    try:
        return len(lister(where, limit=1).rows)
    except (BadRequest, ReportedErrors):
        return None
