"""The few calls of ChakraHQ's API that every peer which writes makes, as a user writes them.

Rows are looked up a hundred keys at a time, compared as Python does, and sent in one bulk update
and one bulk create, each followed to the end of its job. What ChakraHQ refuses is asked for and
named. Nothing is kept between two runs.
"""

from __future__ import annotations

import time
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Row = dict[str, Any]

BATCH = 1000
"""Rows that are sent at a time."""
KEYS = 100
TIMEOUT = 60
FIRST_LOOK, LONGEST_PAUSE = 0.1, 5.0


def plain(row: Row) -> Row:
    """A row as JSON has it: frameworks make decimals and datetimes of what came as JSON."""
    return {name: _plain(value) for name, value in row.items() if value is not None}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a value of a row
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        text = value.astimezone(timezone.utc).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


class Chakra:
    """One procedure of ChakraHQ.

    Args:
        url: Base URL.
        token: Access token.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._path = f"{url}/v1/ext/procedure/lead/process"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        # Said before anything was done: these may be repeated, also where they write.
        throttled = Retry(
            total=8, backoff_factor=0.5, status_forcelist=(429, 503), allowed_methods=None
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=throttled))

    def upsert(self, rows: Iterable[Row], key: str) -> list[str]:
        """Write rows by their key; a line for each that was refused."""
        # A job must not hold a process twice: of two rows the last one counts.
        wanted = {row[key]: row for row in rows}
        held = self._held(key, list(wanted))
        changed, new = [], []
        for name, row in wanted.items():
            there = held.get(name)
            if there is None:
                new.append({key: name, "data": row})
            elif fields := {each: row[each] for each in row if there.get(each) != row[each]}:
                changed.append({key: name, "update": {"data": fields}})
        refused = self._sent("PATCH", self._path, {"processes": changed}) if changed else []
        if new:
            refused += self._sent("POST", f"{self._path}/bulk-create", new)
        return [f"{item[key]}: {why}" for item, why in refused]

    def append(self, rows: Sequence[Row]) -> list[str]:
        """Create a process of each row; a line for each that was refused."""
        items = [{"data": row} for row in rows]
        refused = self._sent("POST", f"{self._path}/bulk-create", items)
        return [f"{item['data']}: {why}" for item, why in refused]

    def _held(self, key: str, names: Sequence[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for at in range(0, len(names), KEYS):
            body = {"where": {key: names[at : at + KEYS]}, "limit": KEYS}
            page = self._asked("POST", f"{self._path}/list", body)["_data"]
            found.update((each["data"][key], each["data"]) for each in page)
        return found

    def _sent(self, method: str, path: str, body: object) -> list[tuple[Row, str]]:
        """Submit a bulk request, wait for its job; the items that were refused, and why."""
        job = self._asked(method, path, body)["_data"]["id"]
        path, pause = f"{self._url}/v1/ext/background-job/{job}", FIRST_LOOK
        while True:
            told = self._asked("GET", path)
            counts = told["_meta"]["bjEntryCompletionStatusVsCount"]
            if told["_data"].get("completedAt") and not counts.get("NOT_STARTED"):
                break
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        failed = counts.get("ERROR", 0) + counts.get("INVALID", 0)
        return list(self._refused(f"{path}/entries")) if failed else []

    def _refused(self, path: str | None) -> Iterator[tuple[Row, str]]:
        while path:
            page = self._asked("GET", path)
            for entry in page["_data"]:
                if entry["completionStatus"] in ("ERROR", "INVALID"):
                    yield entry["data"], entry["statusMessage"]
            following = page["_meta"].get("nextPage")
            path = f"{self._url}{following}" if following else None

    def _asked(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        answer = self._session.request(method, path, json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()
