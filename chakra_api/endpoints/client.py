"""ChakraHQ's endpoints, one method each (contract 4). Safe for many threads.

Reads are repeated as `wire/retry.py` allows; writes only where nothing can have happened.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import quote

from chakra_api.endpoints.answers import (
    EntriesPage,
    JobEntries,
    JobStatus,
    ProcessPage,
    RequestStats,
    Row,
    Submitted,
    UserList,
    job_status,
    more_of,
    page_of,
    row_of,
    submitted,
)
from chakra_api.endpoints.entry_pages import entries_page, read_entries, read_users
from chakra_api.endpoints.row_heads import open_heads
from chakra_api.errors import (
    Boundless,
    ChakraError,
    NotFound,
    SettingsError,
    Throttled,
    Unavailable,
    Unreadable,
)
from chakra_api.wire import retry
from chakra_api.wire.envelope import Envelope, date_of, open_envelope, open_rows
from chakra_api.wire.server_clock import ServerClock
from chakra_api.wire.transport import Request
from chakra_api.wire.wire_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chakra_api.clock import Clock
    from chakra_api.endpoints.where import Where
    from chakra_api.wire.pacing import Pacer
    from chakra_api.wire.transport import Response, Transport

__all__ = ["ChakraClient", "ProcessPage", "RequestStats", "Row", "UserList"]

_Opener: TypeAlias = "Callable[[Response, str], Envelope]"
_EMPTY_IS_GOOD: Final = frozenset({200, 204})


class ChakraClient:
    """A client of one account: a method for each endpoint.

    The single writes (`create_process`, `update_process`, `delete_process` and their like by key)
    are there because the endpoints are: tap and target do not use them, the bulk calls are theirs.

    Args:
        transport: Sends one request.
        pacer: The rate that all threads share.
        clock: Time, and chance for the jitter of retries.
        policy: How long to go on after failures.

    Attributes:
        server_clock: The server's time, by its last answers.
    """

    def __init__(
        self, transport: Transport, pacer: Pacer, clock: Clock, policy: retry.RetryPolicy
    ) -> None:
        self._transport = transport
        self._pacer = pacer
        self._clock = clock
        self._policy = policy
        self._requests = self._retries = 0
        self.server_clock = ServerClock(clock)
        self._lock = threading.Lock()

    # Reading

    def reach(self) -> None:
        """Have the server answer anything, once: what it says does not matter (contract 4.1).

        Raises:
            NotSent: It is not reached.
            AnswerLost: It broke off.
        """
        self._transport.send(Request("GET", "/v1/health", repeatable=True))

    def config(self) -> Row:
        """The account's configuration: an object of collections (contract 4.22)."""
        envelope = self._of_account("/v1/ext/config", "the configuration")
        if not isinstance(envelope.data, dict):
            raise Unreadable("The configuration is not an object", "Check the setting api_url")
        more, unclear = more_of(envelope.meta)
        if more or unclear:
            raise Unreadable(
                "The configuration says that there is more of it, and shows no way to it",
                "Check the setting api_url, and whether a proxy changes what ChakraHQ answers",
            )
        return envelope.data

    def users(self, *, version: int = 1) -> UserList:
        """All users of the team, each id once (contract 4.12, 4.13, Q23)."""

        def page(path: str) -> Envelope:
            return self._of_account(path, "the list of users", open_rows)

        return read_users(page, f"/v{version}/ext/users")

    def user(self, user_id: str, *, version: int = 1) -> Row:
        """One user (contract 4.14, 4.15)."""
        path = f"/v{version}/ext/user/{_part(user_id)}"
        return row_of(self._read("GET", path, f"user '{user_id}'", open_rows).data)

    def list_processes(
        self,
        procedure: str,
        where: Where | None,
        *,
        skip: int = 0,
        limit: int = 100,
        most_bytes: int | None = None,
    ) -> ProcessPage:
        """One list request (contract 4.3). The order of the rows is not documented (Q10).

        Raises:
            AnswerTooLarge: The answer is larger than `most_bytes`.
        """
        request = _list_request(procedure, where, skip, limit, most_bytes)
        envelope = self._call(request, f"the processes of '{procedure}'", open_rows)
        return page_of(envelope, limit)

    def list_heads(
        self,
        procedure: str,
        where: Where | None,
        *,
        skip: int = 0,
        limit: int = 100,
        most_bytes: int | None = None,
    ) -> ProcessPage:
        """As `list_processes`, most fields of the rows in the body alone (`row_heads.py`)."""
        request = _list_request(procedure, where, skip, limit, most_bytes)
        envelope = self._call(request, f"the processes of '{procedure}'", open_heads)
        return replace(page_of(envelope, limit), heads=True)

    def fetch_process(self, procedure: str, process_id: str) -> Row:
        """One process by id (contract 4.2)."""
        path = f"{_procedure(procedure)}/{_part(process_id)}"
        what = f"process '{process_id}' of '{procedure}'"
        return row_of(self._read("GET", path, what, open_rows).data)

    def job(self, job_id: str) -> JobStatus:
        """A background job and its counts (contract 4.20)."""
        path = f"/v1/ext/background-job/{_part(job_id)}"
        request = Request("GET", path, repeatable=True, small=True)
        return job_status(self._call(request, f"job '{job_id}'"))

    def job_entries(self, job_id: str, next_path: str | None = None) -> EntriesPage:
        """One page of a job's entries: the first, or that of `next_path` (contract 4.21)."""
        first = f"/v1/ext/background-job/{_part(job_id)}/entries"
        envelope = self._read("GET", next_path or first, f"the entries of job '{job_id}'")
        return entries_page(envelope, first)

    def job_entries_all(self, job_id: str, submitted: int | None = None) -> JobEntries:
        """All entries of a job that can be had, each once, however they are paged (Q25).

        Fewer than the total come where the server names no next page and knows neither
        `?skip=` nor `?page=`: compare the two.

        Args:
            job_id: The job.
            submitted: Rows that it was submitted with, which bounds what is read; None for none.
        """
        first = f"/v1/ext/background-job/{_part(job_id)}/entries"
        return read_entries(lambda path: self.job_entries(job_id, path), first, submitted)

    # Writing

    def create_process(
        self, procedure: str, body: Row, leaving: Callable[[], None] | None = None
    ) -> Row:
        """Create a process (contract 4.4). Empty if the answer is (Q17): read it back.

        Args:
            procedure: Its shortId.
            body: What it holds.
            leaving: Called when its turn has come; what it raises keeps it from leaving.
        """
        request = Request("POST", _procedure(procedure), _json(body), leaving=leaving)
        return self._write(request, f"a create in '{procedure}'")

    def update_process(self, procedure: str, process_id: str, body: Row) -> Row:
        """Update a process by id (contract 4.5). Empty if the answer is (Q17)."""
        path = f"{_procedure(procedure)}/{_part(process_id)}"
        return self._write(Request("PUT", path, _json(body)), f"an update in '{procedure}'")

    def update_process_by_key(self, procedure: str, key: tuple[str, str], body: Row) -> Row:
        """Update a process by primary key: (shortId, value) (contract 4.6), else as by id."""
        path = f"{_procedure(procedure)}/{_part(key[0])}/{_part(key[1])}"
        return self._write(Request("PUT", path, _json(body)), f"an update in '{procedure}'")

    def delete_process(self, procedure: str, process_id: str) -> Row:
        """Delete a process by id (contract 4.7). Empty if the answer is (Q17)."""
        path = f"{_procedure(procedure)}/{_part(process_id)}"
        return self._write(Request("DELETE", path), f"a delete in '{procedure}'")

    def delete_process_by_key(self, procedure: str, key: tuple[str, str]) -> Row:
        """Delete a process by primary key: (shortId, value) (contract 4.8), else as by id."""
        path = f"{_procedure(procedure)}/{_part(key[0])}/{_part(key[1])}"
        return self._write(Request("DELETE", path), f"a delete in '{procedure}'")

    def bulk_create(
        self,
        procedure: str,
        items: Iterable[Row],
        leaving: Callable[[], None] | None = None,
        *,
        wrapped: bool = False,
    ) -> Submitted:
        """Submit creates (contract 4.9).

        Args:
            procedure: Its shortId.
            items: As 4.4 takes them.
            leaving: As `create_process` takes it.
            wrapped: Send `{"processes": items}`, not the bare array of the documents (Q20).

        Raises:
            AnswerLost: The answer names no job; the processes may come to be all the same.
        """
        body = {"processes": list(items)} if wrapped else list(items)
        path = f"{_procedure(procedure)}/bulk-create"
        request = Request("POST", path, _json(body), small=True, leaving=leaving)
        what = f"a bulk create in '{procedure}'"
        return submitted(self._call(request, what), what)

    def bulk_update(
        self, procedure: str, items: Iterable[Row], leaving: Callable[[], None] | None = None
    ) -> Submitted:
        """Submit updates (contract 4.10).

        Args:
            procedure: Its shortId.
            items: As 4.5 takes them, each with its id.
            leaving: As `create_process` takes it.

        Raises:
            AnswerLost: The answer names no job; the updates may be made all the same.
        """
        body = _json({"processes": list(items)})
        request = Request("PATCH", _procedure(procedure), body, small=True, leaving=leaving)
        what = f"a bulk update in '{procedure}'"
        return submitted(self._call(request, what), what)

    # Sending

    @property
    def stats(self) -> RequestStats:
        """The requests that were sent so far."""
        return RequestStats(self._requests, self._retries, self._pacer.waited_seconds)

    @property
    def allowed_rate(self) -> float | None:
        """Requests a second that may leave by now; None if they leave freely."""
        return self._pacer.rate

    @property
    def server_now(self) -> int:
        """The server's time by its last answer, epoch milliseconds; ours where it says none."""
        now = self.server_clock.last
        return int(self._clock.now() * 1000) if now is None else now

    def impatient(self) -> ChakraClient:
        """The same client for somebody who waits: it tries a request twice at most."""
        policy = retry.RetryPolicy(max_attempts=2, max_reported=2, max_seconds=30)
        return ChakraClient(self._transport, self._pacer, self._clock, policy)

    def close(self) -> None:
        """Let go of all connections."""
        self._transport.close()

    def _of_account(self, path: str, what: str, opened: _Opener = open_envelope) -> Envelope:
        """What every account has: where it is not found something else was asked."""
        try:
            return self._read("GET", path, what, opened)
        except NotFound as error:
            raise NotFound(
                error.cause,
                "Check the setting api_url, and that the setting api_key is of that address",
                status=error.status,
            ) from None

    def _read(self, method: str, path: str, what: str, opened: _Opener = open_envelope) -> Envelope:
        return self._call(Request(method, path, repeatable=True), what, opened)

    def _write(self, request: Request, what: str) -> Row:
        return row_of(self._call(request, what, _opened_or_empty).data)

    def _call(self, request: Request, what: str, opened: _Opener = open_envelope) -> Envelope:
        """Send a request until it is answered, or the policy gives it up."""
        began = self._clock.monotonic()
        failures: tuple[ChakraError, ...] = ()
        while True:
            try:
                patience = self._policy.max_seconds - self._since(began)
                return self._once(request, what, patience, opened)
            except ChakraError as failure:
                failures = (*failures, failure)
                tries = retry.Tries(failures, self._since(began), request.repeatable)
                verdict = retry.decide(tries, self._policy, self._clock.random())
                if isinstance(verdict, retry.GiveUp):
                    raise _with_history(failure, failures, verdict.reason) from None
                self._clock.sleep(verdict.seconds)
                with self._lock:
                    self._retries += 1

    def _since(self, moment: float) -> float:
        return self._clock.monotonic() - moment

    def _once(self, request: Request, what: str, patience: float, opened: _Opener) -> Envelope:
        self._pacer.acquire(patience)
        if request.leaving is not None:
            request.leaving()
        with self._lock:
            self._requests += 1
        try:
            envelope = opened(self._transport.send(request), what)
        except (Throttled, Unavailable) as complaint:
            self._pacer.throttled(complaint.retry_after)
            raise
        except Boundless as error:
            error.cause = f"{error.cause}: that to {what}"
            raise
        if envelope.server_time is not None:
            self.server_clock.heard(envelope.server_time)
        return envelope


