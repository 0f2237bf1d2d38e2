"""Checks a knob's value against its annotation, and reads one from a command line."""

from __future__ import annotations

import types
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Union, get_args, get_origin

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping


_KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}


class KnobError(ValueError):
    """A knob that does not exist or a value it does not take."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The values that a knob takes.

    Attributes:
        kind: What they are, in words.
        choices: The values themselves, where there are only these.
    """

    kind: str
    choices: tuple[str, ...] = ()


def taken(hint: Any) -> Taken:  # noqa: ANN401 - an annotation
    """The values that a knob takes, by its annotation."""
    origin = get_origin(hint)
    if origin is Literal:
        return Taken("one of", get_args(hint))
    if origin in (Union, types.UnionType):
        inner = taken(get_args(hint)[0])
        return Taken(f"{inner.kind}, or null", inner.choices)
    if origin is tuple:
        inner = taken(get_args(hint)[0])
        return Taken("some of" if inner.choices else "a list", inner.choices)
    return Taken(_KINDS.get(hint, "an object"))


def read_setting(text: str) -> tuple[str, object]:
    """Read `knob=value`; the value is JSON if it parses as such, else a string.

    Raises:
        KnobError: There is no `=`.
    """
    name, sign, value = text.partition("=")
    if not sign:
        raise KnobError(f"--set takes knob=value, not {text!r}")
    try:
        return name.strip(), orjson.loads(value)
    except orjson.JSONDecodeError:
        return name.strip(), value


def check_value(name: str, hint: Any, value: object) -> Any:  # noqa: ANN401 - typed by the hint
    """Return the value as the hint wants it.

    Raises:
        KnobError: It does not fit, naming what would.
    """
    origin = get_origin(hint)
    if origin is Literal:
        return _one_of(name, get_args(hint), value)
    if origin in (Union, types.UnionType):
        return None if value is None else check_value(name, get_args(hint)[0], value)
    if origin is tuple:
        return _many(name, get_args(hint)[0], value)
    if is_dataclass(hint):
        return _made(name, hint, value)
    return _scalar(name, hint, value)


def _one_of(name: str, allowed: tuple[object, ...], value: object) -> object:
    # On a command line a text of digits is a number: --set missing_row=404.
    if type(value) is int and str(value) in allowed:
        return str(value)
    if value not in allowed:
        raise KnobError(f"{name} is one of {', '.join(map(str, allowed))}, not {value!r}")
    return value


def _many(name: str, hint: Any, value: object) -> tuple[object, ...]:  # noqa: ANN401 - an annotation
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise KnobError(f"{name} is a list, not {value!r}")
    return tuple(check_value(name, hint, item) for item in items if item != "")


def _made(name: str, kind: Any, value: object) -> object:  # noqa: ANN401 - a dataclass
    if isinstance(value, kind):
        return value
    if not isinstance(value, dict):
        raise KnobError(f"{name} holds objects, not {value!r}")
    try:
        return kind.from_json(value)
    except (TypeError, ValueError) as error:
        raise KnobError(f"{name}: {error}") from error


def _scalar(name: str, hint: Any, value: object) -> object:  # noqa: ANN401 - an annotation
    if hint is str and isinstance(value, str):
        return value
    if hint is bool:
        return _one_of(name, (True, False), value) is True
    numbers = int if hint is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, numbers):
        raise KnobError(f"{name} is {'a whole' if hint is int else 'a'} number, not {value!r}")
    if value < 0:
        raise KnobError(f"{name} is not negative, unlike {value!r}")
    return hint(value)
