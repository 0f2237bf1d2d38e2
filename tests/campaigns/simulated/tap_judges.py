"""Judges of the tap: they compare what was printed with the server's own rows, and nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.campaigns.simulated.target_judges import no_request_inside_a_pause

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.campaigns.simulated.tap import Line, TapHistory

    Judge = Callable[[TapHistory], list[str]]

CODES = {0, 2, 3, 4, 5, 6, 9}


def ms_of(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def _missing(living: Mapping[str, int], emitted: Mapping[str, int]) -> list[str]:
    return [
        f"{row_id} was {'emitted as it was before' if row_id in emitted else 'never emitted'}"
        for row_id, updated in living.items()
        if emitted.get(row_id) != updated
    ]


def nothing_is_lost(history: TapHistory) -> list[str]:
    """At the end every process was emitted as it is now."""
    if not history.codes or history.codes[-1] != 0:
        return [f"the last run ended with {history.codes}: {history.errors}"]
    emitted = {r.value["id"]: ms_of(r.value["updatedAt"]) for r in _records(history)}
    return _missing(history.living, emitted)


def _records(history: TapHistory) -> list[Line]:
    return [line for line in history.lines if line.type == "RECORD"]


def nothing_is_emitted_twice(history: TapHistory) -> list[str]:
    """No run emits a process twice."""
    counts = Counter((line.run, line.value["id"]) for line in _records(history))
    return [f"run {run} emitted {row_id} {n} times" for (run, row_id), n in counts.items() if n > 1]


def bookmark_of(state: Mapping[str, Any]) -> tuple[int, ...]:
    """Up to where a STATE says to be complete; a paused scan says nothing yet."""
    entry = state.get("bookmarks", {}).get("process_lead", {})
    said = entry.get("replication_key_value"), entry.get("last_complete_scan", {}).get("began")
    return tuple(ms_of(each) for each in said if each is not None)


def no_state_is_ahead(history: TapHistory) -> list[str]:
    """When a bookmark moved, everything that had changed before it had been printed.

    What changed since a scan began that was cut off and gone on with comes with the next run.
    """
    found: list[str] = []
    emitted: dict[str, int] = {}
    before: tuple[int, ...] = ()
    for line in history.lines:
        if line.type == "RECORD":
            emitted[line.value["id"]] = ms_of(line.value["updatedAt"])
        elif line.type == "STATE":
            said = bookmark_of(line.value)
            if said and said != before:
                due = {each: at for each, at in line.living.items() if at < max(said)}
                found += [f"STATE is ahead: {why}" for why in _missing(due, emitted)]
            before = said
    return found


def versions_are_whole(history: TapHistory) -> list[str]:
    """When a version was activated, every process had been emitted with it."""
    found: list[str] = []
    emitted: dict[int | None, set[str]] = {}
    for line in history.lines:
        if line.type == "RECORD":
            emitted.setdefault(line.version, set()).add(line.value["id"])
        elif line.type == "ACTIVATE_VERSION":
            gone = line.living.keys() - emitted.get(line.value, set())
            found += [f"version {line.value} would delete {row_id}" for row_id in sorted(gone)]
    return found


def exits_are_documented(history: TapHistory) -> list[str]:
    """No run ends in a fault of its own, or with a code that no table has."""
    codes = [code for code in history.codes if code is not None and code not in CODES]
    return [f"a run ended with {code}: {history.errors}" for code in codes]


def no_secret_is_told(history: TapHistory) -> list[str]:
    """The key is in nothing that was printed or logged."""
    return (
        ["the key is told"] if any("sandbox-admin-key" in text for text in history.output) else []
    )


JUDGES: tuple[Judge, ...] = (
    nothing_is_lost,
    nothing_is_emitted_twice,
    no_state_is_ahead,
    versions_are_whole,
    exits_are_documented,
    no_secret_is_told,
    no_request_inside_a_pause,  # type: ignore[assignment]  # it reads the requests alone
)
LOST = ("nothing_is_lost", "no_state_is_ahead", "versions_are_whole")


def verdict(history: TapHistory) -> list[str]:
    """Everything that any judge condemns."""
    return [f"{judge.__name__}: {fault}" for judge in JUDGES for fault in judge(history)]
