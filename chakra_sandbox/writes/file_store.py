"""The files that the sandbox holds: photos, and public media; fetched without a key elsewhere.

ChakraHQ may keep photos on another host and give signed addresses of them (Q24). That host is this
same server by its other name: `localhost` where the API was asked at an address, and the address
where it was asked as `localhost`. It refuses requests that bring a key, as stores of files do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chakra_sandbox.messages import Rejection, RequestIn, ResponseOut, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

_GOOD_FOR_MS = 60_000
"""How long an address of a photo may be asked."""


@dataclass(slots=True)
class HeldFile:
    """A file.

    Attributes:
        file_id: Its id.
        row: What the API shows of it.
        content_type: What it is.
        body: Its bytes.
        at_ms: When it came.
        times: How often it was uploaded.
    """

    file_id: str
    row: Row
    content_type: str
    body: bytes
    at_ms: int
    times: int = field(default=1)

    def told(self) -> Row:
        """Tell of it, for who asks what arrived."""
        return {
            **self.row,
            "id": self.file_id,
            "content_type": self.content_type,
            "bytes": len(self.body),
            "sha256": hashlib.sha256(self.body).hexdigest(),
            "at_ms": self.at_ms,
            "times": self.times,
        }


class FileStore:
    """Files by id; those of one kind."""

    def __init__(self) -> None:
        self._held: dict[str, HeldFile] = {}

    def find(self, file_id: str) -> HeldFile | None:
        """Find a file."""
        return self._held.get(file_id)

    def put(self, file: HeldFile) -> HeldFile:
        """Keep a file; one that is there under this id is replaced, and counted once more."""
        before = self._held.get(file.file_id)
        if before is not None:
            file.times = before.times + 1
        self._held[file.file_id] = file
        return file

    def all(self) -> Iterator[HeldFile]:
        """Go through all of them, in the order in which they came."""
        return iter(self._held.values())


def address_of(request: RequestIn, kind: str, file_id: str, good_until_ms: int | None) -> str:
    """Make the address of a file on the other host; None for ever."""
    asked = urlsplit(f"//{request.headers.get('host', '127.0.0.1')}")
    other = "127.0.0.1" if asked.hostname == "localhost" else "localhost"
    port = f":{asked.port}" if asked.port else ""
    place = f"http://{other}{port}/_files/{kind}/{file_id}"
    if good_until_ms is None:
        return place
    return f"{place}?until={good_until_ms}&signature={_signature(file_id, good_until_ms)}"


def good_until(now_ms: int) -> int:
    """Until when an address that is given now may be asked."""
    return now_ms + _GOOD_FOR_MS


def serve(request: RequestIn, file: HeldFile | None, now_ms: int, *, signed: bool) -> ResponseOut:
    """Answer as a store of files does.

    Raises:
        Rejection: 400 for a request with a key, 403 for a wrong or old signature, 404.
    """
    if "authorization" in request.headers:
        raise Rejection(400, "Only one way of authorization is allowed")
    if signed and (file is None or not _is_good(request, file.file_id, now_ms)):
        raise Rejection(403, "The signature is not good, or no longer")
    if file is None:
        raise Rejection(404, "No such file")
    return ResponseOut(200, file.body, {"content-type": file.content_type})


def _is_good(request: RequestIn, file_id: str, now_ms: int) -> bool:
    until = request.query.get("until", "")
    if not until.isdecimal() or int(until) < now_ms:
        return False
    return request.query.get("signature") == _signature(file_id, int(until))


def _signature(file_id: str, until_ms: int) -> str:
    return hashlib.sha256(f"{file_id}:{until_ms}".encode()).hexdigest()[:32]
