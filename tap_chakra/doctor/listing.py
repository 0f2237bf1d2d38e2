"""How this server lists rows: in which order, and what it says of rows that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_plugin.findings.finding import Finding, Severity
from tap_chakra.reading.row_times import created_at, updated_at
from tap_chakra.reading.window_reader import LIMIT, row_id
from tap_chakra.timeline.listing_order import Evidence, Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.endpoints.answers import ProcessPage
    from chakra_api.endpoints.client import Row
    from tap_chakra.reading.window_reader import Lister

FEWEST_TOGETHER: Final = 0.5
"""Share of a page's rows that the same question brings again, at the least, where order holds."""
FEWEST_ROWS: Final = 3
"""Rows of which an order can be told."""
_WORDS: Final = {Order.ASCENDING: "oldest first", Order.DESCENDING: "newest first"}
_NO_ORDER: Final = (
    "Scans need none: they cut time into windows small enough for one answer. Who pages by skip"
    " over such a list loses rows"
)


def order_finding(about: str, lister: Lister, first: ProcessPage) -> Finding:
    """In which order rows are listed, by a page that was seen, and two requests more.

    Args:
        about: ShortId of the procedure.
        lister: Lists its processes.
        first: The first page, as it was listed before.
    """
    topic = "order of lists"
    if len(first.rows) < FEWEST_ROWS:
        return Finding(topic, "too few rows to tell one", severity=Severity.NOTE, about=about)
    again = lister(None)
    if not _same_order(first.rows, again.rows):
        return Finding(
            topic,
            "the same question was answered with other rows, or in another order",
            _NO_ORDER,
            severity=Severity.WARNING,
            about=about,
            fact="unstable",
        )
    rows = [first.rows, again.rows]
    if first.is_full:
        rows.append(lister(None, skip=LIMIT).rows)
    return _ordered(topic, about, rows)


def _ordered(topic: str, about: str, pages: Sequence[Sequence[Row]]) -> Finding:
    evidence = Evidence()
    for rows in pages:
        created = [at for row in rows if (at := created_at(row))]
        updated = [updated_at(row) or 0 for row in rows if created_at(row)]
        evidence = evidence.with_answer(created, updated)
    if (proven := evidence.proven) is not None:
        return Finding(
            topic,
            f"by createdAt, {_WORDS[proven]} (proven on {evidence.pairs} pairs of rows)",
            "Scans walk long stretches page by page, which saves requests",
            about=about,
            fact=f"by createdAt, {_WORDS[proven]}",
        )
    fact = _other_order(pages, evidence)
    return Finding(topic, f"{fact}", _NO_ORDER, severity=Severity.NOTE, about=about, fact=fact)


def _other_order(pages: Sequence[Sequence[Row]], evidence: Evidence) -> str:
    if (likely := evidence.likely) is not None:
        return f"likely by createdAt, {_WORDS[likely]}; no row tells it from updatedAt"
    ids = [[row_id(row) for row in rows] for rows in pages]
    if all(each == sorted(each) for each in ids):
        return "by id"
    updated = [[updated_at(row) or 0 for row in rows] for rows in pages]
    for order, words in _WORDS.items():
        if any(map(any, updated)) and all(map(order.sorts, updated)):
            return f"by updatedAt, {words}"
    return "the same twice, and by nothing known"


def _same_order(first: Sequence[Row], again: Sequence[Row]) -> bool:
    """Whether rows that both answers hold stand in one order, and are most of them.

    Somebody may work in ChakraHQ meanwhile: rows come and go.
    """
    before, after = [row_id(row) for row in first], [row_id(row) for row in again]
    both = set(before) & set(after)
    if len(both) < len(before) * FEWEST_TOGETHER:
        return False
    return [each for each in before if each in both] == [each for each in after if each in both]


def more_finding(about: str, lister: Lister, first: ProcessPage) -> Finding:
    """What `_meta.hasMore` says: of a row that others follow, and of the last rows.

    Args:
        about: ShortId of the procedure.
        lister: Lists its processes.
        first: The first page, as it was listed before.
    """
    topic = "hasMore"
    if len(first.rows) <= 1:
        return Finding(topic, "too few rows to tell", severity=Severity.NOTE, about=about)
    followed = lister(None, limit=1).has_more
    last = None if first.is_full else first.has_more
    fact, severity = _SAID[followed]
    if followed and last:
        fact, severity = "said of the last rows, too", Severity.NOTE
    follows = "Rows that follow are asked for where nothing or the wrong thing is said"
    told = "" if severity is Severity.OK else follows
    return Finding(topic, fact, told, severity=severity, about=about, fact=fact)


_SAID: Final = {
    True: ("said where rows follow", Severity.OK),
    False: ("denied where rows follow", Severity.WARNING),
    None: ("not said", Severity.NOTE),
}
