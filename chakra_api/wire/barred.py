"""Tells from a failed connection what its user has to mend: nothing gets through before.

A certificate that is refused, a proxy that says no, http where TLS is spoken and the reverse: to
try again would only make the user wait for the reason. Once anything was answered the way is known
to be good, and the same failure may pass: a proxy begins anew, a server of many has an old
certificate. `transport.py` calls it so and tries again.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from chakra_api.bad_luck import told_by_machine
from chakra_api.errors import Barred, ChakraError, MachineFault, SettingsError

if TYPE_CHECKING:
    from chakra_api.wire.surroundings import Bundle, Proxy

_PROBE_SECONDS: Final = 3.0
_PLAIN_ANSWERS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}
)
"""OpenSSL's reasons where a server does not speak TLS."""

_NOT_READ: Final = "SSL_CERT_FILE"
"""A variable that names certificates to others, and none to requests."""
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3}) ?([A-Za-z ]{0,40})")
_PROXY_WANTS_A_USER: Final = 407
_FIRST_SERVER_FAULT: Final = 500


@dataclass(frozen=True, slots=True)
class Way:
    """The way that requests take.

    Attributes:
        base: Scheme and host of what is asked.
        proxy: The proxy on it; None if there is none.
        bundle: The certificates that the environment names; None if it names none.
    """

    base: str
    proxy: Proxy | None = None
    bundle: Bundle | None = None


def barred(error: BaseException, way: Way) -> ChakraError | None:
    """What bars the way for good, as far as a failed connection tells; None if nothing does.

    Args:
        error: Of requests, with urllib3's and OpenSSL's inside.
        way: The way that the request took.
    """
    chain = list(_chain(error))
    for each in chain:
        for said in (each, each.__cause__):  # urllib3 keeps the machine's own word as a cause
            if said is not None and isinstance(no := told_by_machine(said), MachineFault):
                return no
    if way.proxy is not None and any(type(each).__name__ == "ProxyError" for each in chain):
        return _by_proxy(chain, way.proxy)
    for each in chain:
        if isinstance(each, ssl.SSLCertVerificationError):
            return _by_certificate(each, way)
        if isinstance(each, ssl.SSLError) and each.reason in _PLAIN_ANSWERS:
            return SettingsError(
                f"The setting api_url is {way.base}, and the server there speaks no TLS",
                "Write api_url with the port that speaks TLS; or with http://, and allow_http",
            )
    if any(isinstance(each, OSError) for each in chain) and _speaks_tls(way):
        return SettingsError(
            f"The setting api_url is {way.base}, and the server there speaks TLS",
            "Write api_url with https:// instead of http://",
        )
    return None


def wants_a_user(way: Way) -> Barred:
    """The error of a proxy that answered with 407."""
    proxy = way.proxy or "on the way"
    made = Barred(
        f"The proxy {proxy}, wants a user and a password, or refuses those that it got",
        "Write them into the variable as http://user:password@host:port",
    )
    made.brief = "proxy 407"
    return made


def _by_proxy(chain: list[BaseException], proxy: Proxy) -> Barred | None:
    """What a proxy said; None if it may say otherwise soon."""
    said = " ".join(str(each) for each in chain)
    tunnel = _TUNNEL.search(str(chain[-1]))
    next_step = f"Check {proxy.variable}, and NO_PROXY for hosts that need no proxy"
    if tunnel is None:
        told = _why(chain[-1], said)
        made = Barred(f"The proxy {proxy}, could not be used: {told}", next_step)
    elif (status := int(tunnel[1])) == _PROXY_WANTS_A_USER:
        return wants_a_user(Way("", proxy))
    elif status >= _FIRST_SERVER_FAULT:
        return None
    else:
        told = f"{status} {tunnel[2]}".strip()
        made = Barred(f"The proxy {proxy}, let nothing through: {told}", next_step)
    made.brief = "proxy"
    return made


def _why(last: BaseException, said: str) -> str:
    """Why a proxy could not be used, in a few words; never a URL that may hold a password."""
    if "only use HTTP" in said:
        return "it speaks no TLS: name it with http://"
    if isinstance(last, ssl.SSLCertVerificationError):
        return f"its certificate was refused ({last.verify_message.rstrip('.')})"
    if isinstance(last, ssl.SSLError):
        return "no TLS with it"
    for name, told in (
        ("NameResolutionError", "its name is not known"),
        ("Connection refused", "connection refused"),
        ("Timeout", "no connection in time"),
        ("timed out", "no connection in time"),
    ):
        if name in said or name in type(last).__name__:
            return told
    return "it let nothing through"


def _by_certificate(error: ssl.SSLCertVerificationError, way: Way) -> Barred:
    why = error.verify_message.strip().rstrip(".")
    if "mismatch" in why:
        next_step = "Check the setting api_url: the certificate belongs to another host"
    elif "expired" in why or "not yet valid" in why:
        next_step = "The server needs a new certificate; or the clock of this machine is wrong"
    elif way.bundle is None and (other := os.environ.get(_NOT_READ)):
        next_step = f"{_NOT_READ} is not read: set REQUESTS_CA_BUNDLE to '{other}', if you trust it"
    elif way.bundle is None:
        next_step = (
            "If you trust it, name its issuer's certificate (a file in PEM) in the environment"
            " variable REQUESTS_CA_BUNDLE"
        )
    else:
        next_step = (
            f"If you trust it, add its issuer's certificate to {way.bundle.path}, which the"
            f" environment variable {way.bundle.variable} names"
        )
    made = Barred(f"The certificate of {way.base} was refused: {why}", next_step)
    made.brief = "certificate"
    return made


def _speaks_tls(way: Way) -> bool:
    """Whether a server that broke off a plain request answers to TLS."""
    parts = urlsplit(way.base)
    if parts.scheme != "http" or way.proxy is not None or parts.hostname is None:
        return False
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent: only whether it answers
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 80), _PROBE_SECONDS) as plain,
            context.wrap_socket(plain),
        ):
            return True
    except (OSError, ValueError):
        return False


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    inner: object = error
    while isinstance(inner, BaseException):
        found.append(inner)
        inner = _wrapped(inner)
    return found


def _wrapped(error: BaseException) -> object:
    """The exception inside another: never its context, which may be an earlier attempt's."""
    inner: object = error.args[0] if error.args else None
    reason: object = getattr(inner, "reason", None)
    if isinstance(reason, BaseException):
        return reason
    # urllib3 puts a text before the exception that it wraps.
    second: object = error.args[1] if len(error.args) > 1 else None
    return inner if isinstance(inner, BaseException) else second
