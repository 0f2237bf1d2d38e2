"""Every way the sandbox can differ from its defaults, in one frozen value.

The default of each knob is the first answer the contract gives to that open question.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_type_hints

from chakra_sandbox.faults import Fault  # noqa: TC001 - get_type_hints looks it up
from chakra_sandbox.knob_values import KnobError, Taken, check_value, taken

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


def _knob(default: T, doc: str) -> T:
    # dataclasses reads the Field; to the type checker the knob is its value.
    made: Any = field(default=default, metadata={"doc": doc})
    value: T = made
    return value


Normalise = Literal["trim", "lower", "drop_plus"]
ChurnKind = Literal["insert", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Knobs:
    """The sandbox's behaviour; `change` makes another one."""

    # Delivery
    latency_ms: int = _knob(0, "milliseconds before each answer")
    rate_limit_rps: float | None = _knob(None, "Q30: requests per second per key; null is none")
    rate_limit_burst: int = _knob(1, "requests that may come at once under rate_limit_rps")
    rate_limit_body: Literal["envelope", "empty", "html"] = _knob(
        "envelope", "Q30: body of a 429: JSON with _errors, nothing, or a web page"
    )
    retry_after: Literal["seconds", "date", "absent"] = _knob(
        "seconds", "Q30: the header Retry-After: seconds, a date, or none"
    )
    faults: tuple[Fault, ...] = _knob(
        (), "answers that go wrong: {kind, probability or every_nth or at, match, seed, for_ms}"
    )
    gzip: bool = _knob(default=True, doc="Q40: compress for clients that accept it")
    ext_paths: Literal["ext_only", "both"] = _knob(
        "ext_only", "Q1: both: paths without /ext answer too"
    )
    # Who sees what
    default_role: Literal["ADMIN", "USER"] = _knob(
        "ADMIN", "Q2: role of the default key; a USER sees what is assigned to them"
    )
    # Shape of answers
    error_shape: Literal["strings", "objects"] = _knob(
        "strings", "Q3: elements of _errors: texts, or objects with a message"
    )
    timestamp_format: Literal["ms", "iso", "ms_string", "s"] = _knob(
        "ms", "Q5: times of a process; s: seconds, also in its dates and date-times, both ways"
    )
    team_timezone: str | None = _knob("+0530", "the team's timezone in the configuration")
    assigned_to_read: Literal["id", "username"] = _knob(
        "id", "Q7: assignedTo as read: the id of a user, or the username"
    )
    state_read: Literal["short_id", "id", "object"] = _knob(
        "short_id", "Q8: state as read: its shortId, its id, or an object with both"
    )
    updated_at: Literal["usable", "zero", "null", "absent"] = _knob(
        "usable", "updatedAt as read: a time, 0, null, or not there"
    )
    unset_attributes: Literal["omitted", "null", "empty_defaults"] = _knob(
        "omitted", "Q27: attributes that hold nothing: not there, null, or empty of their type"
    )
    derived_data: Literal["object", "null", "absent"] = _knob("object", "Q35: derivedData as read")
    data_keys: Literal["short_id", "id"] = _knob("short_id", "Q36: keys of data")
    record_read: Literal["id", "object"] = _knob("id", "Q37: record as read")
    # Lists
    list_order: Literal[
        "created_asc", "created_desc", "id", "updated_desc", "random_stable", "shuffled_per_request"
    ] = _knob(
        "created_asc", "Q10: order of a list; shuffled_per_request: another one in each answer"
    )
    has_more: Literal["exact", "absent", "always_true_until_empty", "false_positive"] = _knob(
        "exact", "Q15: _meta.hasMore; false_positive: true after each full page"
    )
    over_limit: Literal["clamp", "error"] = _knob(
        "clamp", "Q15: a limit over 100: taken for 100, or a 400"
    )
    max_skip: int | None = _knob(None, "Q15: largest skip; beyond it an error")
    id_filter: Literal["works", "ignored", "no_rows", "error"] = _knob(
        "works", "filter on id: finds the rows, all, nothing, or a 400"
    )
    array_filter: Literal["works", "ignored", "cut_short", "find_nothing"] = _knob(
        "works", "a filter with a list of values; cut_short takes the first ten of them"
    )
    unknown_where_key: Literal["no_rows", "ignored", "error"] = _knob(
        "no_rows", "Q16: a filter on a name that no attribute has: finds nothing, all, or a 400"
    )
    updated_at_filter: Literal["ignored", "honoured", "error", "no_rows"] = _knob(
        "ignored", "Q14: a filter on updatedAt: finds all, the right rows, a 400, or nothing"
    )
    created_at_filter: Literal["works", "ignored"] = _knob("works", "filter on createdAt")
    created_at_precision: Literal["ms", "s"] = _knob(
        "ms", "Q13: stored times compared in this unit"
    )
    gte_is_gt: bool = _knob(default=False, doc="Q13: >= and <= leave the boundary out")
    accept_epoch_filter: bool = _knob(default=False, doc="Q13: createdAt takes epoch ms too")
    filter_ignores_offset: bool = _knob(default=False, doc="Q13: offsets in filters are not read")
    index_lag_ms: int = _knob(0, "Q32: lists show a write this much later")
    index_lag_shows: Literal["before", "nothing"] = _knob(
        "before", "Q32: what lists show until then: the row as it was, or no row"
    )
    fetch_lags: bool = _knob(default=False, doc="Q32: a fetch by id lags as lists do")
    skip_us: float = _knob(
        0.25, "microseconds of CPU for each row that a list skips, as PostgreSQL's OFFSET costs"
    )
    churn: int = _knob(0, "writes of each kind on every list request")
    churn_rate: float = _knob(1.0, "share of the list requests that churn follows")
    churn_hits: Literal["any", "served"] = _knob(
        "any", "Q11: which rows it updates and deletes; served: those of the answer just given"
    )
    churn_kinds: tuple[ChurnKind, ...] = _knob(
        ("insert", "update", "delete"), "Q11: what churn does"
    )
    # Writes
    delete_mode: Literal["soft_hidden", "soft_listed", "hard"] = _knob(
        "soft_hidden", "Q12: dead rows are hidden, listed with isDeleted, or gone by id too"
    )
    restores: bool = _knob(default=True, doc="Q12: isDeleted false brings a dead row back, by id")
    normalise: tuple[Normalise, ...] = _knob(
        (), "what it makes of texts that are written; drop_plus: a + at their beginning goes"
    )
    assigned_to_write: Literal["either", "username_only", "id_only"] = _knob(
        "either", "Q7: assignedTo as written: what is taken of id and username"
    )
    write_response: Literal["process", "id_only", "empty"] = _knob(
        "process", "Q17: _data of create, update and delete: the process, its id, or nothing"
    )
    duplicate_pk: Literal["reject", "merge", "duplicate"] = _knob(
        "reject", "Q18: creating a key that exists"
    )
    phone_merge: bool = _knob(
        default=False, doc="Q18: creating a lead whose phone number exists updates that lead"
    )
    missing_row: Literal["404", "200_with_errors", "200_empty"] = _knob(
        "404", "Q19: update or delete of a missing row"
    )
    null_write: Literal["clears", "ignored", "error"] = _knob(
        "clears", "Q27: null in data: empties the attribute, changes nothing, or a 400"
    )
    unknown_attribute: Literal["stored", "dropped", "error"] = _knob(
        "stored", "Q28: a value of an attribute that the procedure has not: kept, left out, or 400"
    )
    type_check: Literal["coerce", "strict", "none"] = _knob(
        "coerce",
        "Q28: values of a wrong type: made to fit where they can, a 400, or kept as they are",
    )
    bad_state: Literal["error", "ignored"] = _knob(
        "error", "Q29: a state that does not exist: a 400, or the state stays"
    )
    state_graph: Literal["off", "on"] = _knob("off", "Q29: on, a process never goes back a state")
    next_action_at_accepts: Literal["both", "int_only"] = _knob("both", "Q39: strings too, or not")
    decode_slash_in_pk: bool = _knob(default=False, doc="Q38: a %2F in a path is part of the key")
    # Bulk
    bulk_create: Literal["available", "404"] = _knob(
        "available", "Q20: 404: there is no bulk create"
    )
    bulk_create_body: Literal["array", "object"] = _knob("array", 'Q20: object: {"processes": []}')
    bulk_create_pk_from: Literal["either", "data_only", "top_only"] = _knob(
        "either",
        "Q20: where an item's primary key is read; either: in data and beside it",
    )
    max_batch: int = _knob(5000, "Q21: items per bulk request")
    max_body_bytes: int = _knob(5_000_000, "Q21: beyond it 413")
    over_batch: Literal["413", "400", "truncate"] = _knob("413", "Q21: more than max_batch items")
    bulk_update_accepts: Literal["nested", "flat", "both"] = _knob(
        "nested",
        "Q22: shape of an item that is taken: changes under update, at the item's top, or both",
    )
    flat_when_nested: Literal["INVALID", "silent_success_no_change"] = _knob(
        "INVALID", "Q22: an item of the shape that is not accepted"
    )
    no_identifier: Literal["INVALID", "400"] = _knob("INVALID", "Q22: an item without identifier")
    id_accepts_pk: bool = _knob(default=False, doc="Q22: id may hold a primary key value")
    bulk_missing: Literal["ERROR", "INVALID"] = _knob("ERROR", "Q19: a bulk item without a row")
    # Jobs
    job_duration_ms: int = _knob(500, "Q9: from start to end")
    job_get_has_status: bool = _knob(default=True, doc="Q9: GET shows completionStatus")
    job_empty_counts_first: bool = _knob(default=False, doc="Q9: the first GET has no counts")
    job_in_flight_gap: bool = _knob(default=False, doc="Q9: entries in work are in no count")
    job_final_status: Literal["COMPLETED", "SUCCESS", "ERROR", "stuck"] = _knob(
        "COMPLETED", "Q9: completionStatus of a job that is done; stuck stays IN_PROGRESS"
    )
    job_ttl_s: float | None = _knob(None, "Q31: seconds until a finished job is forgotten")
    job_visible_after_ms: int = _knob(0, "Q31: 404 until then")
    max_running_jobs: int | None = _knob(
        None, "Q31: jobs at work at a time; others wait, and null is no limit"
    )
    job_order: Literal["fifo", "parallel"] = _knob(
        "fifo", "Q31: jobs of one procedure: one after the other, or at once"
    )
    job_atomic: bool = _knob(default=False, doc="Q33: one failing entry undoes the job")
    entry_error_rate: float = _knob(0.0, "Q33: share of entries that fail for no reason")
    refused_texts: tuple[str, ...] = _knob(
        (), "an entry whose item holds such a text fails, and says by which"
    )
    entries_page_size: int = _knob(100, "Q25: entries of a job per page")
    entries_paging: Literal["next_path", "absolute_url", "skip_limit", "page", "none"] = _knob(
        "next_path", "Q25: how the next page is found; none: it is not"
    )
    entries_meta_names: Literal["default", "other"] = _knob(
        "default", "Q25: other: totalCount, next"
    )
    entry_echo: Literal["input", "none", "json_string"] = _knob(
        "input", "Q26: an entry shows its item: as it was, not, or as JSON in a text"
    )
    entry_index: bool = _knob(default=True, doc="Q26: entry shows its place in the batch")
    entry_process: bool = _knob(default=True, doc="Q26: entry names the process that it wrote")
    entries_order: Literal["input", "completion", "shuffled"] = _knob(
        "input",
        "Q26: order of a job's entries: of its items, of when they were done, or a fixed other one",
    )
    entry_names: Literal["default", "other"] = _knob("default", "Q26: other: entryId, status, ...")
    # Photos
    photo_fetch: Literal["bytes", "redirect", "json", "json_alone"] = _knob(
        "bytes",
        "Q24: the file itself, a redirect to another host, JSON that names its address there, or"
        " JSON that names none",
    )
    photo_repeat: Literal["accepted", "conflict"] = _knob(
        "accepted", "R2: an upload under an id that is there: replaces it, or 409"
    )
    photo_max_bytes: int = _knob(10_000_000, "R3: beyond it an upload answers 413")
    # WhatsApp
    message_errors: Literal["meta", "envelope"] = _knob(
        "meta", "R4: how template messages are refused; pass-through is always in Meta's form"
    )
    message_answer: Literal["message", "empty"] = _knob(
        "message", "Q17: _data of a message that was sent"
    )
    through_answer: Literal["chakra", "meta"] = _knob(
        "chakra",
        "R5: messages that pass through: chakra: whatsappMessageId, meta: Meta's own answer",
    )
    template_answers: Literal["meta", "wrapped"] = _knob(
        "meta", "R6: answers about templates: as they are, or in _data"
    )
    template_paging: Literal["next_url", "cursors"] = _knob(
        "next_url", "R7: more templates: with Meta's address of the next page, or a cursor alone"
    )
    template_page_size: int = _knob(100, "R7: templates per page at the most")
    template_review: Literal["pending", "approved", "rejected"] = _knob(
        "pending", "R8: what Meta makes of a template that is new or changed"
    )
    # Users and config
    health_checks_key: bool = _knob(
        default=False, doc="R1: the health endpoint answers 401 without a key that is known"
    )
    update_user_method: Literal["PUT", "GET", "PATCH"] = _knob("PUT", "Q6: method of update user")
    user_names: Literal["all", "first_last"] = _knob("all", "Q6: names of a user that are taken")
    unknown_user_field: Literal["ignored", "error"] = _knob(
        "ignored", "Q6: other fields of an update of a user"
    )
    users_page_size: int | None = _knob(None, "Q23: users per page, ?skip=&limit=; null is all")
    users_listed: Literal["all", "none"] = _knob("all", "none: an account that lists no users")
    users_include_deleted: bool = _knob(default=True, doc="Q23: deleted users are listed")
    config_style: Literal[
        "default", "alt_names", "keyed_by_id", "embedded_refs", "minimal", "missing_keys", "bare"
    ] = _knob("default", "Q34: shape of the config; bare: nothing but what procedures need")
    config_extra_mb: int = _knob(0, "Q40: megabytes of padding in the config")

    def change(self, changes: Mapping[str, object]) -> Knobs:
        """Return these knobs with some turned.

        Raises:
            KnobError: An unknown knob or a value it does not take.
        """
        hints = _hints()
        unknown = sorted(set(changes) - set(hints))
        if unknown:
            raise KnobError(f"no such knob: {', '.join(unknown)}; see --list-knobs")
        checked = {name: check_value(name, hints[name], value) for name, value in changes.items()}
        return replace(self, **checked)


@lru_cache(maxsize=1)
def _hints() -> dict[str, Any]:
    return get_type_hints(Knobs)


@dataclass(frozen=True, slots=True)
class KnobDoc:
    """What is to be known of a knob.

    Attributes:
        name: The knob's name.
        taken: The values that it takes.
        default: The value that it has.
        doc: What it does, behind the number of an open question if it stands for one.
    """

    name: str
    taken: Taken
    default: object
    doc: str


def knob_docs() -> list[KnobDoc]:
    """List every knob, in order."""
    hints = _hints()
    return [
        KnobDoc(f.name, taken(hints[f.name]), f.default, f.metadata["doc"]) for f in fields(Knobs)
    ]
