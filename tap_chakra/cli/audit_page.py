"""An audit as a person reads it, and as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values.timestamps import iso_ms
from chakra_plugin.telling import tell
from chakra_plugin.terminal import Tone, Toned, tell_table, tell_toned
from tap_chakra.audit.verdicts import DIFFERENCES, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_plugin.terminal import Cell
    from tap_chakra.audit.summary import Report, Summary

MOST_DAYS: Final = 31
_MOST_COLUMNS: Final = 12
_SHOWN: Final = (*DIFFERENCES, Verdict.MEANWHILE)
_MEANS: Final = {
    Verdict.AGREES: "in both, with the same values",
    Verdict.MISSING: "in ChakraHQ, not in the table",
    Verdict.EXTRA: "in the table, not in ChakraHQ",
    Verdict.STALE: "in both, with other values",
    Verdict.UNLISTED: "in the table; ChakraHQ shows it by its id alone",
    Verdict.TWICE: "more than once in the table, in the same version",
    Verdict.MEANWHILE: "created, changed or deleted since the audit began",
}
_IDS_ALONE: Final = "the same ids; no value was compared"
_AGES: Final = {
    "older": "are older in the table",
    "newer": "are newer in the table",
    "same time": "have the same updatedAt",
    "no time": "have no updatedAt to compare",
}


def report_json(report: Report) -> dict[str, object]:
    """An audit as one JSON object."""
    summary = report.summary
    return {
        "procedure": report.procedure,
        "stream": report.stream,
        "table": report.table,
        "began": iso_ms(report.began),
        "seconds": round(report.seconds, 1),
        "complete": not report.unsure,
        "unsure": list(report.unsure),
        "agrees": report.exit_code == 0,
        "rows_in_chakra": summary.here,
        "rows_in_table": summary.there,
        "counts": {each.value: summary.counts[each] for each in _counted(report)},
        "stale_rows": dict(summary.ages),
        "columns_that_differ": dict(summary.columns.most_common()),
        "days": [_day(day, counts) for day, counts in sorted(summary.days.items())],
        "examples": {each.value: ids for each, ids in summary.examples.items()},
        "older_versions": summary.versions.older,
        "rows_without_id": summary.versions.without_id,
        "marked_deleted": summary.versions.deleted,
        "compared": dict(report.compared),
        "compared_coarser": dict(report.coarser),
        "not_compared": dict(report.left_out),
        "only_in_table": list(report.only_there),
    }


def _counted(report: Report) -> list[Verdict]:
    """The verdicts that the audit can speak of."""
    return [each for each in Verdict if not (report.unsure and each is Verdict.EXTRA)]


def _day(day: str, counts: Mapping[Verdict, int]) -> dict[str, object]:
    return {"created_day": day, **{each.value: counts[each] for each in _SHOWN if counts[each]}}


def tell_report(report: Report) -> None:
    """Print an audit for a person."""
    summary = report.summary
    tell(
        f"{report.stream}: {summary.here:,} rows in ChakraHQ, {summary.there:,} in {report.table},"
        f" as of {iso_ms(report.began)}"
    )
    tell_table(
        ("verdict", "rows", ""),
        [_verdict(each, report) for each in _counted(report)],
        numeric={1},
    )
    _tell_days(summary)
    for line in _lines(report):
        tell(line)
    _tell_end(report)


def _verdict(verdict: Verdict, report: Report) -> tuple[Cell, Cell, Cell]:
    count = report.summary.counts[verdict]
    bad = count and verdict in DIFFERENCES
    tone = Tone.BAD if bad else Tone.PLAIN
    means = _MEANS[verdict]
    if verdict is Verdict.AGREES and not report.compared:
        means = f"in both: {_IDS_ALONE}"
    return Toned(verdict.value, tone), Toned(f"{count:,}", tone), means


def _tell_days(summary: Summary) -> None:
    shown = [each for each in _SHOWN if summary.counts[each]]
    if not shown:
        return
    days = sorted(summary.days.items())
    rows = [(day, *(f"{c[each]:,}" if c[each] else "" for each in shown)) for day, c in days]
    headers = ("created (UTC)", *(each.value for each in shown))
    tell_table(headers, rows[-MOST_DAYS:], numeric=range(1, len(headers)))
    if len(rows) > MOST_DAYS:
        tell(f"The last {MOST_DAYS} of {len(rows):,} days are shown; --json has all")


def _lines(report: Report) -> Iterator[str]:
    summary = report.summary
    for verdict in _SHOWN:
        if ids := summary.examples.get(verdict):
            more = summary.counts[verdict] - len(ids)
            rest = f" and {more:,} more (--results has all)" if more > 0 else ""
            yield f"{verdict.value}: {', '.join(ids)}{rest}"
    if summary.columns:
        counts = [f"{name} {count:,}" for name, count in summary.columns.most_common(_MOST_COLUMNS)]
        ages = [
            f"{summary.ages[name]:,} {said}" for name, said in _AGES.items() if summary.ages[name]
        ]
        yield f"Of the stale rows {', '.join(ages)}; columns that differ: {', '.join(counts)}"
    yield from _beside(report)


def _beside(report: Report) -> Iterator[str]:
    versions = report.summary.versions
    if versions.older:
        yield f"{versions.older:,} rows of the table have a newer version there, which counts"
    if versions.deleted:
        yield f"{versions.deleted:,} rows that are gone from ChakraHQ are marked as deleted"
    if versions.without_id:
        yield f"{versions.without_id:,} rows of the table have no id, and can't be compared"
    yield f"{len(report.compared):,} columns were compared"
    for how, names in _grouped(report.coarser).items():
        yield f"Compared {how}, as the table tells no more: {', '.join(names)}"
    for why, names in _grouped(report.left_out).items():
        yield f"Not compared, {why}: {', '.join(names)}"
    if report.only_there:
        yield f"Only in the table: {', '.join(report.only_there)}"


def _grouped(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """Names by their reason."""
    found: dict[str, list[str]] = {}
    for name, why in reasons.items():
        found.setdefault(why, []).append(name)
    return found


def _tell_end(report: Report) -> None:
    if report.unsure:
        tell_toned((Toned(f"The scan was not complete ({', '.join(report.unsure)})", Tone.BAD),))
        tell("Nothing is said of rows that it did not see. Run the audit again.")
        return
    if report.summary.agrees:
        _tell_agreement(report)
        return
    tell_toned((Toned("They differ.", Tone.BAD),))
    if report.summary.counts[Verdict.EXTRA]:
        tell(
            "ChakraHQ tells no time of what it deleted for good: extra rows may have been deleted"
            f" in the {report.seconds:,.0f} s that the audit took. Those that are extra in the next"
            " audit, too, were not."
        )


def _tell_agreement(report: Report) -> None:
    if report.compared:
        tell_toned((Toned("They agree.", Tone.GOOD),))
        return
    tell_toned((Toned(f"They hold {_IDS_ALONE}.", Tone.BAD),))
    tell("Name a table, or a view, that has more of ChakraHQ's columns than the id.")
