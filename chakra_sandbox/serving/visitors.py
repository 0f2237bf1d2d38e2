"""Who may ask the sandbox: programs of this machine, and no page that a browser shows.

A browser lets any page send requests to a port of this machine, and a name that its owner points at
127.0.0.1 makes the answers readable, too. Such requests carry the page's `Origin`, or a `Host` that
is no name of the sandbox.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

_ANY: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - told apart, not listened on
_CONTROL: Final = "/_sandbox/"


def only_known(host: str) -> Middleware:
    """What refuses requests that a page of somebody else has sent, before anything is done.

    Args:
        host: What the sandbox listens on. Where that is every address, any address is one of its
            names, and a name that somebody else chose is none.
    """

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if why := stranger(request, host):
            return web.json_response({"_errors": [why]}, status=403)
        return await handler(request)

    return refuse


def stranger(request: web.BaseRequest, host: str) -> str:
    """Why a request is refused; empty if it is not."""
    asked = _host_of(f"//{request.headers.get('Host', '')}")
    if not _is_ours(asked, host):
        return "The sandbox answers to its own address alone (see Host)"
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.headers['Host']}":
        return "The sandbox answers no page of another place (see Origin)"
    turns = request.path.startswith(_CONTROL) and request.can_read_body
    if turns and request.content_type != "application/json":
        return "Control endpoints take application/json alone"
    return ""


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_ours(asked: str | None, host: str) -> bool:
    if asked is None:
        return False
    if asked in {"localhost", host.lower()}:
        return True
    try:
        address = ipaddress.ip_address(asked)
    except ValueError:
        return False
    return address.is_loopback or host in _ANY
