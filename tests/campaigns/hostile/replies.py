"""What a server sends back, byte by byte: an honest reply, and how it goes onto the wire.

Shares no code with the sandbox, nor with what it is used against.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SECONDS = 60.0
"""How long an endless reply goes on, if nobody hangs up."""


@dataclass
class Reply:
    """A reply that may be malformed.

    Attributes:
        value: The JSON that it carries; None where `body` was set by hand.
        status: Status line without the version.
        headers: Name and value; `Content-Length` is added if `framing` is `length`.
        body: The bytes instead of `value`.
        framing: `length`, `chunked`, `close` or `none`: no header tells where it ends.
        raw: Sent instead of everything else.
        filler: Sent again and again behind it.
        pause: Seconds between two pieces: of the filler, or of what is sent a byte at a time.
        trickled: What is sent a byte at a time: `head`, `body` or nothing.
        ends: `keep`, `close`, `reset` or `silent`.
    """

    value: Any = None
    status: str = "200 OK"
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | None = None
    framing: str = "length"
    raw: bytes | None = None
    filler: bytes = b""
    pause: float = 0.0
    trickled: str = ""
    ends: str = "keep"

    @classmethod
    def of(cls, data: Any, meta: dict[str, Any] | None = None) -> Reply:
        """An honest one."""
        value = {"_data": data, "_meta": meta or {}, "_errors": []}
        headers = [("Date", formatdate(usegmt=True)), ("Content-Type", "application/json")]
        return cls(value, headers=headers)

    @classmethod
    def plain(cls, value: dict[str, Any]) -> Reply:
        """An honest one in another form than ChakraHQ's envelope: Meta's."""
        return replace(cls.of(None), value=value)

    @property
    def content(self) -> bytes:
        """Its body."""
        return json.dumps(self.value).encode() if self.body is None else self.body

    @property
    def head(self) -> bytes:
        """Status line and headers."""
        headers = list(self.headers)
        if self.framing == "length":
            headers.append(("Content-Length", str(len(self.content))))
        elif self.framing == "chunked":
            headers.append(("Transfer-Encoding", "chunked"))
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {text}" for name, text in headers)]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"

    @property
    def framed(self) -> bytes:
        """Its body as it travels."""
        if self.framing != "chunked":
            return self.content
        parts = [self.content[at : at + 1000] for at in range(0, len(self.content), 1000)]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
        return chunks if self.filler else chunks + b"0\r\n\r\n"


def send(link: socket.socket, reply: Reply, over: Callable[[], bool]) -> bool:
    """Send a reply.

    Args:
        link: The connection.
        reply: What to send.
        over: Whether the case is over, so that nothing is to be sent any more.

    Returns:
        Whether the connection may carry another request.

    Raises:
        OSError: The other side hung up.
    """
    if reply.raw is not None:
        link.sendall(reply.raw)
    else:
        for part, name in ((reply.head, "head"), (reply.framed, "body")):
            _sent(link, part, reply.pause if reply.trickled == name else 0.0, over)
    ends = time.monotonic() + MOST_SECONDS
    while (reply.filler or reply.ends == "silent") and time.monotonic() < ends and not over():
        if reply.filler:
            link.sendall(reply.filler)
        if reply.pause or not reply.filler:
            time.sleep(reply.pause or 0.05)
    if reply.ends == "reset":
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return reply.ends == "keep" and reply.raw is None and reply.framing in ("length", "chunked")


def _sent(link: socket.socket, content: bytes, pause: float, over: Callable[[], bool]) -> None:
    if not pause:
        link.sendall(content)
        return
    for at in range(len(content)):
        if over():
            return
        link.sendall(content[at : at + 1])
        time.sleep(pause)
