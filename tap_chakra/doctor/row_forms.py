"""In which of their possible forms the fields of rows come (contract Q5 to Q8, Q27, Q35 to Q37)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from chakra_api.values.shapes import shape_of, shapes_told
from chakra_api.values.times import SECOND_MS
from chakra_plugin.findings.finding import Finding, Severity
from tap_chakra.doctor.key_arrays import value_of
from tap_chakra.reading.row_times import updated_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chakra_api.account.account import Attribute, Procedure
    from chakra_api.account.people import Directory
    from chakra_api.account.role import Seen
    from chakra_api.endpoints.client import Row

_UNKNOWN: Final = "unknown"
_EMPTY: Final[tuple[object, ...]] = ("", [], {})
"""What is hardly a value; 0 and false may be."""


def form_findings(seen: Sequence[Seen], directory: Directory, unit_ms: int) -> Iterator[Finding]:
    """How states, assignees, times and what is not set come.

    Args:
        seen: The rows that were looked at.
        directory: The users; empty where they can't be listed.
        unit_ms: Milliseconds in the unit of the account's times.
    """
    rows = [row for each in seen for row in each.rows]
    if not rows:
        return
    yield _states(seen)
    yield _assignees(rows, directory)
    yield _created(rows, unit_ms)
    yield _updated(rows)
    yield _unset(seen)
    yield from _nested(seen, rows)


def _states(seen: Sequence[Seen]) -> Finding:
    forms: Counter[str] = Counter()
    strange: list[object] = []
    for each in seen:
        for row in each.rows:
            form = _state_form(row.get("state"), each.procedure)
            forms[form] += 1
            if form == _UNKNOWN:
                strange.append(row.get("state"))
    unknown = forms.pop(_UNKNOWN, 0)
    fact = _told(forms)
    if unknown:
        return Finding(
            "state",
            f"{fact}; {unknown:,} rows have a state that the configuration does not name:"
            f" {shapes_told(strange)}",
            "They keep it in the column state, and their stateName is empty",
            severity=Severity.WARNING,
            fact=fact,
        )
    return Finding("state", f"{fact}", "The columns are the same in each form", fact=fact)


def _state_form(value: object, procedure: Procedure) -> str:
    if value in (None, ""):
        return "not set"
    if isinstance(value, dict):
        return "as an object"
    if any(value == state.short_id for state in procedure.states):
        return "as shortId"
    return "as id" if any(value == state.id for state in procedure.states) else _UNKNOWN


def _assignees(rows: Sequence[Row], directory: Directory) -> Finding:
    forms: Counter[str] = Counter()
    for row in rows:
        value = row.get("assignedTo")
        person = directory.find(value) if isinstance(value, str) else None
        if value in (None, ""):
            forms["not set"] += 1
        elif person is None:
            forms[_UNKNOWN] += 1
        else:
            forms["as id" if value == person.id else "as username"] += 1
    unknown = forms.pop(_UNKNOWN, 0)
    fact = _told(forms)
    if unknown:
        return Finding(
            "assignedTo",
            f"{fact}; {unknown:,} of {len(rows):,} rows name nobody in the list of users",
            "Their assignedToUsername is empty",
            severity=Severity.NOTE if directory.usernames else Severity.WARNING,
            fact=fact,
        )
    return Finding("assignedTo", fact, "Id and username have a column each", fact=fact)


def _created(rows: Sequence[Row], unit_ms: int) -> Finding:
    unit = "seconds" if unit_ms == SECOND_MS else "milliseconds"
    fact = _told(Counter(_time_form(row.get("createdAt"), unit) for row in rows))
    return Finding("createdAt", fact, "Each form is read", fact=fact)


def _time_form(value: object, unit: str) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"a number of {unit}"
    if isinstance(value, str) and value.strip().isdigit():
        return f"a text of {unit}"
    return shape_of(value)


def _updated(rows: Sequence[Row]) -> Finding:
    unusable = [row.get("updatedAt") for row in rows if updated_at(row) is None]
    if not unusable:
        return Finding("updatedAt", "usable in each row that was looked at", fact="usable")
    return Finding(
        "updatedAt",
        f"not usable in {len(unusable):,} of {len(rows):,} rows: {shapes_told(unusable)}",
        "Such rows are emitted by each incremental run: nobody can tell whether they changed",
        "change_detection",
        Severity.WARNING,
        fact="not usable" if len(unusable) == len(rows) else "usable in some rows",
    )


def _unset(seen: Sequence[Seen]) -> Finding:
    forms: Counter[str] = Counter()
    for each in seen:
        forms += _unset_forms(each)
    if not forms:
        return Finding("unset values", "each attribute is set in each row that was looked at")
    fact = ", ".join(sorted(forms))
    empties = "empty values" in forms
    return Finding(
        "unset values",
        f"{fact}, where an attribute is not set",
        "What is not set looks like what is empty or 0" if empties else "All become null",
        severity=Severity.NOTE if empties else Severity.OK,
        fact=fact,
    )


def _unset_forms(seen: Seen) -> Counter[str]:
    """How attributes that hold nothing come; as empty values where each row has them all."""
    forms: Counter[str] = Counter()
    for attribute in seen.procedure.attributes:
        for row in seen.rows:
            forms[_unset_form(row, attribute)] += 1
    del forms[""]
    return forms or _empty_forms(seen.rows)


def _unset_form(row: Row, attribute: Attribute) -> str:
    data = row.get("data")
    if not isinstance(data, dict) or not {attribute.short_id, attribute.id} & data.keys():
        return "left out"
    return "null" if value_of(row, attribute) is None else ""


def _empty_forms(rows: Iterable[Row]) -> Counter[str]:
    datas = [data for row in rows if isinstance(data := row.get("data"), dict)]
    empty = sum(value in _EMPTY for data in datas for value in data.values())
    return Counter({"empty values": empty}) if empty else Counter()


def _nested(seen: Sequence[Seen], rows: Sequence[Row]) -> Iterator[Finding]:
    keys = Counter(form for each in seen for form in _data_forms(each))
    fact = _told(keys)
    yield Finding("keys of data", fact, "Columns have the names of shortIds", fact=fact)
    for name in ("record", "derivedData"):
        fact = _told(Counter(_field_form(row, name) for row in rows))
        yield Finding(name, fact, fact=fact)


def _data_forms(seen: Seen) -> Iterator[str]:
    short_ids = {each.short_id for each in seen.procedure.attributes}
    ids = {each.id for each in seen.procedure.attributes} - {""}
    for row in seen.rows:
        data = row.get("data")
        names = set(data) if isinstance(data, dict) else set()
        if names & short_ids:
            yield "shortIds"
        if names & (ids - short_ids):
            yield "ids"


def _field_form(row: Row, name: str) -> str:
    if name not in row:
        return "not there"
    value = row[name]
    if value is None:
        return "null"
    return "an object" if isinstance(value, dict) else "an id" if name == "record" else "a value"


def _told(forms: Counter[str]) -> str:
    """The forms, the commonest first; of those that some rows do not have, `not set` last."""
    named = [form for form, _ in forms.most_common() if form != "not set"]
    if not named:
        return "not set in any row that was looked at"
    return " and ".join(sorted(named))
