"""Fills a template with what a message gives, or refuses it as Meta does. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chakra_sandbox.whatsapp.meta_errors import MetaRejection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chakra_sandbox.messages import Row

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_UGLY = re.compile(r"[\n\t]| {5,}")
_MOST_TEXT = 1024


@dataclass(frozen=True, slots=True)
class Given:
    """What a message brings for its template.

    Attributes:
        body: Parameters of the text, in their order.
        header: Those of a header of text.
        buttons: Those of buttons, by the button's place.
        media: The format of the header's media that it brings; empty for none.
    """

    body: Sequence[str] = ()
    header: Sequence[str] = ()
    buttons: Mapping[int, str] = field(default_factory=dict)
    media: str = ""


def filled(template: Row, given: Given) -> str:
    """The text of a message as it reads.

    Raises:
        MetaRejection: The parameters are not those of the template.
    """
    parts = {part["type"]: part for part in template["components"]}
    header, body = parts.get("HEADER", {}), parts.get("BODY", {})
    _check_header(header, given)
    _check_count("body", body.get("text", ""), given.body)
    _check_buttons(parts.get("BUTTONS", {}).get("buttons", ()), given)
    for value in (*given.body, *given.header, *given.buttons.values()):
        _check_value(value)
    text = _put(body.get("text", ""), given.body)
    if len(text) > _MOST_TEXT:
        raise MetaRejection(132005, f"body: text has more than {_MOST_TEXT} characters")
    return text


def places_in(text: str) -> int:
    """Count the different parameters of a text."""
    return len(set(_PLACE.findall(text)))


def _check_header(header: Row, given: Given) -> None:
    wanted = header.get("format", "TEXT")
    if wanted == "TEXT":
        _check_count("header", header.get("text", ""), given.header)
    elif given.media != wanted:
        raise MetaRejection(
            132012,
            f"header: Format mismatch, expected {wanted}, received {given.media or 'UNKNOWN'}",
        )


def _check_count(name: str, text: str, values: Sequence[str]) -> None:
    expected = places_in(text)
    if len(values) != expected:
        raise MetaRejection(
            132000,
            f"{name}: number of localizable_params ({len(values)}) does not match the expected"
            f" number of params ({expected})",
        )


def _check_buttons(buttons: Sequence[Row], given: Given) -> None:
    for index, button in enumerate(buttons):
        if places_in(button.get("url", "")) and index not in given.buttons:
            raise MetaRejection(
                131008, f"buttons: Button at index {index} of type Url requires a parameter"
            )


def _check_value(value: str) -> None:
    if not value.strip():
        raise MetaRejection(131008, "Parameter of type text is missing text value")
    if _UGLY.search(value):
        raise MetaRejection(
            132018,
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        )


def _put(text: str, values: Sequence[str]) -> str:
    named = dict(zip(sorted(set(_PLACE.findall(text)), key=_order), values, strict=True))
    return _PLACE.sub(lambda found: named[found[1]], text)


def _order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() else (0, name)
