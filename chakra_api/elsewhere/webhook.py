"""One POST of JSON to an address that its user gave for notices: one try, and no way around."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.redaction import Secret

SECONDS: Final = 10.0
"""How long a notice may take, in all."""
_OK: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)


def post_notice(url: Secret, body: Mapping[str, object], seconds: float = SECONDS) -> str:
    """Send a notice, once; no redirect is followed.

    Args:
        url: Where to: a secret, so that nothing that is said holds it.
        body: The JSON.
        seconds: After which it is given up, whoever is slow.

    Returns:
        Why it did not arrive; empty if it did.
    """
    said = [f"no answer within {seconds:.0f} s"]
    sender = threading.Thread(target=_send, args=(url, body, seconds, said), daemon=True)
    sender.start()
    sender.join(seconds)
    return said[-1]


def _send(url: Secret, body: Mapping[str, object], seconds: float, said: list[str]) -> None:
    try:
        with requests.Session() as session:
            # A proxy and certificates as the environment has them; no password of ~/.netrc.
            session.auth = _unchanged
            answer = session.post(
                url.reveal(), json=body, timeout=seconds, allow_redirects=False, stream=True
            )
            said.append(_verdict(answer.status_code))
    except requests.Timeout:
        said.append(f"no answer within {seconds:.0f} s")
    except requests.exceptions.SSLError:
        said.append("its certificate is not valid for this machine")
    except requests.exceptions.ProxyError:
        said.append("the proxy does not let it through")
    except (requests.RequestException, OSError, ValueError):
        said.append("no connection")


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _verdict(status: int) -> str:
    if status in _OK:
        return ""
    redirect = ", a redirect, which is not followed" if status in _REDIRECTS else ""
    return f"its receiver answered {status}{redirect}"
