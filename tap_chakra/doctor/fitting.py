"""Whether rows are what the configuration says: types, choices, keys; told by shapes alone."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.answers import has_id
from chakra_api.values.attribute_types import BY_NAME, folded
from chakra_api.values.shapes import shapes_told
from chakra_plugin.findings.finding import Finding, Severity
from tap_chakra.doctor.key_arrays import key_attribute, value_of
from tap_chakra.reading.window_reader import row_id
from tap_chakra.records.row_typer import RowTyper
from tap_chakra.records.schema import EXTRA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chakra_api.account.account import Attribute, Procedure
    from chakra_api.account.people import Directory
    from chakra_api.account.role import Seen
    from chakra_api.endpoints.client import Row
    from chakra_api.values.times import Times

MOST_ATTRIBUTES: Final = 8
"""Attributes of a procedure that have a line of their own."""
_GROUPS: Final = ("data", "derivedData")


def type_findings(procedures: Iterable[Procedure]) -> Iterator[Finding]:
    """Attributes whose type no document names."""
    topic = "attribute types"
    unknown = [
        (procedure, attribute)
        for procedure in procedures
        for attribute in (*procedure.attributes, *procedure.derived_attributes)
        if folded(attribute.type.name) not in BY_NAME
    ]
    if not unknown:
        yield Finding(topic, "all are known", fact="all known")
    for procedure, attribute in unknown[:MOST_ATTRIBUTES]:
        yield Finding(
            topic,
            f"'{attribute.type.name}' is an unknown type",
            f"Its values are taken as {attribute.type.family.name}",
            severity=Severity.NOTE,
            about=f"{procedure.short_id}.{attribute.short_id}",
            fact=f"unknown type {attribute.type.name}",
        )
    if (more := len(unknown) - MOST_ATTRIBUTES) > 0:
        yield Finding(
            topic, f"{more:,} further attributes have such a type", severity=Severity.NOTE
        )


def fit_findings(seen: Seen, directory: Directory, times: Times) -> Iterator[Finding]:
    """The values of a procedure that do not fit their attributes.

    Args:
        seen: The rows that were looked at.
        directory: The users that they name.
        times: What times mean in the account.
    """
    topic, name = "rows and types", seen.procedure.short_id
    typer = RowTyper(seen.procedure, directory, times)
    odd: dict[str, list[object]] = {}
    for row in seen.rows:
        _gather(odd, typer(row).get(EXTRA))
    known = {
        each.short_id: each
        for each in (*seen.procedure.attributes, *seen.procedure.derived_attributes)
    }
    by_count = sorted(odd.items(), key=lambda each: -len(each[1]))
    for key, values in by_count[:MOST_ATTRIBUTES]:
        yield _misfit(topic, f"{name}.{key}", values, len(seen.rows), known.get(key))
    if more := by_count[MOST_ATTRIBUTES:]:
        yield Finding(
            topic,
            f"{len(more):,} further attributes have values that do not fit",
            severity=Severity.WARNING,
            about=name,
        )
    if seen.rows and not odd:
        yield Finding(topic, f"all of {len(seen.rows)} rows fit", about=name, fact="fit")
    if zoneless := sorted(typer.zoneless):
        yield Finding(
            "time zone",
            f"{', '.join(zoneless[:MOST_ATTRIBUTES])}: times come that name no zone",
            "They are read in the team's zone, or the one that you set",
            "naive_timezone",
            Severity.NOTE,
            name,
            "times without a zone",
        )


def _gather(odd: dict[str, list[object]], extra: object) -> None:
    """Add what did not fit of one row, by attribute or root field."""
    found = json.loads(extra) if isinstance(extra, str) else {}
    for group in _GROUPS:
        values = found.pop(group, None)
        if isinstance(values, dict):
            found.update(values)
        elif values is not None:
            found[group] = values
    for key, value in found.items():
        odd.setdefault(key, []).append(value)


def _misfit(
    topic: str, about: str, values: Sequence[object], rows: int, attribute: Attribute | None
) -> Finding:
    said = f"{len(values)} of {rows} rows hold {shapes_told(values)}"
    wanted = "the configuration does not name it"
    if attribute is not None:
        wanted = f"where {attribute.type.family.name} is expected"
    return Finding(
        topic,
        f"{said}, {wanted}" if attribute is not None else f"{said}; {wanted}",
        "They go unchanged to _extra_data, and the column is null",
        severity=Severity.WARNING if attribute is not None else Severity.NOTE,
        about=about,
        fact="does not fit" if attribute is not None else "not named",
    )


def choice_findings(seen: Seen) -> Iterator[Finding]:
    """Choices that rows hold and the configuration does not offer."""
    topic = "choices"
    strange = 0
    for attribute in seen.procedure.attributes:
        if not attribute.type.family.is_choice or not attribute.options:
            continue
        values = _chosen(seen.rows, attribute)
        offered = {str(option.value) for option in attribute.options}
        labels = {option.label for option in attribute.options} - offered
        odd = [value for value in values if str(value) not in offered]
        by_label = sum(str(value) in labels for value in odd)
        if odd:
            strange += 1
            yield Finding(
                topic,
                f"{len(odd)} of {len(values)} values are none that it offers: {shapes_told(odd)}"
                + (f"; {by_label} are labels" if by_label else ""),
                "They are emitted as they are",
                severity=Severity.NOTE,
                about=f"{seen.procedure.short_id}.{attribute.short_id}",
                fact="others than offered",
            )
    offers = any(each.type.family.is_choice and each.options for each in seen.procedure.attributes)
    if seen.rows and offers and not strange:
        yield Finding(
            topic, "come by value, as offered", about=seen.procedure.short_id, fact="by value"
        )


def _chosen(rows: Iterable[Row], attribute: Attribute) -> list[object]:
    values = [value for row in rows if (value := value_of(row, attribute)) not in (None, "")]
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def key_findings(seen: Seen) -> Iterator[Finding]:
    """Ids and primary keys that are missing, or that rows share, as far as was seen."""
    topic, name, rows = "keys", seen.procedure.short_id, seen.rows
    if not rows:
        return
    ids = Counter(row_id(row) for row in rows if has_id(row))
    if len(ids) < len(rows):
        yield Finding(
            topic,
            f"{len(rows) - len(ids)} of {len(rows)} rows have no id, or that of another row",
            "A scan with such rows is not complete: look at what answers",
            "api_url",
            Severity.FAULT,
            f"{name}.id",
            "not unique",
        )
    key = key_attribute(seen.procedure)
    if key is None:
        yield Finding(
            topic,
            "it has no primary key",
            "target-chakra finds its rows by id, or by an attribute that the mapping names",
            "key of the mapping",
            Severity.NOTE,
            name,
            "none",
        )
        return
    yield _primary(topic, f"{name}.{key.short_id}", [value_of(row, key) for row in rows])


def _primary(topic: str, about: str, values: Sequence[object]) -> Finding:
    held = Counter(str(value) for value in values if value not in (None, ""))
    missing = len(values) - held.total()
    shared = sum(count for count in held.values() if count > 1)
    if not missing and not shared:
        return Finding(topic, f"each of {len(values)} rows has its own", about=about, fact="unique")
    said = [f"{shared} share theirs with another one"] if shared else []
    if missing:
        said.append(f"{missing} have none")
    return Finding(
        topic,
        f"of {len(values)} rows {' and '.join(said)}",
        "target-chakra can't tell such rows apart by this key"
        if shared
        else "target-chakra can't name such rows by this key",
        "key of the mapping",
        Severity.WARNING if shared else Severity.NOTE,
        about,
        "shared" if shared else "missing",
    )
