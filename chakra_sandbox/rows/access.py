"""Bearer tokens and what their roles may do (contract 1.2, Q2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chakra_sandbox.messages import Rejection, RequestIn
from chakra_sandbox.rows.people import USERS

if TYPE_CHECKING:
    from collections.abc import Mapping

Role = Literal["ADMIN", "USER", "READ_ONLY", "FORBIDDEN"]


@dataclass(frozen=True, slots=True)
class Token:
    """A key and its rights.

    Attributes:
        role: ADMIN sees and does all; USER sees the processes assigned to its user; READ_ONLY
            gets 403 for writes; FORBIDDEN gets 403 for everything.
        procedure: The only procedure it may use, None for all; others answer 403.
    """

    role: Role = "ADMIN"
    procedure: str | None = None

    @property
    def user_id(self) -> str:
        """The user it acts as."""
        return USERS[0].id


DEFAULT_KEY = "sandbox-admin-key"


def default_tokens(api_key: str = DEFAULT_KEY) -> dict[str, Token]:
    """Return the sandbox's keys; `api_key` is the one that may do everything."""
    return {
        "sandbox-user-key": Token("USER"),
        "sandbox-readonly-key": Token("READ_ONLY"),
        "sandbox-forbidden-key": Token("FORBIDDEN"),
        "sandbox-lead-only-key": Token("ADMIN", "lead"),
        api_key: Token("ADMIN"),
    }


def bearer(request: RequestIn) -> str | None:
    """Return the key a request carries."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def admit(request: RequestIn, tokens: Mapping[str, Token]) -> Token:
    """Find the token of a request.

    Raises:
        Rejection: 401 without a known key, 403 for a key without any right.
    """
    key = bearer(request)
    if key is None:
        raise Rejection(401, "Missing access token")
    if key not in tokens:
        raise Rejection(401, "Invalid access token")
    if tokens[key].role == "FORBIDDEN":
        raise Rejection(403, "Your access role does not allow this")
    return tokens[key]


def check_writes(token: Token) -> None:
    """Check that a token may change anything.

    Raises:
        Rejection: 403.
    """
    if token.role == "READ_ONLY":
        raise Rejection(403, "Your access role does not allow changes")


def check_procedure(token: Token, short_id: str, *, writes: bool) -> None:
    """Check that a token may use a procedure.

    Raises:
        Rejection: 403.
    """
    if token.procedure not in (None, short_id):
        raise Rejection(403, f"Your access role does not allow procedure {short_id}")
    if writes:
        check_writes(token)
