"""How jobs and their entries are shown (contract 3.5, 3.6, 4.20, 4.21)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from chakra_sandbox import exact_json
from chakra_sandbox.messages import ResponseOut, Row, ok
from chakra_sandbox.rows.model import TEAM_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_sandbox.knobs import Knobs
    from chakra_sandbox.reads.answers import Call
    from chakra_sandbox.writes.jobs import Entry, Job

_IN_WORK = 10
_OTHER_ENTRY = {
    "id": "entryId", "completionStatus": "status", "statusMessage": "message", "data": "input",
    "index": "order", "result": "output", "backgroundJob": "job",
}  # fmt: skip
_OTHER_META = {"total": "totalCount", "nextPage": "next"}


def job_accepted(job: Job) -> ResponseOut:
    """Answer a bulk request."""
    return ok(_job_json(job, "IN_PROGRESS", completed_ms=0))


def job_answer(call: Call, job: Job) -> ResponseOut:
    """Answer 4.20."""
    knobs = call.knobs
    job.polls += 1
    if job.completed_ms is None or knobs.job_final_status == "stuck":
        shown = _job_json(job, "IN_PROGRESS", completed_ms=0)
    else:
        shown = _job_json(job, knobs.job_final_status, completed_ms=job.completed_ms)
    if not knobs.job_get_has_status:
        for name in ("completionStatus", "statusMessage", "completedAt"):
            del shown[name]
    counts = job.counts(_IN_WORK if knobs.job_in_flight_gap else 0)
    if knobs.job_empty_counts_first and job.polls == 1:
        counts = {}
    return ok(shown, {"bjEntryCompletionStatusVsCount": counts})


def _job_json(job: Job, status: str, *, completed_ms: int) -> Row:
    return {
        "id": job.id,
        "createdAt": job.created_ms,
        "updatedAt": max([job.created_ms, *(entry.updated_ms for entry in job.entries)]),
        "completionStatus": status,
        "statusMessage": None,
        "startedAt": job.started_ms or 0,
        "completedAt": completed_ms,
        "team": TEAM_ID,
        "type": "bulk_api_job",
    }


def entries_answer(call: Call, job: Job) -> ResponseOut:
    """Answer 4.21: a page of entries, its meta data naming the total and the next page (Q25)."""
    knobs, size = call.knobs, max(1, call.knobs.entries_page_size)
    entries = _ordered(job, knobs)
    start, size = _place(knobs, call.request.query, size)
    page = [_entry_json(entry, job, knobs) for entry in entries[start : start + size]]
    meta: Row = {"total": len(entries)}
    if start + size < len(entries):
        following = _next(call, start, size)
        if following is not None:
            meta["nextPage"] = following
    if knobs.entries_meta_names == "other":
        meta = {_OTHER_META[name]: value for name, value in meta.items()}
    return ok(page, meta)


def _ordered(job: Job, knobs: Knobs) -> list[Entry]:
    if knobs.entries_order == "completion":
        return sorted(
            job.entries, key=lambda entry: (entry.outcome == "NOT_STARTED", entry.updated_ms)
        )
    entries = list(job.entries)
    if knobs.entries_order == "shuffled":
        random.Random(job.id).shuffle(entries)
    return entries


def _place(knobs: Knobs, query: Mapping[str, str], size: int) -> tuple[int, int]:
    """Return where the page starts and how long it is."""
    if knobs.entries_paging == "none":
        return 0, size
    if knobs.entries_paging == "page":
        return (max(1, _number(query, "page", 1)) - 1) * size, size
    return _number(query, "skip", 0), max(1, min(size, _number(query, "limit", size)))


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    return int(text) if text.isdigit() else default


def _next(call: Call, start: int, size: int) -> str | None:
    style = call.knobs.entries_paging
    if style in ("skip_limit", "none"):
        return None
    if style == "page":
        return f"{call.request.path}?{urlencode({'page': start // size + 2})}"
    path = f"{call.request.path}?{urlencode({'skip': start + size, 'limit': size})}"
    host = call.request.headers.get("host", "localhost")
    return f"http://{host}{path}" if style == "absolute_url" else path


def _entry_json(entry: Entry, job: Job, knobs: Knobs) -> Row:
    shown: Row = {
        "id": entry.id,
        "backgroundJob": job.id,
        "completionStatus": entry.outcome,
        "statusMessage": entry.message,
        "result": {"id": entry.process_id} if entry.process_id and knobs.entry_process else None,
        "createdAt": job.created_ms,
        "updatedAt": entry.updated_ms,
    }
    if knobs.entry_index:
        shown["index"] = entry.index
    if knobs.entry_echo == "input":
        shown["data"] = entry.item
    elif knobs.entry_echo == "json_string":
        shown["data"] = exact_json.dumps(entry.item).decode()
    if knobs.entry_names == "other":
        return {_OTHER_ENTRY.get(name, name): value for name, value in shown.items()}
    return shown