def _with_history(
    failure: ChakraError, failures: tuple[ChakraError, ...], reason: str
) -> ChakraError:
    """The last failure of a request, saying what failed before it and why it is not sent again."""
    before = retry.history(failures) if len(failures) > 1 else ""
    if told := "; ".join(part for part in (before, reason) if part):
        failure.cause = f"{failure.cause} ({told})"
    return failure


def _opened_or_empty(response: Response, what: str) -> Envelope:
    """The envelope of an answer to a single write, which may be an empty body (Q17)."""
    if response.status in _EMPTY_IS_GOOD and not response.body.strip():
        return Envelope({}, {}, date_of(response.headers))
    return open_envelope(response, what)


def _list_request(
    procedure: str, where: Where | None, skip: int, limit: int, most_bytes: int | None
) -> Request:
    body: Row = {"skip": skip, "limit": limit}
    if where:
        body["where"] = where
    path = f"{_procedure(procedure)}/list"
    return Request("POST", path, _json(body), repeatable=True, most_bytes=most_bytes)


def _json(value: object) -> bytes:
    return encode(value)


def _part(value: str) -> str:
    """A value as one segment of a path, its slashes and blanks encoded (Q38).

    Raises:
        SettingsError: On its way it would turn into another path, perhaps another's process.
    """
    if value in ("", ".", ".."):
        raise SettingsError(
            f"{value!r} cannot stand in the path of a request",
            "Name the process by its id, or use a bulk call, which carries the key in its body",
        )
    return quote(value, safe="")


def _procedure(procedure: str) -> str:
    return f"/v1/ext/procedure/{_part(procedure)}/process"
