"""What is asked of a server beyond its first pages, each by a few requests, and in what order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from tap_chakra.doctor.filters import created_findings, unknown_name_finding, updated_finding
from tap_chakra.doctor.key_arrays import id_array_finding, key_array_finding, key_attribute
from tap_chakra.doctor.listing import more_finding, order_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from chakra_api.account.account import Procedure
    from chakra_api.account.role import Seen
    from chakra_api.endpoints.answers import ProcessPage
    from chakra_plugin.findings.finding import Finding
    from tap_chakra.reading.window_reader import Lister

Probe: TypeAlias = "tuple[str, Callable[[], list[Finding]]]"
"""What is asked, in words, and what asks it."""


def server_probes(
    procedure: Procedure, lister: Lister, first: ProcessPage, executor: Executor
) -> Iterator[Probe]:
    """What a server does alike for all procedures: asked of one, the most telling first.

    Args:
        procedure: The one with most rows.
        lister: Lists its processes.
        first: Its first page.
        executor: Asks for several rows at a time.
    """
    name = procedure.short_id
    yield "the order of lists", lambda: [order_finding(name, lister, first)]
    yield "hasMore", lambda: [more_finding(name, lister, first)]
    yield (
        "the createdAt filter",
        lambda: list(created_findings(name, lister, first, executor)),
    )
    yield "the updatedAt filter", lambda: [updated_finding(name, lister, first)]
    yield "a filter on an unknown name", lambda: [unknown_name_finding(name, lister)]
    yield "look-ups by id", lambda: [id_array_finding(procedure, lister, first.rows)]


def key_probes(seen: Seen, lister: Lister) -> Iterator[Probe]:
    """Whether a procedure's processes are found by its primary key.

    Args:
        seen: The rows that were looked at.
        lister: Lists its processes.
    """
    key = key_attribute(seen.procedure)
    if key is not None and seen.rows:
        ask = partial(key_array_finding, seen.procedure, key, lister, seen.rows)
        yield f"look-ups in '{seen.procedure.short_id}' by its key", lambda: [ask()]
