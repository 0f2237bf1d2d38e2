"""What the environment says of the way to ChakraHQ: its proxy and its certificates, checked.

A variable that means nothing is its user's mistake, and no request would ever get through: it is
named, with its value, before the first one. A user and a password in a proxy's URL are not shown.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from chakra_api.errors import SettingsError
from chakra_api.redaction import mask_url

if TYPE_CHECKING:
    from collections.abc import Mapping

BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name certificates; the first one that is set counts."""

_SOCKS: Final = frozenset({"socks4", "socks4a", "socks5", "socks5h"})
_PROXY_SCHEMES: Final = frozenset({"http", "https"}) | _SOCKS
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
"""How OpenSSL finds a certificate in a folder: by the hash of its name."""

_URL: Final = "Write it as http://host:port, or http://user:password@host:port"
_BUNDLE: Final = "Name a file of certificates in PEM, or unset the variable"


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy that requests go through.

    Attributes:
        url: Its address as it may be shown: without user and password.
        variable: The environment's variable that names it.
    """

    url: str
    variable: str

    def __str__(self) -> str:
        return f"{self.url}, which {self.variable} names"


@dataclass(frozen=True, slots=True)
class Bundle:
    """The certificates that the environment names.

    Attributes:
        path: Of a file or a folder.
        variable: The environment's variable that names it.
    """

    path: str
    variable: str


def proxy_of(base: str, proxies: Mapping[str, str]) -> Proxy | None:
    """The proxy of an address, of those that the environment names; None if there is none.

    Args:
        base: Scheme and host of what is asked.
        proxies: As requests finds them: by scheme, or `all`.

    Raises:
        SettingsError: Its URL means nothing, or it needs a package that is not there.
    """
    scheme = urlsplit(base).scheme
    name = next((name for name in (scheme, "all") if proxies.get(name)), None)
    if name is None:
        return None
    url = proxies[name].strip()
    proxy = Proxy(mask_url(url), _variable(f"{name}_proxy"))
    kind = url.partition("://")[0].lower() if "://" in url else "http"
    if kind not in _PROXY_SCHEMES:
        raise SettingsError(
            f"The environment variable {proxy.variable} is '{proxy.url}': there are no proxies"
            f" of the kind {kind}",
            _URL,
        )
    if not _is_address(url):
        raise SettingsError(
            f"The environment variable {proxy.variable} is '{proxy.url}', which is no address of"
            " a proxy",
            _URL,
        )
    if kind in _SOCKS and importlib.util.find_spec("socks") is None:
        raise SettingsError(
            f"The environment variable {proxy.variable} names the SOCKS proxy '{proxy.url}', for"
            " which the package PySocks is missing",
            "Install it beside this command (pip install PySocks), or name an http:// proxy",
        )
    return proxy


def refuse_in_clear(base: str, proxy: Proxy | None) -> None:
    """Refuse a way on which others can read the key: http, but to this machine itself.

    Args:
        base: Scheme and host of what is asked.
        proxy: The proxy on the way; None if there is none.

    Raises:
        SettingsError: Host or proxy are another machine's, as far as their names tell.
    """
    parts = urlsplit(base)
    if parts.scheme != "http":
        return
    if not is_loopback(parts.hostname):
        raise SettingsError(
            f"The setting api_url is {base}: over http the API key can be read on the way",
            "Write it with https://, or set allow_http to true where nobody else is on the way",
        )
    if proxy is not None and not is_loopback(_split(proxy.url).hostname):
        raise SettingsError(
            f"Requests to {base} would carry the API key in clear text through the proxy {proxy}",
            f"Set NO_PROXY to {parts.hostname}, or allow_http to true where nobody else reads it",
        )


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine by its name or address alone: nothing is looked up."""
    if host is None or host.lower() == "localhost":
        return host is not None
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bundle_of(base: str) -> Bundle | None:
    """The certificates that the environment names for an address; None where none are.

    Raises:
        SettingsError: They can't be read.
    """
    variable = next((name for name in BUNDLES if os.environ.get(name)), None)
    if variable is None or urlsplit(base).scheme != "https":
        return None
    path = os.environ[variable]
    if why := _why_unusable(Path(path)):
        raise SettingsError(f"The environment variable {variable} is '{path}', {why}", _BUNDLE)
    return Bundle(path, variable)


def _why_unusable(path: Path) -> str:
    """Why no certificates can be read from there; empty if they can."""
    try:
        if path.is_dir():
            hashed = any(_HASHED.fullmatch(each.name) for each in path.iterdir())
            return "" if hashed else "a folder without certificates that c_rehash has named"
        if not path.exists():
            return "which names no file"
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=str(path))
    except ssl.SSLError:
        return "a file that holds no certificates in PEM"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else ""
        return f"which can't be read ({reason or error})"
    return ""


def _variable(lower: str) -> str:
    """The spelling in which a variable is set; the small one counts where both are."""
    return next(
        (name for name in (lower, lower.upper()) if os.environ.get(name)),
        f"{lower.upper()} (of the system's settings)",
    )


def _is_address(url: str) -> bool:
    try:
        parts = _split(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    """A proxy's address, which may be without a scheme."""
    return urlsplit(url if "://" in url else f"http://{url}")
