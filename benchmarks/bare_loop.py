"""The least that a reader can do: threads, requests and orjson, pages of a known number of rows.

    python benchmarks/bare_loop.py URL KEY ROWS THREADS

It types nothing, knows no selection and no state, and would lose rows of a table that changes. It
writes the rows as they came as Singer RECORD lines, which are as long as the tap's.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import orjson
import requests

LIMIT = 100


class Pages:
    """Fetches pages, with a session for each thread."""

    def __init__(self, url: str, key: str) -> None:
        self._url = f"{url}/v1/ext/procedure/lead/process/list"
        self._key = key
        self._local = threading.local()

    def lines(self, skip: int) -> bytes:
        """A page as RECORD lines."""
        body = orjson.dumps({"skip": skip, "limit": LIMIT})
        answer = self._session().post(self._url, data=body, timeout=60)
        answer.raise_for_status()
        extracted = datetime.now(timezone.utc).isoformat()
        message = {"type": "RECORD", "stream": "process_lead", "record": None}
        lines = [
            orjson.dumps({**message, "record": row, "time_extracted": extracted})
            for row in orjson.loads(answer.content)["_data"]
        ]
        return b"\n".join(lines) + b"\n"

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {self._key}"
            session.headers["Content-Type"] = "application/json"
        return session


def main() -> None:
    """Read all pages; write them in the order in which they were asked for."""
    url, key, rows, threads = sys.argv[1:]
    pages = Pages(url, key)
    with ThreadPoolExecutor(int(threads)) as pool:
        for lines in pool.map(pages.lines, range(0, int(rows), LIMIT)):
            sys.stdout.buffer.write(lines)


if __name__ == "__main__":
    main()
