"""An account that answers honestly, but where a case says otherwise; and a host that is not ours.

It knows one procedure with a primary key, a few users, and jobs that are done at once. The other
host keeps photos, where a case says so, and nobody has anything else to look for there.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from tests.campaigns.hostile.beside import Asked, Beside, file_of, place_of
from tests.campaigns.hostile.replies import Reply, send

if TYPE_CHECKING:
    from collections.abc import Callable

    Spoil = Callable[[Reply, "Hostile"], Reply]

KEY: Final = "hostile-key-that-never-leaves-4711"
HOUR_MS: Final = 3_600_000
WITHOUT_LENGTH: Final = b"HTTP/0.9 200 OK\r\n\r\n"
"""Head of a reply whose end is that of its connection: nobody can tell whether it is whole."""
GIVES: Final = {"file": "redirect", "photo json": "json"}
"""How photos are given where replies of such an endpoint are spoilt; elsewhere as bytes."""
OF_FILES: Final = frozenset({"photo", "photo json", "file"})
"""Endpoints whose replies may be files."""
_TYPES: Final = {"lead_id": "t-text", "name": "t-text", "score": "t-number", "picture": "t-photo"}
_ONE: Final = "/v1/ext/procedure/lead/process"


class Hostile:
    """The server of one case after another.

    Attributes:
        rows: What it holds, by id.
        users: Its users.
        spoilt: How many replies were spoilt.
        strangers: Connections to the other host.
        leaks: Those of them that brought the key.
        jobs: Entries of each job.
        beside: What it has beside processes.
        files: What replies held as a whole that may be taken for a photo.
    """

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._elsewhere = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.elsewhere = f"http://127.0.0.1:{self._elsewhere.getsockname()[1]}"
        self._lock = threading.Lock()
        self._case = 0
        self.begin(0, "", None, 0)
        for serve in (self._serve, self._serve_elsewhere):
            threading.Thread(target=serve, daemon=True).start()

    def begin(
        self, rows: int, endpoint: str, spoil: Spoil | None, times: int, *, refuses: bool = False
    ) -> None:
        """Begin a case.

        Args:
            rows: How many it holds.
            endpoint: Replies of which are spoilt.
            spoil: Spoils one; None for none.
            times: How many.
            refuses: Whether such a reply says that nothing was done: then nothing is.
        """
        with self._lock:
            self._case += 1
            now = int(time.time() * 1000)
            self.rows: dict[str, dict[str, Any]] = {}
            for number in range(rows):
                self._add({"lead_id": f"L-{number}", "name": f"Name {number}", "score": number,
                           "picture": f"ph-{number}"},
                          now - HOUR_MS * (rows + 1 - number))  # fmt: skip
            self.users = [
                {
                    "id": f"u{n}",
                    "username": f"user{n}",
                    "createdAt": now - HOUR_MS,
                    "isActive": True,
                }
                for n in range(3)
            ]
            self.jobs: dict[str, list[dict[str, Any]]] = {}
            self._endpoint, self._spoil, self._left = endpoint, spoil, times
            self._refuses = refuses
            self.beside = Beside(self.elsewhere, GIVES.get(endpoint, "bytes"))
            self.files: set[bytes] = set()
            self.spoilt = self.asked = self.strangers = self.leaks = 0

    def was_written(self, rows: int) -> str:
        """A job that has created so many processes, before the case; its id."""
        with self._lock:
            items = [{"data": {"name": "of a job"}}] * rows
            return str(
                self._submitted(items, Asked("submit", "", b"", is_done=True)).value["_data"]["id"]
            )

    @property
    def endpoint(self) -> str:
        """The endpoint whose replies are spoilt."""
        return self._endpoint

    def relent(self) -> None:
        """From now on all replies are honest."""
        with self._lock:
            self._case += 1
            self._left = 0

    def end(self) -> None:
        """The case is over: nothing of it is sent any more."""
        with self._lock:
            self._case += 1

    # Connections

    def _serve(self) -> None:
        while True:
            link, _ = self._listening.accept()
            threading.Thread(target=self._talk, args=(link, self._case), daemon=True).start()

    def _serve_elsewhere(self) -> None:
        while True:
            link, _ = self._elsewhere.accept()
            self.strangers += 1
            threading.Thread(target=self._give, args=(link, self._case), daemon=True).start()

    def _talk(self, link: socket.socket, case: int) -> None:
        with suppress(OSError), link:
            rest = b""
            while True:
                lines, body, rest = _request(link, rest)
                method, path, _ = lines[0].split(" ", 2)
                reply = self._reply(method, path, body, case)
                if not send(link, reply, lambda: self._case != case):
                    return

    def _give(self, link: socket.socket, case: int) -> None:
        """Give photos, as a store of files does."""
        with suppress(OSError), link:
            rest = b""
            while True:
                lines, _, rest = _request(link, rest)
                # What this host itself put into an address is known to it.
                told = lines[1:] if self._endpoint == "file" else lines
                self.leaks += any(KEY in line for line in told)
                _, _, photo = lines[0].split(" ")[1].rpartition("/files/")
                none = Reply(body=b"", status="404 None")
                reply = self._spoilt("file", file_of(photo) if photo else none, case)
                if not send(link, reply, lambda: self._case != case):
                    return

    def _reply(self, method: str, path: str, body: bytes, case: int) -> Reply:
        with self._lock:
            self.asked += 1
            endpoint, named = _place_of(method, path)
            if GIVES.get(self._endpoint) == "json" and endpoint == "photo":
                endpoint = "photo json"
            is_done = not (self._refuses and endpoint == self._endpoint and self._left)
            query = path.partition("?")[2]
            reply = self._honest(Asked(endpoint, named, body, is_done, query), path)
        return self._spoilt(endpoint, reply, case)

    def _spoilt(self, endpoint: str, reply: Reply, case: int) -> Reply:
        with self._lock:
            if case == self._case and endpoint == self._endpoint and self._left:
                self._left -= 1
                self.spoilt += 1
                reply = reply if self._spoil is None else self._spoil(reply, self)
            if endpoint in OF_FILES and (file := _file_in(reply)) is not None:
                self.files.add(file)
            return reply

    # The account

    def _honest(self, asked: Asked, path: str) -> Reply:
        answers: dict[str, Callable[[], Reply]] = {
            "list": lambda: self._listed(json.loads(asked.body)),
            "submit": lambda: self._submitted(json.loads(asked.body), asked),
            "users": lambda: Reply.of([] if "skip" in path else self.users, {"hasMore": False}),
            "config": lambda: Reply.of(_config()),
            "entries": lambda: Reply.of(self.jobs.get(asked.named, [])),
            "job": lambda: self._job(asked.named),
            "fetch": lambda: self._one(asked),
            "create": lambda: self._one(asked),
            "update": lambda: self._one(asked),
            "delete": lambda: self._one(asked),
            "other": lambda: Reply.of({}),
        }
        answers["users v2"] = answers["users"]
        if asked.endpoint in answers:
            return answers[asked.endpoint]()
        return self.beside.answer(replace(asked, endpoint=asked.endpoint.removesuffix(" json")))

    def _one(self, asked: Asked) -> Reply:
        """A process, after it was created, changed or deleted by a request of its own."""
        now, data = int(time.time() * 1000), json.loads(asked.body) if asked.body else {}
        if asked.endpoint == "create":
            made = self._add(data.get("data", {}), now) if asked.is_done else {}
            return Reply.of(made)
        wanted = (r for r in self.rows.values() if r["data"].get("lead_id") == asked.named)
        row = self.rows.get(asked.named) or next(wanted, None)
        if row is None:
            return replace(Reply.of(None), status="404 None")
        if asked.endpoint == "update" and asked.is_done:
            row["data"].update(data.get("data", {}))
            row["updatedAt"] = now
        if asked.endpoint == "delete" and asked.is_done:
            del self.rows[row["id"]]
        return Reply.of(row)

    def _listed(self, asked: dict[str, Any]) -> Reply:
        rows = (row for row in self.rows.values() if not row["isDeleted"])
        found = [row for row in rows if _holds(row, asked.get("where") or {})]
        found.sort(key=lambda row: (row["createdAt"], row["id"]))
        skip, limit = asked.get("skip", 0), min(asked.get("limit", 10), 100)
        return Reply.of(found[skip : skip + limit], {"hasMore": len(found) > skip + limit})

    def _submitted(self, items: Any, asked: Asked) -> Reply:
        job, now = str(uuid.uuid4()), int(time.time() * 1000)
        entries = self.jobs[job] = []
        creates = isinstance(items, list)
        if not asked.is_done:
            return Reply.of({"id": job})
        items = items if creates else items["processes"]
        for number, item in enumerate(items):
            row = self._add(item.get("data", {}), now) if creates else self._changed(item, now)
            entries.append({"id": f"{job}-{number}", "index": number, "data": item,
                            "completionStatus": "SUCCESS" if row else "ERROR",
                            "result": {"id": row and row["id"]}})  # fmt: skip
        return Reply.of({"id": job, "createdAt": now, "completionStatus": "IN_PROGRESS"})

    def _job(self, job: str) -> Reply:
        now, entries = int(time.time() * 1000), self.jobs.get(job, [])
        done = sum(each["completionStatus"] == "SUCCESS" for each in entries)
        counts = {"SUCCESS": done, "ERROR": len(entries) - done}
        data = {"id": job, "completionStatus": "COMPLETED", "createdAt": now, "completedAt": now}
        return Reply.of(data, {"bjEntryCompletionStatusVsCount": counts})

    def _add(self, data: dict[str, Any], now: int) -> dict[str, Any]:
        row = {"id": str(uuid.uuid4()), "createdAt": now, "updatedAt": now, "status": "OPEN",
               "state": "NEW", "isDeleted": False, "data": dict(data)}  # fmt: skip
        self.rows[row["id"]] = row
        return row

    def _changed(self, item: dict[str, Any], now: int) -> dict[str, Any] | None:
        key = item.get("lead_id")
        wanted = (row for row in self.rows.values() if row["data"].get("lead_id") == key)
        row = self.rows.get(item.get("id", "")) or (next(wanted, None) if key else None)
        if row is not None:
            row["data"].update(item.get("update", {}).get("data", {}))
            row["updatedAt"] = now
        return row


def _file_in(reply: Reply) -> bytes | None:
    """What a reply gives as a whole, so that it may be taken for a file; None for nothing."""
    if reply.raw is not None and reply.raw.startswith(WITHOUT_LENGTH):
        return reply.raw.removeprefix(WITHOUT_LENGTH)
    if reply.raw is not None or reply.filler or (size := _told_size(reply)) is None:
        return None
    return reply.content[:size]


def _told_size(reply: Reply) -> int | None:
    """How much of a reply arrives as a whole; None where more is told than there is."""
    told = next((text for name, text in reply.headers if name == "Content-Length"), None)
    size = len(reply.content)
    if reply.framing != "none" or told is None:
        return size
    return int(told) if len(told) < 9 and 0 <= int(told) <= size else None


def _place_of(method: str, path: str) -> tuple[str, str]:
    """The endpoint that a request is for, and what its path names."""
    place = path.partition("?")[0]
    end = place.rsplit("/", 1)[1]
    plain = {
        f"POST {_ONE}/list": "list",
        f"POST {_ONE}/bulk-create": "submit",
        f"PATCH {_ONE}": "submit",
        f"POST {_ONE}": "create",
        "GET /v1/ext/users": "users",
        "GET /v2/ext/users": "users v2",
        "GET /v1/ext/config": "config",
    }
    if (name := plain.get(f"{method} {place}")) is not None:
        return name, ""
    if "/background-job/" in place:
        return ("entries", place.split("/")[-2]) if end == "entries" else ("job", end)
    if place.startswith(f"{_ONE}/"):
        return {"GET": "fetch", "PUT": "update", "DELETE": "delete"}[method], end
    return place_of(method, place) or ("other", "")


def _request(link: socket.socket, rest: bytes) -> tuple[list[str], bytes, bytes]:
    """The lines of a request's head, its body, and what came behind it."""
    head, rest = _until(link, rest, b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    sizes = (int(x.split(":")[1]) for x in lines if x.lower().startswith("content-length"))
    size = next(sizes, 0)
    while len(rest) < size:
        more = link.recv(1 << 16)
        if not more:
            raise OSError("the other side hung up")
        rest += more
    return lines, rest[:size], rest[size:]


def _until(link: socket.socket, begin: bytes, mark: bytes) -> tuple[bytes, bytes]:
    while mark not in begin:
        more = link.recv(1 << 16)
        if not more:
            raise OSError("the other side hung up")
        begin += more
    head, _, rest = begin.partition(mark)
    return head, rest


def _holds(row: dict[str, Any], where: dict[str, Any]) -> bool:
    return all(_compares(row, name, wanted) for name, wanted in where.items())


def _compares(row: dict[str, Any], name: str, wanted: Any) -> bool:
    if name in ("and", "or"):
        return (all if name == "and" else any)(_holds(row, each) for each in wanted)
    held = row.get(name, row["data"].get(name))
    if isinstance(wanted, list):
        return held in wanted
    if not isinstance(wanted, dict):
        return bool(held == wanted)
    return all(_stands(held, operator, value) for operator, value in wanted.items())


def _stands(held: Any, operator: str, value: Any) -> bool:
    if isinstance(held, int) and isinstance(value, str):
        value = round(datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp() * 1000)
    if operator in ("=", "!="):
        return (held == value) is (operator == "=")
    if held is None or not isinstance(held, type(value)):
        return False
    return {">": held > value, ">=": held >= value, "<": held < value, "<=": held <= value}[
        operator
    ]


def _config() -> dict[str, Any]:
    attributes = [
        {"id": f"a-{name}", "shortId": name, "name": name, "procedure": "p-lead",
         "attributeType": kind}
        for name, kind in _TYPES.items()
    ]  # fmt: skip
    remarks = {"id": "a-remarks", "shortId": "remarks", "name": "Remarks",
               "stateTask": "st-visit", "attributeType": "t-text"}  # fmt: skip
    types = [{"id": f"t-{name}", "shortId": name} for name in ("text", "number", "photo")]
    lead = {"id": "p-lead", "shortId": "lead", "name": "Lead", "primaryKey": "lead_id",
            "attributes": [each["id"] for each in attributes],
            "states": [{"id": "s-new", "shortId": "NEW", "name": "New"}]}  # fmt: skip
    return {
        "team": {"id": "t"},
        "procedures": [lead],
        "attributes": [*attributes, remarks],
        "attributeTypes": types,
        "stateTasks": [
            {
                "id": "st-visit",
                "shortId": "visit",
                "name": "Visit",
                "procedure": "p-lead",
                "attributes": ["a-remarks"],
            }
        ],
    }
