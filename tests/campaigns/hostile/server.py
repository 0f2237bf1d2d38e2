"""An account that answers honestly, but where a case says otherwise; and a host that is not ours.

It knows one procedure with a primary key, a few users, and jobs that are done at once.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from tests.campaigns.hostile.replies import Reply, send

if TYPE_CHECKING:
    from collections.abc import Callable

    Spoil = Callable[[Reply, "Hostile"], Reply]

KEY: Final = "hostile-key-that-never-leaves-4711"
HOUR_MS: Final = 3_600_000
ENDPOINTS: Final = ("config", "users", "users v2", "list", "submit", "job", "entries")
_ATTRIBUTES: Final = ("lead_id", "name", "score")


class Hostile:
    """The server of one case after another.

    Attributes:
        rows: What it holds, by id.
        users: Its users.
        spoilt: How many replies were spoilt.
        strangers: Connections to the other host.
        jobs: Entries of each job.
    """

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._elsewhere = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.elsewhere = f"http://127.0.0.1:{self._elsewhere.getsockname()[1]}"
        self._lock = threading.Lock()
        self._case = 0
        self.begin(0, "", None, 0)
        self.strangers = 0
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
                self._add({"lead_id": f"L-{number}", "name": f"Name {number}", "score": number},
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
            self.spoilt = self.asked = self.strangers = 0

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
            link.close()

    def _talk(self, link: socket.socket, case: int) -> None:
        with suppress(OSError), link:
            rest = b""
            while True:
                head, rest = _until(link, rest, b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")
                size = next(
                    (int(x.split(":")[1]) for x in lines if x.lower().startswith("content-length")),
                    0,
                )
                while len(rest) < size:
                    more = link.recv(1 << 16)
                    if not more:
                        return
                    rest += more
                method, path, _ = lines[0].split(" ", 2)
                reply = self._reply(method, path, rest[:size], case)
                rest = rest[size:]
                if not send(link, reply, lambda: self._case != case):
                    return

    def _reply(self, method: str, path: str, body: bytes, case: int) -> Reply:
        with self._lock:
            self.asked += 1
            endpoint, reply = self._honest(method, path, body)
            if case != self._case or endpoint != self._endpoint or not self._left:
                return reply
            self._left -= 1
            self.spoilt += 1
            return reply if self._spoil is None else self._spoil(reply, self)

    # The account

    def _honest(self, method: str, path: str, body: bytes) -> tuple[str, Reply]:
        place, _, query = path.partition("?")
        asked = json.loads(body) if body else {}
        if place.endswith("/process/list"):
            return "list", self._listed(asked)
        if method in ("POST", "PATCH"):
            items = asked if isinstance(asked, list) else asked["processes"]
            return "submit", self._submitted(items, creates=method == "POST")
        if place.endswith("/ext/users"):
            name = "users v2" if place.startswith("/v2") else "users"
            return name, Reply.of([] if "skip" in query else self.users, {"hasMore": False})
        return self._other(place)

    def _other(self, place: str) -> tuple[str, Reply]:
        if place == "/v1/ext/config":
            return "config", Reply.of(_config())
        if place.endswith("/entries"):
            return "entries", Reply.of(self.jobs.get(place.split("/")[-2], []))
        if "/background-job/" in place:
            return "job", self._job(place.rsplit("/", 1)[1])
        return "other", Reply.of({})

    def _listed(self, asked: dict[str, Any]) -> Reply:
        found = [row for row in self.rows.values() if _holds(row, asked.get("where") or {})]
        found.sort(key=lambda row: (row["createdAt"], row["id"]))
        skip, limit = asked.get("skip", 0), min(asked.get("limit", 10), 100)
        return Reply.of(found[skip : skip + limit], {"hasMore": len(found) > skip + limit})

    def _submitted(self, items: list[dict[str, Any]], *, creates: bool) -> Reply:
        job, now = str(uuid.uuid4()), int(time.time() * 1000)
        entries = self.jobs[job] = []
        if self._refuses and self._endpoint == "submit" and self._left:
            return Reply.of({"id": job})
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
         "attributeType": "t-number" if name == "score" else "t-text"}
        for name in _ATTRIBUTES
    ]  # fmt: skip
    types = [{"id": "t-text", "shortId": "text"}, {"id": "t-number", "shortId": "number"}]
    lead = {"id": "p-lead", "shortId": "lead", "name": "Lead", "primaryKey": "lead_id",
            "attributes": [each["id"] for each in attributes],
            "states": [{"id": "s-new", "shortId": "NEW", "name": "New"}]}  # fmt: skip
    return {
        "team": {"id": "t"},
        "procedures": [lead],
        "attributes": attributes,
        "attributeTypes": types,
    }
