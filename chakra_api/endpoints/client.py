"""ChakraHQ's endpoints, one method each (contract 4). Safe for many threads.

Reads are repeated as `wire/retry.py` allows; writes only where nothing can have happened, and what
does the same when it is done twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.endpoints.answers import (
    EntriesPage,
    JobEntries,
    JobStatus,
    ProcessPage,
    RequestStats,
    Row,
    Submitted,
    Task,
    UserList,
    job_status,
    more_of,
    page_of,
    row_of,
    submitted,
    task_of,
)
from chakra_api.endpoints.calls import Calls
from chakra_api.endpoints.entry_pages import entries_page, read_entries, read_users
from chakra_api.endpoints.list_request import list_request
from chakra_api.endpoints.message_templates import MessageTemplates
from chakra_api.endpoints.open_answers import open_or_empty, open_plain
from chakra_api.endpoints.paths import part, processes_path
from chakra_api.endpoints.photos import Photos
from chakra_api.endpoints.row_heads import open_heads
from chakra_api.endpoints.whatsapp import WhatsApp
from chakra_api.errors import BadRequest, NotFound, Unreadable
from chakra_api.wire import retry
from chakra_api.wire.envelope import Envelope, open_envelope, open_rows
from chakra_api.wire.transport import Request
from chakra_api.wire.wire_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chakra_api.clock import Clock
    from chakra_api.elsewhere.links import Links
    from chakra_api.endpoints.calls import Opener
    from chakra_api.endpoints.where import Where
    from chakra_api.wire.pacing import Pace, Pacer
    from chakra_api.wire.server_clock import ServerClock
    from chakra_api.wire.transport import Transport

    Leaving: TypeAlias = Callable[[], None]

__all__ = ["ChakraClient", "ProcessPage", "RequestStats", "Row", "UserList"]

_OTHER_METHOD: Final = 405
_LOOK_FOR: Final = "It may have been made: look at the process's tasks before sending it again"


class ChakraClient:
    """A client of one account: a method for each endpoint.

    Args:
        transport: Sends one request.
        pacer: The rate that all threads share.
        clock: Time, and chance for the jitter of retries.
        policy: How long to go on after failures.
        links: Fetches photos that lie elsewhere; None where none is to be fetched from there.

    Attributes:
        photos: The endpoints of photos.
        whatsapp: Those of WhatsApp's messages and media.
        templates: Those of its message templates.
    """

    def __init__(
        self,
        transport: Transport,
        pacer: Pacer,
        clock: Clock,
        policy: retry.RetryPolicy,
        links: Links | None = None,
    ) -> None:
        self._way = (transport, pacer, clock)
        self._links = links
        self._calls = Calls(transport, pacer, clock, policy)
        self.photos = Photos(self._calls, links)
        self.whatsapp = WhatsApp(self._calls)
        self.templates = MessageTemplates(self._calls)

    # Reading

    def reach(self) -> None:
        """Have the server answer anything, once: what it says does not matter (contract 4.1).

        Raises:
            NotSent: It is not reached.
            AnswerLost: It broke off.
        """
        self._calls.once(Request("GET", "/v1/health", repeatable=True))

    def health(self) -> Row:
        """What a healthy server says of itself, which is not documented (contract 4.1).

        Raises:
            ChakraError: It is not healthy, or not reached. Whether it looks at the key is unknown.
        """
        request = Request("GET", "/v1/health", repeatable=True)
        return row_of(self._calls.call(request, "the question for its health", open_plain).data)

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
        path = f"/v{version}/ext/user/{part(user_id)}"
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
        request = list_request(procedure, where, skip, limit, most_bytes)
        envelope = self._calls.call(request, f"the processes of '{procedure}'", open_rows)
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
        request = list_request(procedure, where, skip, limit, most_bytes)
        envelope = self._calls.call(request, f"the processes of '{procedure}'", open_heads)
        return replace(page_of(envelope, limit), heads=True)

    def fetch_process(self, procedure: str, process_id: str) -> Row:
        """One process by id (contract 4.2)."""
        path = f"{processes_path(procedure)}/{part(process_id)}"
        what = f"process '{process_id}' of '{procedure}'"
        return row_of(self._read("GET", path, what, open_rows).data)

    def job(self, job_id: str) -> JobStatus:
        """A background job and its counts (contract 4.20)."""
        path = f"/v1/ext/background-job/{part(job_id)}"
        request = Request("GET", path, repeatable=True)
        return job_status(self._calls.call(request, f"job '{job_id}'"))

    def job_entries(self, job_id: str, next_path: str | None = None) -> EntriesPage:
        """One page of a job's entries: the first, or that of `next_path` (contract 4.21)."""
        first = f"/v1/ext/background-job/{part(job_id)}/entries"
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
        first = f"/v1/ext/background-job/{part(job_id)}/entries"
        return read_entries(lambda path: self.job_entries(job_id, path), first, submitted)

    # Writing

    def create_process(self, procedure: str, body: Row, leaving: Leaving | None = None) -> Row:
        """Create a process (contract 4.4). Empty if the answer is (Q17): read it back.

        Args:
            procedure: Its shortId.
            body: What it holds.
            leaving: Called when its turn has come; what it raises keeps it from leaving.
        """
        request = Request("POST", processes_path(procedure), encode(body), leaving=leaving)
        return self._write(request, f"a create in '{procedure}'")

    def update_process(
        self, procedure: str, process_id: str, body: Row, leaving: Leaving | None = None
    ) -> Row:
        """Update a process by id (contract 4.5). Empty if the answer is (Q17).

        Args:
            procedure: Its shortId.
            process_id: Its id.
            body: What it is to hold; the rest stays.
            leaving: As `create_process` takes it.
        """
        path = f"{processes_path(procedure)}/{part(process_id)}"
        request = Request("PUT", path, encode(body), leaving=leaving)
        return self._write(request, f"an update in '{procedure}'")

    def update_process_by_key(
        self, procedure: str, key: tuple[str, str], body: Row, leaving: Leaving | None = None
    ) -> Row:
        """Update a process by primary key: (shortId, value) (contract 4.6), else as by id."""
        path = f"{processes_path(procedure)}/{part(key[0])}/{part(key[1])}"
        request = Request("PUT", path, encode(body), leaving=leaving)
        return self._write(request, f"an update in '{procedure}'")

    def delete_process(
        self, procedure: str, process_id: str, leaving: Leaving | None = None
    ) -> Row:
        """Delete a process by id (contract 4.7). Empty if the answer is (Q17)."""
        path = f"{processes_path(procedure)}/{part(process_id)}"
        request = Request("DELETE", path, leaving=leaving)
        return self._write(request, f"a delete in '{procedure}'")

    def delete_process_by_key(
        self, procedure: str, key: tuple[str, str], leaving: Leaving | None = None
    ) -> Row:
        """Delete a process by primary key: (shortId, value) (contract 4.8), else as by id."""
        path = f"{processes_path(procedure)}/{part(key[0])}/{part(key[1])}"
        request = Request("DELETE", path, leaving=leaving)
        return self._write(request, f"a delete in '{procedure}'")

    def create_task(
        self,
        procedure: str,
        process: str,
        state_task: str,
        body: Row,
        leaving: Leaving | None = None,
    ) -> Task:
        """Create a task on a process (contract 4.11). Tasks can't be listed: never repeated.

        Args:
            procedure: The process's, by shortId.
            process: Its id, or its primary key.
            state_task: shortId of the task's schema.
            body: Its `data`, `status` and `assignedTo`, each optional.
            leaving: As `create_process` takes it.

        Raises:
            AnswerLost: The task may be there; nothing tells.
        """
        path = f"/v1/ext/p/{part(procedure)}/{part(process)}/task/{part(state_task)}"
        request = Request("POST", path, encode(body), leaving=leaving)
        what = f"a task '{state_task}' in '{procedure}'"
        return task_of(self._calls.call_once_for_all(request, what, _LOOK_FOR, open_or_empty))

    def update_user(self, user_id: str, body: Row, leaving: Leaving | None = None) -> Row:
        """Change a user's names (contract 4.16). Not repeated: read the user back.

        The documents show it as GET with a body, surely by mistake. It is sent as PUT (Q6).

        Args:
            user_id: The user's.
            body: `firstName`, `lastName`: what else an account takes is not documented.
            leaving: As `create_process` takes it.

        Raises:
            BadRequest: Among others, where the account wants another method.
        """
        request = Request("PUT", f"/v1/ext/user/{part(user_id)}", encode(body), leaving=leaving)
        try:
            return self._write(request, f"an update of user '{user_id}'")
        except BadRequest as error:
            if error.status == _OTHER_METHOD:
                error.next_step = (
                    "Users can't be changed by this version: the account wants a method that"
                    " ChakraHQ's documents leave open"
                )
            raise

    def bulk_create(
        self,
        procedure: str,
        items: Iterable[Row],
        leaving: Leaving | None = None,
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
        path = f"{processes_path(procedure)}/bulk-create"
        request = Request("POST", path, encode(body), leaving=leaving)
        what = f"a bulk create in '{procedure}'"
        return submitted(self._calls.call(request, what), what)

    def bulk_update(
        self, procedure: str, items: Iterable[Row], leaving: Leaving | None = None
    ) -> Submitted:
        """Submit updates (contract 4.10).

        Args:
            procedure: Its shortId.
            items: As 4.5 takes them, each with its id.
            leaving: As `create_process` takes it.

        Raises:
            AnswerLost: The answer names no job; the updates may be made all the same.
        """
        body = encode({"processes": list(items)})
        request = Request("PATCH", processes_path(procedure), body, leaving=leaving)
        what = f"a bulk update in '{procedure}'"
        return submitted(self._calls.call(request, what), what)

    # Sending

    @property
    def server_clock(self) -> ServerClock:
        """The server's time, by its last answers."""
        return self._calls.server_clock

    @property
    def stats(self) -> RequestStats:
        """The requests that were sent so far."""
        return self._calls.stats

    @property
    def pace(self) -> Pace:
        """How fast requests may leave by now."""
        return self._calls.pace

    @property
    def server_now(self) -> int:
        """The server's time by its last answer, epoch milliseconds; ours where it says none."""
        return self._calls.server_now

    def impatient(self) -> ChakraClient:
        """The same client for somebody who waits: it tries a request twice at most."""
        policy = retry.RetryPolicy(max_attempts=2, max_reported=2, max_seconds=30)
        return ChakraClient(*self._way, policy, self._links)

    def close(self) -> None:
        """Let go of all connections."""
        self._calls.close()
        if self._links is not None:
            self._links.close()

    def _of_account(self, path: str, what: str, opened: Opener = open_envelope) -> Envelope:
        """What every account has: where it is not found something else was asked."""
        try:
            return self._read("GET", path, what, opened)
        except NotFound as error:
            raise NotFound(
                error.cause,
                "Check the setting api_url, and that the setting api_key is of that address",
                status=error.status,
            ) from None

    def _read(self, method: str, path: str, what: str, opened: Opener = open_envelope) -> Envelope:
        return self._calls.call(Request(method, path, repeatable=True, many=True), what, opened)

    def _write(self, request: Request, what: str) -> Row:
        return row_of(self._calls.call(request, what, open_or_empty).data)
