"""The signature of a webhook call: HMAC-SHA-256 of the raw body in hex (contract 4.30). Pure."""

from __future__ import annotations

import re
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_of
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.redaction import Secret

HEADER: Final = "X-Chakra-Signature-256"
_OF_ADDRESS: Final = b"the address of unsigned calls"
_TOKEN_DIGITS: Final = 32
_DIGITS: Final = re.compile(r"[0-9a-fA-F]{64}")


def signature(body: bytes, secret: Secret) -> str:
    """The signature of a body: 64 hexadecimal digits, without a prefix.

    Args:
        body: As it goes over the wire.
        secret: The team's HMAC secret.
    """
    return hmac_of(secret.reveal().encode(), body, sha256).hexdigest()


def is_signed(body: bytes, given: Sequence[str], secrets: Sequence[Secret]) -> bool:
    """Whether a body is signed with one of the secrets.

    It takes as long whichever secret it is, and whichever digit is wrong.

    Args:
        body: As it came.
        given: What the header says, each time that it stands there: more than one proves nothing.
        secrets: Those that count: the one of today, and for a while the one before.
    """
    if len(given) != 1 or not _DIGITS.fullmatch(given[0]):
        return False
    said = bytes.fromhex(given[0])
    matches = [compare_digest(said, bytes.fromhex(signature(body, each))) for each in secrets]
    return any(matches)


def unsigned_token(secret: Secret) -> str:
    """What the address of unsigned calls ends with: nobody who lacks the secret can guess it.

    Args:
        secret: The team's HMAC secret.
    """
    return signature(_OF_ADDRESS, secret)[:_TOKEN_DIGITS]


def is_token(given: str, secrets: Sequence[Secret]) -> bool:
    """Whether an address ends with what it must; in constant time.

    Args:
        given: The end of the address.
        secrets: Those that count.
    """
    said = given.encode(errors="surrogatepass")
    matches = [compare_digest(said, unsigned_token(each).encode()) for each in secrets]
    return any(matches)
