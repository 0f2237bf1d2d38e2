"""Judges what runs of the target wrote, by the server's own rows and the input alone.

Shares no code with the target. A row without a key is known by its name; what became of a row
with a key is known by the values that its key holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tests.campaigns.verdicts import doubled, lost, wrong

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chakra_sandbox.launch import OracleRow
    from tests.campaigns.verdicts import Fault

    Message = dict[str, Any]


def held(oracle: Iterable[OracleRow]) -> tuple[dict[str, list[int]], Counter[str]]:
    """The values that each key holds, one for each living row, and how many have each name."""
    by_key: dict[str, list[int]] = defaultdict(list)
    names: Counter[str] = Counter()
    for row in oracle:
        if row.died_ms is None:
            if "lead_id" in row.data:
                by_key[row.data["lead_id"]].append(int(row.data.get("score", -1)))
            names[str(row.data.get("name"))] += 1
    return by_key, names


def of_state(oracle: Iterable[OracleRow], rows: Sequence[Message], passed: int) -> list[Fault]:
    """Rows that the last STATE covers and that are not there."""
    by_key, names = held(oracle)
    faults = []
    for key, values in _keyed(rows).items():
        before = [value for at, value in values if at < passed]
        after = [value for at, value in values if at >= passed]
        if before and not set(by_key[key]) & {before[-1], *after}:
            what = f"STATE {passed} is ahead: {key} holds {by_key[key]}, not {before[-1]}"
            faults.append(lost(what))
    wanted = _named(rows[:passed])
    faults += [lost(f"STATE {passed} is ahead of {n}") for n in wanted if names[n] < wanted[n]]
    return faults


def of_the_end(oracle: Iterable[OracleRow], rows: Sequence[Message]) -> list[Fault]:
    """What is not as it must be: every row exactly once, the last value wins."""
    by_key, names = held(oracle)
    faults = []
    for key, values in _keyed(rows).items():
        (_, last) = values[-1]
        if by_key[key] != [last]:
            kind = (lost, wrong, doubled)[min(len(by_key[key]), 2)]
            faults.append(kind(f"{key} holds {by_key[key]}, not {last} once"))
    for name, count in _named(rows).items():
        if names[name] != count:
            kind = lost if names[name] < count else doubled
            faults.append(kind(f"{name} is there {names[name]} times, not {count}"))
    faults += [wrong(f"{key} was to be rejected") for key in _rejected(rows) if by_key[key]]
    return faults


def _keyed(rows: Sequence[Message]) -> dict[str, list[tuple[int, int]]]:
    """The values of each key, with the rows that brought them; rejected rows aside."""
    values: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, row in enumerate(rows):
        key = row["record"].get("lead_id")
        if key is not None and row["record"]["score"] != "x":
            values[key].append((at, row["record"]["score"]))
    return values


def _named(rows: Sequence[Message]) -> Counter[str]:
    return Counter(row["record"]["name"] for row in rows if row["stream"] == "notes")


def _rejected(rows: Sequence[Message]) -> list[str]:
    return [row["record"]["lead_id"] for row in rows if row["record"]["score"] == "x"]
