"""What a job shows of itself and of its entries (contract 3.5, 3.6; Q9, Q25, Q26). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.sending.job_polling import JobVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_chakra.sending.entry_matching import Entry
    from target_chakra.write_probe.workbench import JobSeen

JOBS: Final = "jobs"
ENTRIES: Final = "job entries"


def job_findings(procedure: str, job: JobSeen) -> Iterator[Finding]:
    """What the job of one item shows.

    Args:
        procedure: ShortId.
        job: It, followed to its end.
    """
    if job.verdict is JobVerdict.RUNNING:
        yield Finding(
            JOBS,
            f"no end of a job of one row was seen within {job.seconds:.0f} s",
            "Rows of such a job are unknown until job_timeout is over",
            "job_timeout",
            Severity.WARNING,
            procedure,
            "no end",
        )
        return
    last = job.looks[-1]
    says = [*(["a word"] if last.status else []), *(["counts"] if last.counts else [])]
    yield Finding(
        JOBS,
        f"a job of one row ended in {job.seconds:.1f} s, told by {' and '.join(says)}",
        "" if last.counts else "Without counts the end of a job is known only from its status",
        severity=Severity.OK if last.counts else Severity.NOTE,
        about=procedure,
        fact=" and ".join(says),
    )
    yield _entries(procedure, job)


def _entries(procedure: str, job: JobSeen) -> Finding:
    if not job.entries:
        return Finding(
            ENTRIES,
            "a job shows none",
            "Which rows of a job were refused is found out by reading back, as far as it can be",
            severity=Severity.WARNING,
            about=procedure,
            fact="none",
        )
    shows = _shown_by(job.entries[0])
    if "its item" in shows or "its place" in shows:
        follows, severity = "A refused row is known by its entry", Severity.OK
    else:
        follows = "Which of several rows was refused is found out by reading back"
        severity = Severity.NOTE
    said = f"each shows {', '.join(shows) or 'neither its item nor its place nor its process'}"
    return Finding(ENTRIES, said, follows, "", severity, procedure, ", ".join(shows) or "bare")


def _shown_by(entry: Entry) -> list[str]:
    shows = ["its item"] if entry.echo is not None else []
    shows += ["its place"] if entry.index is not None else []
    return shows + (["its process"] if entry.outcome.process_id else [])


def order_finding(procedure: str, job: JobSeen, ids: Sequence[str], own: int) -> Finding:
    """Whether the entries of a job come in the order of its items.

    Args:
        procedure: ShortId.
        job: Of items by id, of which one names a process that exists.
        ids: What the items named, in their order.
        own: The place of that one.
    """
    topic = "order of job entries"
    if len(job.entries) != len(ids):
        said = f"{len(job.entries)} entries for {len(ids)} items"
        follows = "Entries are tied to rows by what they name alone"
        return Finding(topic, said, follows, "", Severity.WARNING, procedure, "too few")
    echoed = [str((each.echo or {}).get("id", "")) for each in job.entries]
    places = [each.index for each in job.entries]
    if all(echoed):
        in_order = echoed == list(ids)
    elif None not in places:
        in_order = places == sorted(places, key=lambda at: at or 0)
    else:
        good = [at for at, each in enumerate(job.entries) if each.outcome.status == "SUCCESS"]
        in_order = good == [own]
    said = "as the items were sent" if in_order else "in another order than the items were sent"
    tied = all(echoed) or None not in places
    follows = "" if in_order or tied else "Rows are never matched by the order of entries alone"
    severity = Severity.OK if in_order or tied else Severity.NOTE
    return Finding(topic, said, follows, "", severity, procedure, "kept" if in_order else "other")


def missing_finding(procedure: str, job: JobSeen) -> Finding:
    """How a job calls items of processes that do not exist."""
    statuses = {each.outcome.status.value for each in job.entries} - {"SUCCESS"}
    said = f"a bulk update of a process that does not exist is called {_listed(statuses)}"
    if statuses:
        return Finding("missing processes", said, about=procedure, fact=_listed(statuses))
    return Finding(
        "missing processes",
        "a bulk update of a process that does not exist is called a success",
        "An update by key or id that was not looked up before may do nothing",
        "compare",
        Severity.WARNING,
        procedure,
        "success",
    )


def _listed(words: set[str]) -> str:
    return " or ".join(sorted(words))
