"""Background jobs and their entries, as rows: the jobs of a file (`job_file.py`).

A job that ChakraHQ has forgotten is a row with a reason, and without entries. Nobody documents what
an entry's fields are called (Q26), so each column takes the names that are known; nor whether its
id counts beyond its job, so its key is both. An answer of entries does not say whether it is whole:
unless it tells how many there are, the job's own counts do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.answers import JobEntries
from chakra_api.errors import NotFound
from chakra_api.values.coercion import to_integer, to_json, to_string
from chakra_api.values.time_reading import root_time_reader
from chakra_api.values.times import unit_of
from tap_chakra.records.config_collections import Collection
from tap_chakra.records.list_mask import finished, typed_columns
from tap_chakra.records.schema import EXTRA, described
from tap_chakra.records.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chakra_api.endpoints.client import ChakraClient
    from chakra_api.values.coercion import Coercer
    from chakra_api.values.times import Times
    from tap_chakra.job_file import NamedJob
    from tap_chakra.records.list_mask import ListMask

    Row = dict[str, object]

FORGOTTEN: Final = "ChakraHQ does not know it (any more)"
_TEXT: Final = {"type": ["string", "null"]}
_TIME: Final = {**_TEXT, "format": "date-time"}
_WHOLE: Final = {"type": ["integer", "null"]}
_ID: Final = {"type": ["string"]}
_REST: Final = "JSON: what has no column, or does not fit its own."
_TIMES: Final = ("createdAt", "startedAt", "completedAt", "updatedAt")
_SAID: Final = ("type", "completionStatus", "statusMessage")
_JOB_MEANT: Final[Mapping[str, str]] = {
    "id": "Id of the job.",
    "run": "Number of the run that sent it, as the file says.",
    "rows": "How many rows were sent with it, as the file says.",
    "procedure": "ShortId of the procedure, as the file says.",
    "kind": "What it does with its rows, as the file says: create, update or delete.",
    "sentAt": "When it was sent, as the file says.",
    "type": "ChakraHQ's type of job; the documents show bulk_api_job, and a uuid.",
    "completionStatus": "How far it is; the documents show IN_PROGRESS, or nothing.",
    "statusMessage": "What ChakraHQ says of it in words.",
    "createdAt": "When ChakraHQ took it.",
    "startedAt": "When ChakraHQ began with it.",
    "completedAt": "When it was done, where ChakraHQ gives it.",
    "updatedAt": "When it last changed.",
    "entryCounts": "JSON: how many entries have each status.",
    "reason": "Why ChakraHQ says nothing of it.",
    EXTRA: _REST,
}
_JOB: Final = described(
    {
        "id": _ID,
        **dict.fromkeys(("run", "rows"), _WHOLE),
        **dict.fromkeys(("procedure", "kind"), _TEXT),
        "sentAt": _TIME,
        **dict.fromkeys(_SAID, _TEXT),
        **dict.fromkeys(_TIMES, _TIME),
        **dict.fromkeys(("entryCounts", "reason", EXTRA), _TEXT),
    },
    _JOB_MEANT,
)
_NAMES: Final = {
    "index": ("index",),
    "completionStatus": ("completionStatus", "status", "state"),
    "statusMessage": ("statusMessage", "message", "error", "errorMessage"),
    "processId": ("processId", "process"),
    "input": ("data", "input", "item"),
    "result": ("result", "output", "response"),
}
"""The columns of an entry, and the names of the fields that they are made of, the first that is
there."""
_ENTRY_MEANT: Final[Mapping[str, str]] = {
    "id": "Id of the entry; of one without, its job and its number in the answer.",
    "job": "Id of its job: `background_jobs.id`.",
    "index": "Place of its row in the job, where ChakraHQ gives it.",
    "completionStatus": "SUCCESS, ERROR (it failed), INVALID (refused before) or NOT_STARTED.",
    "statusMessage": "What ChakraHQ says of it in words, such as why it failed.",
    "processId": "Id of the process that it wrote, where ChakraHQ gives it.",
    "input": "JSON: the row that was sent, as ChakraHQ shows it.",
    "result": "JSON: what came of it, as ChakraHQ shows it.",
    EXTRA: _REST,
}
_ENTRY: Final = described(
    {
        "id": _ID,
        "job": _ID,
        "index": _WHOLE,
        **dict.fromkeys(("completionStatus", "statusMessage", "processId"), _TEXT),
        **dict.fromkeys(("input", "result", EXTRA), _TEXT),
    },
    _ENTRY_MEANT,
)


def job_schema() -> Row:
    """The JSON Schema of the stream of jobs."""
    return {"type": "object", "properties": dict(_JOB)}


def entry_schema() -> Row:
    """The JSON Schema of the stream of their entries."""
    return {"type": "object", "properties": dict(_ENTRY)}


class JobLists:
    """Reads jobs.

    Args:
        client: Talks to the account.
        jobs: To read.
        times: What times mean in the account.
    """

    def __init__(self, client: ChakraClient, jobs: Sequence[NamedJob], times: Times) -> None:
        self._client = client
        self._jobs = jobs
        self._times = times

    def jobs(self, mask: ListMask | None) -> Collection:
        """The jobs, each asked for when its row is wanted."""
        schema, tally = job_schema(), Tally()
        found = map(self._job, self._jobs)
        rows = (_typed(row, _JOB, tally, mask, self._reader(row)) for row in found)
        schema = schema if mask is None else mask.schema(schema)
        return Collection(schema, ("id",), rows, tally, grows=True)

    def entries(self, mask: ListMask | None) -> Collection:
        """Their entries, those of a job when the first of them is wanted."""
        schema, tally, doubts = entry_schema(), Tally(), list[str]()
        found = (row for each in self._jobs for row in self._entries(each, doubts))
        rows = (_typed(row, _ENTRY, tally, mask, to_string) for row in found)
        schema = schema if mask is None else mask.schema(schema)
        return Collection(schema, ("job", "id"), rows, tally, doubts, grows=True)

    def _job(self, job: NamedJob) -> Row:
        known = {name: job.known.get(name) for name in ("run", "procedure", "kind", "rows")}
        row: Row = {"id": job.id, **known, "sentAt": job.known.get("sent_at")}
        try:
            status = self._client.job(job.id)
        except NotFound:
            return {**row, "reason": FORGOTTEN}
        said = {name: value for name, value in row.items() if value is not None}
        return {**row, **status.row, **said, "entryCounts": dict(status.counts) or None}

    def _reader(self, row: Row) -> Coercer:
        """Reads the times of a job, whose unit its beginning proves."""
        unit = unit_of([row.get("createdAt")]) or 1
        return root_time_reader(replace(self._times, unit_ms=unit))

    def _entries(self, job: NamedJob, doubts: list[str]) -> Iterator[Row]:
        try:
            found = self._client.job_entries_all(job.id)
        except NotFound:
            found = JobEntries([], None)
        total = self._count(job) if found.total is None else found.total
        if len(found.entries) < total:
            doubts.append(f"job {job.id} shows {len(found.entries):,} of {total:,} entries")
        for number, entry in enumerate(found.entries):
            yield _named(job.id, number, entry)

    def _count(self, job: NamedJob) -> int:
        """How many entries a job says that it has; 0 where it says nothing, or is forgotten."""
        try:
            return sum(self._client.job(job.id).counts.values())
        except NotFound:
            return 0


def _named(job: str, number: int, entry: Row) -> Row:
    """An entry under the names of its columns."""
    rest = dict(entry)
    own_id = rest.pop("id", None) or rest.pop("entryId", None)
    row: Row = {"id": own_id, "job": job}
    if not isinstance(own_id, str):
        row["id"] = f"{job}/{number}"
        rest |= {} if own_id is None else {"entryId": own_id}  # which may count within a job alone
    for column, names in _NAMES.items():
        name = next((each for each in names if each in rest), None)
        row[column] = None if name is None else rest.pop(name)
    result = row["result"]
    if row["processId"] is None and isinstance(result, dict):
        row["processId"] = result.get("id")
    rest.pop("backgroundJob", None)
    return {**rest, **row}


def _typed(
    row: Row,
    columns: Mapping[str, Mapping[str, object]],
    tally: Tally,
    mask: ListMask | None,
    read_time: Coercer,
) -> Row:
    """A row whose columns have their types; what does not fit goes into `_extra_data`."""
    extra = {name: value for name, value in row.items() if name not in columns}
    coercers = {
        name: _coercer(declared, read_time) for name, declared in columns.items() if name != EXTRA
    }
    return finished(typed_columns(row, coercers, extra, tally, mask), extra, mask)


def _coercer(declared: Mapping[str, object], read_time: Coercer) -> Coercer:
    if declared.get("format") == _TIME["format"]:
        return read_time
    if declared["type"] == _WHOLE["type"]:
        return to_integer
    if str(declared["description"]).startswith("JSON"):
        return to_json
    return to_string
