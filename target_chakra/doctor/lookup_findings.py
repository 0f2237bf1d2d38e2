"""How processes are looked up by a mapping's key, and what that means for a run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from chakra_api.exit_codes import ExitCode
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.lookups.key_lookups import PAGE, Way

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_api.endpoints.answers import Row
    from target_chakra.lookups.open_procedure import OpenProcedure

TOPIC: Final = "look-ups"
UNIQUE: Final = "unique keys"


def way_finding(about: str, way: Way) -> Finding:
    """What a way of looking up means for a run.

    Args:
        about: Procedure and attribute.
        way: What was proven.
    """
    said, follows, severity = _SAID[way]
    code = ExitCode.SETTINGS if way is Way.NONE else ExitCode.DONE
    setting = "" if severity is Severity.OK else "streams (key), compare"
    return Finding(TOPIC, said, follows, setting, severity, about, way.value, code)


_SAID: Final = {
    Way.ARRAY: (
        f"{PAGE} keys per request, proven on keys that exist and on keys that can't",
        "10,000 rows cost 100 look-ups",
        Severity.OK,
    ),
    Way.SINGLE: (
        "lists of keys are not answered as they should be; one key per request is",
        "10,000 rows cost 10,000 look-ups: with compare journal, only those that changed",
        Severity.WARNING,
    ),
    Way.FETCH: (
        "lists of ids are not answered as they should be; one process is fetched per request",
        "10,000 rows cost 10,000 look-ups: with compare journal, only those that changed",
        Severity.WARNING,
    ),
    Way.EMPTY: (
        "no process is seen that has a value there, so that nothing can be proven yet",
        "The first 10 creates of a run are read back, and are the proof",
        Severity.NOTE,
    ),
    Way.NONE: (
        "can't be trusted: keys that exist are not found, or others come",
        "A run stops before its first row by this key: map another one, or the process's id",
        Severity.FAULT,
    ),
}


def uniqueness(procedure: OpenProcedure, attribute: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """Whether the values on one page are of one process each.

    Args:
        procedure: The procedure.
        attribute: ShortId of the attribute.
        rows: The page's.
    """
    text, about = procedure.key_text(attribute), f"{procedure.name}.{attribute}"
    values = [procedure.read(row).data.get(attribute) for row in rows]
    counts = Counter(text(value) for value in values if value not in (None, ""))
    shared = sum(count for count in counts.values() if count > 1)
    if shared:
        yield Finding(
            UNIQUE,
            f"{shared} of {len(rows)} processes that were looked at share theirs with another one",
            "A row whose key several processes have is a reject: name the process by another key",
            "streams (key)",
            Severity.WARNING,
            about,
            "shared",
        )
    elif counts:
        said = f"each of {len(rows)} processes that were looked at has its own, or none"
        yield Finding(UNIQUE, said, about=about, fact="unique")
    if missing := len(values) - counts.total():
        said = f"{missing} of {len(rows)} processes that were looked at have no value"
        follows = "No row can name them by it"
        yield Finding(UNIQUE, said, follows, severity=Severity.NOTE, about=about)
