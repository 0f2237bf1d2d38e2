"""The first step of a write probe: in which shape creates are taken, and what becomes of values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chakra_api.errors import BadRequest, ChakraError, NotFound, Refused, ReportedErrors
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.changes import Kind
from target_chakra.sending.item_shapes import SHAPES, SINGLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.write_probe.made_up import MadeUp
    from target_chakra.write_probe.marked import Marked
    from target_chakra.write_probe.workbench import JobSeen, Workbench

CREATES: Final = "creates"
LISTS: Final = "lists after a write"
_LAG_FACTOR, _LAG_LEAST = 3.0, 2.0
"""For how much longer than the first write is later writes are waited for, and seconds at least."""


class NothingCreated(ChakraError):
    """ChakraHQ took a create in no shape."""


@dataclass(frozen=True, slots=True)
class Created:
    """A process that was created.

    Attributes:
        made: What was sent.
        shape: The shape that was taken.
        seen: It as a list or its id shows it.
        findings: What was found out by it.
    """

    made: MadeUp
    shape: str
    seen: Snapshot
    findings: tuple[Finding, ...]
    job: JobSeen | None


def create(bench: Workbench, made: MadeUp, marked: Marked) -> Created:
    """Create the marked process, in the first shape that is taken.

    Raises:
        ChakraError: It could not be created, or can't be seen.
    """
    refusals: list[str] = []
    left: MadeUp | None = made
    while left is not None:
        taken, refusal = _in_some_shape(bench, left, marked)
        if taken is not None:
            return _created(bench, left, marked, replace(taken, refusals=tuple(refusals)))
        refusals.append(refusal)
        left = _with_less(left, refusal)
    raise NothingCreated(
        f"ChakraHQ took no create in '{bench.name}': {'; '.join(dict.fromkeys(refusals))}",
        "See the message: a rule of the procedure may want more than can be made up",
    )


def _in_some_shape(bench: Workbench, made: MadeUp, marked: Marked) -> tuple[_Taken | None, str]:
    """Create in the first shape that is understood, as a run would look for it; or why not.

    A job that refuses its row has understood it. The create of one process is used only where the
    bulk endpoint is not there.
    """
    refusals: list[ChakraError] = []
    for shape in SHAPES[Kind.CREATE]:
        body = bench.item(Kind.CREATE, shape, made.all, marked.key_by_mark)
        marked.is_certain = False
        try:
            marked.process_id, job = bench.create(shape, body)
        except (Refused, ReportedErrors) as error:
            marked.is_certain = True
            if not isinstance(error, (BadRequest, NotFound, ReportedErrors)):
                raise
            refusals.append(error)
            if isinstance(error, NotFound) or SHAPES[Kind.CREATE].index(shape) == 0:
                continue
            break
        if job is None or not job.failed:
            return _Taken(shape, job), ""
        marked.is_certain = True
        return None, "; ".join(job.reasons) or "its job refused it without a reason"
    told = [each for each in refusals if not isinstance(each, NotFound)]
    return None, (*told, *refusals)[0].cause


def _with_less(made: MadeUp, refusal: str) -> MadeUp | None:
    """What is tried next: without the samples that a refusal names, else without any."""
    if not made.samples:
        return None
    return made.without(made.named_in(refusal) or made.samples)


@dataclass(frozen=True, slots=True)
class _Taken:
    shape: str
    job: JobSeen | None
    refusals: tuple[str, ...] = ()


def _created(bench: Workbench, made: MadeUp, marked: Marked, taken: _Taken) -> Created:
    listed, lag = marked.until(bool)
    by_id = marked.fetched()
    seen = next(iter(listed), by_id)
    if seen is None:
        raise NothingCreated(
            f"ChakraHQ says that a process was created in '{bench.name}', and shows none with"
            f" {marked.attribute} {marked.mark}",
            "A key whose role sees only its own processes can't probe. Look for it in ChakraHQ",
        )
    marked.seen(seen)
    if lag is not None:
        marked.patience = min(bench.patience, max(_LAG_LEAST, lag * _LAG_FACTOR))
    findings = [*_form_findings(bench, taken), _lag_finding(bench, lag)]
    return Created(made, taken.shape, seen, tuple(findings), taken.job)


def _form_findings(bench: Workbench, taken: _Taken) -> Iterator[Finding]:
    slow = taken.shape == SINGLE
    yield Finding(
        CREATES,
        f"taken as {_form(taken.shape)}",
        "The bulk endpoint is not there: 10,000 creates cost 10,000 requests" if slow else "",
        severity=Severity.WARNING if slow else Severity.OK,
        about=bench.name,
        fact=taken.shape,
    )
    for refusal in dict.fromkeys(taken.refusals):
        yield Finding(
            "values refused",
            refusal,
            "It was created without that value",
            severity=Severity.NOTE,
            about=bench.name,
        )


def _form(shape: str) -> str:
    return {
        "array": "a list of items, in bulk",
        "object": 'items under "processes", in bulk',
        "single": "one process per request",
    }[shape]


def _lag_finding(bench: Workbench, lag: float | None) -> Finding:
    if lag is None:
        return Finding(
            LISTS,
            f"a list did not show a new process within {bench.patience:.0f} s",
            "Runs wait up to 30 s for lists; what is not shown then may be a reject or unknown",
            "lost_answer_horizon",
            Severity.WARNING,
            bench.name,
            "late",
        )
    at_once = lag < 1.0
    return Finding(
        LISTS,
        "a list shows a new process at once"
        if at_once
        else f"a list showed a new process {lag * 1000:,.0f} ms after its job had ended",
        "" if at_once else "Rows of one process that follow each other closely take that long each",
        severity=Severity.OK if at_once else Severity.NOTE,
        about=bench.name,
        fact="at once" if at_once else "late",
    )
