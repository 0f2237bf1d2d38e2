"""What becomes of a masked value: nothing is left of it, a keyed hash, or its first character.

| treatment | of a value becomes |
|---|---|
| `drop` | nothing: its column leaves the schema |
| `hash` | HMAC-SHA-256 of its text, as 64 hexadecimal digits |
| `keep-first` | the first character of a text and `***`; of anything else `***` |

Null stays null, and an empty text empty. The text of a value is what its column would hold: a text
is itself; a number, true and false, a list and an object are their JSON, as it stands in a RECORD,
keys in order, no blanks.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.values.coercion import MISFIT, json_text
from chakra_api.values.spelled import stripped
from tap_chakra.masking.rules import Treatment

if TYPE_CHECKING:
    from chakra_api.redaction import Secret
    from chakra_api.values.coercion import Coercer

Treat: TypeAlias = Callable[[object], object]
"""Makes of a value what leaves in its place, or `DROPPED`."""

HIDDEN: Final = "***"


class Dropped:
    """The type of `DROPPED`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "DROPPED"


DROPPED: Final = Dropped()
"""What leaves in place of a value of which nothing is to leave."""


def text_of(value: object) -> str:
    """The text of a value, over which it is hashed."""
    bare = stripped(value)
    return bare if isinstance(bare, str) else json_text(bare, plain=True)


def treat_of(treatment: Treatment, salt: Secret | None) -> Treat:
    """What treats values so.

    Args:
        treatment: How.
        salt: The key of hashes.
    """
    if treatment is Treatment.DROP:
        return _drop
    return _keep_first if treatment is Treatment.KEEP_FIRST else _hashing(salt)


def as_typed(reads: Coercer, treat: Treat) -> Treat:
    """What treats a value as its column would hold it; one that does not fit, as it came.

    Args:
        reads: What makes values fit the column.
        treat: What treats them then.
    """

    def typed(value: object) -> object:
        fitting = reads(value)
        return treat(value if fitting is MISFIT else fitting)

    return typed


def _drop(_: object) -> object:
    return DROPPED


def _keep_first(value: object) -> object:
    if value is None or value == "":
        return value
    return text_of(value)[:1] + HIDDEN if isinstance(value, str) else HIDDEN


def _hashing(salt: Secret | None) -> Treat:
    assert salt is not None  # noqa: S101 - the settings are refused without
    keyed = hmac.new(salt.reveal().encode(), digestmod="sha256")

    def hashed(value: object) -> object:
        if value is None or value == "":
            return value
        made = keyed.copy()
        text = value if type(value) is str else text_of(value)
        made.update(text.encode(errors="replace"))
        return made.hexdigest()

    return hashed
