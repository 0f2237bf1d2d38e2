"""Tells how much memory an answer will take before objects are made of it.

Three bytes of JSON, `{},`, become a hundred and more of memory. So the values of an answer are
counted in its bytes, and one that holds too many is not parsed.
"""

from __future__ import annotations

from typing import Final

from chakra_api.errors import AnswerTooLarge, Boundless
from chakra_api.wire.bodies import CHECK_URL, MOST_ANSWER_BYTES

MOST_VALUES: Final = 1_500_000
"""Values of an answer at the most. A configuration of 3,000 procedures has some million."""

VALUE_BYTES: Final = 32
"""Bytes that a value counts for at the least; see `weight_of`."""

_BEGINS: Final = b"{[,"
_OTHERS: Final = bytes(byte for byte in range(256) if byte not in _BEGINS)
_SHORTEST: Final = 1.5
"""Bytes of a value at the least, its share of brackets and commas among them: `[],`."""
_PIECE: Final = 1 << 18


def weight_of(body: bytes) -> int:
    """What an answer weighs: its bytes, or `VALUE_BYTES` for each of its values if that is more.

    What stands in a text may count, too.
    """
    return max(len(body), VALUE_BYTES * _begun(body))


def refuse_many_values(body: bytes, most_bytes: int | None, ceiling: int | None = None) -> None:
    """Refuse an answer with more values than its reader has room for.

    Args:
        body: The answer, decompressed.
        most_bytes: How large its reader wants it at the most; None for any size.
        ceiling: How large any such answer of ChakraHQ's is; None for `MOST_ANSWER_BYTES`.

    Raises:
        AnswerTooLarge: It holds more than its reader wants.
        Boundless: It holds more than any answer of ChakraHQ's.
    """
    ceiling = ceiling or MOST_ANSWER_BYTES
    most = min((most_bytes or ceiling) // VALUE_BYTES, MOST_VALUES)
    if len(body) <= most * _SHORTEST or _begun(body) <= most:
        return
    values = values_in(body)
    if values <= most:
        return
    if most_bytes is not None:
        raise AnswerTooLarge(
            f"An answer has more than {most:,} values", size=max(len(body), VALUE_BYTES * values)
        )
    raise Boundless(
        f"An answer has {values:,} values in {len(body):,} bytes, more than {most:,}, and was"
        " not read",
        f"No answer of ChakraHQ's has as many. {CHECK_URL}",
    )


def values_in(body: bytes) -> int:
    """How many values JSON may hold, by the brackets and commas that stand in no text.

    Read piece by piece: it needs no memory to speak of, whatever the answer is.
    """
    found = at = 0
    in_text = False
    while at < len(body):
        piece = body[at : at + _PIECE]
        if (len(piece) - len(piece.rstrip(b"\\"))) % 2:
            piece += body[at + len(piece) : at + len(piece) + 1]  # with what is escaped
        at += len(piece)
        parts = piece.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        found += sum(map(_begun, parts[in_text::2]))
        in_text ^= len(parts) % 2 == 0
    return found


def _begun(text: bytes) -> int:
    return len(text.translate(None, _OTHERS))
