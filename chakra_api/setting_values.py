"""The value of a setting: a number, a whole number or a flag, also where it comes as a text.

The environment hands everything over as text, and so do some files. Blank is not set; what is no
number, and a word that nobody knows, is refused: it never means one of two answers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.redaction import Secret, mask_likely
from chakra_api.values.writing import decimal_of, truth_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST: Final = 10**15
"""No setting is a larger number."""
_SHOWN: Final = 60
"""Characters of a value that a message shows."""


def is_set(value: object) -> bool:
    """Whether a value says anything: null and blank text do not."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def number_of(value: object) -> float | None:
    """The number that a value is or spells, an `int` where it is whole; None if it is none."""
    found = decimal_of(value)
    if found is None or not -MOST <= found <= MOST:
        return None
    return int(found) if found == found.to_integral_value() else float(found)


def flag_of(value: object) -> bool | None:
    """The flag that a value is or spells: `true`, `1`, `yes`, `on` …; None if it is none."""
    return truth_of(value) if isinstance(value, (bool, str)) else None


def number(
    config: Mapping[str, object],
    name: str,
    default: float,
    least: float,
    most: float = math.inf,
) -> float:
    """A setting that is a number.

    Raises:
        SettingsError: It is none, less than `least`, or more than `most`.
    """
    value = config.get(name)
    found = number_of(value) if is_set(value) else default
    if found is None or not math.isfinite(found) or not least <= found <= most:
        below = "" if most == math.inf else f" and at most {most:g}"
        raise SettingsError(
            f"The setting {name} is {shown(value)}",
            f"Set a number that is at least {least:g}{below}",
        )
    return found


def whole(
    config: Mapping[str, object],
    name: str,
    default: int,
    least: int,
    most: float = math.inf,
) -> int:
    """A setting that is a whole number.

    Raises:
        SettingsError: It is none, less than `least`, or more than `most`.
    """
    found = number(config, name, default, least, most)
    if not float(found).is_integer():
        raise SettingsError(
            f"The setting {name} is {shown(config.get(name))}",
            f"Set a whole number that is at least {least}",
        )
    return int(found)


def flag(config: Mapping[str, object], name: str) -> bool:
    """A setting that is true or false; false if it is not set.

    Raises:
        SettingsError: It is neither.
    """
    value = config.get(name)
    found = flag_of(value) if is_set(value) else False
    if found is None:
        raise SettingsError(f"The setting {name} is {shown(value)}", "Set it to true or false")
    return found


def shown(value: object, hidden: Iterable[str] = ()) -> str:
    """A value as a message shows it, on one line, not too long, and without what may be a secret.

    Args:
        value: The value.
        hidden: Secrets that no message shows, in whatever value they stand.
    """
    text = repr(value)
    for secret in hidden:
        text = Secret(secret).redact(text)
    text = _without_likely(text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _without_likely(text: str) -> str:
    """A value as Python writes it; of a text alone, its quotes stay."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return f"{text[0]}{mask_likely(text[1:-1])}{text[0]}" if quoted else mask_likely(text)
