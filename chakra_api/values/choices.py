"""Choices: a value of a source that means one of an attribute's options, by its value or label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chakra_api.values.writing import Unfit, decimal_of, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chakra_api.values.writing import Writer

_SHOWN: Final = 12
"""Options that a message lists."""


class Option(NamedTuple):
    """One of the values that a choice may take.

    Attributes:
        value: As ChakraHQ stores it.
        label: As people see it.
    """

    value: str
    label: str


class Choices:
    """The options of one attribute, found by value, else by value or label without case.

    Args:
        options: All of them.
        noun: What they are called in messages, as `choices`.
        numeric: Whether they are numbers: 1 and 1.0 are one.
    """

    def __init__(
        self, options: Iterable[Option], noun: str = "choices", *, numeric: bool = False
    ) -> None:
        self._options = tuple(options)
        self._noun = noun
        self._numbers = {decimal_of(o.value): o.value for o in self._options if numeric}
        self.values = frozenset(option.value for option in self._options)
        self._folded: dict[str, dict[str, None]] = {}
        for option in self._options:
            for name in {_folded(option.value), _folded(option.label)} - {""}:
                self._folded.setdefault(name, {})[option.value] = None

    def find(self, value: object) -> str | Unfit:
        """The stored value of the option that a value means."""
        text = write_text(value)
        if not isinstance(text, str):
            return Unfit(f"is none of its {self._noun}")
        if text in self.values:
            return text
        number = decimal_of(value) if self._numbers else None
        if number is not None and number in self._numbers:
            return self._numbers[number]
        meant = list(self._folded.get(_folded(text), ()))
        if len(meant) == 1:
            return meant[0]
        if meant:
            return Unfit(f"means {len(meant)} of its {self._noun}: {', '.join(meant)}")
        return Unfit(f"is none of its {self._noun}: {self._listed()}")

    def _listed(self) -> str:
        values = [option.value for option in self._options]
        more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
        return ", ".join(values[:_SHOWN]) + more


def choice_writer(choices: Choices, stored: Writer) -> Writer:
    """Writes the option that a value means, in the type that ChakraHQ stores it in."""

    def write(value: object) -> object:
        found = choices.find(value)
        if not isinstance(found, Unfit):
            return stored(found)
        held = stored(value)
        return found if isinstance(held, Unfit) else Unfit(found.reason, held)

    return write


def _folded(text: str) -> str:
    return text.strip().casefold()
