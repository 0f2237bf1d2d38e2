"""Opens an answer of the list endpoint, and makes objects of the id and the times of rows only.

The other fields stay in the answer's body, as they came; to type them, it is read again. To pass
over a field costs a third of what it costs to make an object of it, and nothing to forget it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypedDict

import msgspec

from chakra_api.values.coercion import INT64
from chakra_api.wire.envelope import Envelope, envelope_of, open_rows
from chakra_api.wire.transport import GOOD_STATUSES

if TYPE_CHECKING:
    from chakra_api.wire.transport import Response

Int64: TypeAlias = Annotated[int, msgspec.Meta(ge=-INT64, le=INT64 - 1)]
"""An integer that every decoder reads alike."""
_Scalar: TypeAlias = Int64 | float | str | bool | None
"""Anything else (an object, a number beyond 64 bits) is read as all answers are."""


class _Head(TypedDict, total=False):
    """The fields that are read of a row (contract 3.1)."""

    id: _Scalar
    createdAt: _Scalar
    updatedAt: _Scalar


class _Answer(TypedDict, total=False):
    """The envelope of an answer (contract 1.3)."""

    _data: list[_Head]
    _meta: Any
    _errors: Any


_DECODER: Final = msgspec.json.Decoder(_Answer)


def open_heads(response: Response, what: str) -> Envelope:
    """The envelope of a good answer of the list endpoint, its rows without most of their fields.

    Args:
        response: The answer.
        what: What was asked for, as a message names it.

    Returns:
        The same as `open_rows`, but that a row has no fields but `id`, `createdAt` and
        `updatedAt`. Whole rows where the answer can only be read with patience.

    Raises:
        ChakraError: The answer is not a good one; see `chakra_api.errors`.
    """
    answer = _read(response.body) if response.status in GOOD_STATUSES else {}
    if "_data" not in answer or answer.get("_errors"):
        return open_rows(response, what)
    return envelope_of(response, answer["_data"], answer.get("_meta"))


def _read(body: bytes) -> _Answer:
    """The answer in a body; empty where the decoder can't read it."""
    try:
        answer = _DECODER.decode(body)
        # It does not look into the texts that it passes over.
        if not body.isascii():
            body.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return answer
