"""How a message by a template reads, and which values it needs for that. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_api.endpoints.answers import Row
    from chakra_api.endpoints.message_templates import MessageTemplate

_OF_PLACE: Final = ("name", "address", "latitude", "longitude")
_PLACE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}", re.ASCII)


@dataclass(frozen=True, slots=True)
class LinkButton:
    """A button whose address a message completes.

    Attributes:
        text: What stands on it.
        url: Its address, with a place for what completes it.
    """

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class TemplateText:
    """What a template says, with places for what a message gives.

    Attributes:
        body: Its text.
        header: The text above it; empty if there is none.
        footer: The text below it; the same.
        shows: What its header shows in place of a text: IMAGE, VIDEO, DOCUMENT, LOCATION; empty
            for nothing.
        buttons: Those whose address a message completes.
    """

    body: str
    header: str = ""
    footer: str = ""
    shows: str = ""
    buttons: tuple[LinkButton, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of what its text needs, in order."""
        return _places(self.body)

    @property
    def header_parameters(self) -> tuple[str, ...]:
        """The same of its header."""
        return _places(self.header)

    @property
    def button_parameters(self) -> tuple[str, ...]:
        """The same of its buttons, which are numbered from 1."""
        return tuple(str(number) for number in range(1, len(self.buttons) + 1))

    def filled(self, given: Mapping[str, str]) -> str:
        """A message as it reads.

        Args:
            given: Its values by name: `parameters.1`, `header.1`, `buttons.1`, `image` …; a
                `code` stands in all places.
        """
        if (code := given.get("code")) is not None:
            places = {f"parameters.{name}": code for name in self.parameters}
            given = {**given, **places, **{f"buttons.{n}": code for n in self.button_parameters}}
        return "\n".join(filter(None, self._lines(given)))

    def _lines(self, given: Mapping[str, str]) -> Iterator[str]:
        if self.shows:
            kind = self.shows.lower()
            named = ("filename", kind, *(f"place.{each}" for each in _OF_PLACE))
            yield f"[{kind}: {', '.join(given[each] for each in named if given.get(each))}]"
        yield _filled(self.header, "header", given)
        yield _filled(self.body, "parameters", given)
        yield self.footer
        for number, button in enumerate(self.buttons, 1):
            value = given.get(f"buttons.{number}", "")
            yield f"[{button.text}: {_PLACE.sub(lambda _, to=value: to, button.url)}]"  # type: ignore[misc]  # mypy sees no default of a lambda


def text_of(template: MessageTemplate) -> TemplateText:
    """What a template says, as Meta lists it."""
    body = header = footer = shows = ""
    buttons: list[LinkButton] = []
    for part in template.components:
        kind, text = _word(part, "type"), _text(part, "text")
        if kind == "BODY":
            body = text
        elif kind == "HEADER":
            form = _word(part, "format") or "TEXT"
            header, shows = (text, "") if form == "TEXT" else ("", form)
        elif kind == "FOOTER":
            footer = text
        elif kind == "BUTTONS":
            buttons.extend(_buttons(part))
    return TemplateText(body, header, footer, shows, tuple(buttons))


def _buttons(part: Row) -> Iterator[LinkButton]:
    rows = part.get("buttons")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and _places(_text(row, "url")):
            yield LinkButton(_text(row, "text"), _text(row, "url"))


def _places(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found[1] for found in _PLACE.finditer(text)))


def _filled(text: str, group: str, given: Mapping[str, str]) -> str:
    """A text with its values in their places; a place without one stays as it is."""
    return _PLACE.sub(lambda found: given.get(f"{group}.{found[1]}", found[0]), text)


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _word(row: Row, name: str) -> str:
    return _text(row, name).upper()
