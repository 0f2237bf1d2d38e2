"""What a message gives for its template, read from ChakraHQ's form and from Meta's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox.messages import Rejection
from chakra_sandbox.whatsapp.meta_errors import MetaRejection
from chakra_sandbox.whatsapp.rendering import Given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.messages import Row

_MEDIA = {"imageUrl": "IMAGE", "videoUrl": "VIDEO", "documentUrl": "DOCUMENT"}


def given_by_chakra(body: Row, template: Row) -> Given:
    """Read 4.23's form.

    Args:
        body: Of the request.
        template: Which it is for: a code of `otpCode` goes into all places of one of the category
            AUTHENTICATION.

    Raises:
        Rejection: 400: a mapping is none.
    """
    media = next((kind for name, kind in _MEDIA.items() if body.get(name)), "")
    if body.get("locationLatitude") and body.get("locationLongitude"):
        media = media or "LOCATION"
    code = body.get("otpCode")
    if template["category"] == "AUTHENTICATION" and isinstance(code, str):
        return Given(body=(code,), buttons={0: code})
    buttons = _mapping(body, "buttonMapping")
    return Given(
        body=_in_order(_mapping(body, "mapping")),
        header=_in_order(_mapping(body, "headerMapping")),
        buttons=dict(zip(_url_buttons(template), _in_order(buttons), strict=False)),
        media=media,
    )


def given_by_meta(part: Row) -> Given:
    """Read the `template` of Meta's form.

    Raises:
        MetaRejection: A component is none.
    """
    made: dict[str, list[str]] = {"body": [], "header": []}
    buttons: dict[int, str] = {}
    media = ""
    for component, parameters in _components(part):
        kind = str(component.get("type", "")).lower()
        texts = [str(each.get("text", "")) for each in parameters if each.get("type") == "text"]
        if kind == "button":
            index = str(component.get("index", ""))
            buttons |= {int(index): text for text in texts if index.isdecimal()}
        elif kind in made:
            made[kind] = texts
            others = [str(each.get("type")) for each in parameters if each.get("type") != "text"]
            media = others[0].upper() if kind == "header" and others else media
        else:
            raise MetaRejection(100, f"Unexpected component {kind}")
    return Given(tuple(made["body"]), tuple(made["header"]), buttons, media)


def _components(part: Row) -> Iterator[tuple[Row, list[Row]]]:
    components = part.get("components", [])
    if not isinstance(components, list):
        raise MetaRejection(100, "template['components'] is a list")
    for component in components:
        parameters = component.get("parameters", []) if isinstance(component, dict) else None
        if not isinstance(parameters, list):
            raise MetaRejection(100, "Each component has a list of parameters")
        yield component, [each for each in parameters if isinstance(each, dict)]


def _url_buttons(template: Row) -> list[int]:
    parts = [p for p in template["components"] if p["type"] == "BUTTONS"]
    buttons = parts[0]["buttons"] if parts else []
    return [at for at, button in enumerate(buttons) if "{{" in button.get("url", "")]


def _mapping(body: Row, name: str) -> dict[str, str]:
    pairs = body.get(name, [])
    if not isinstance(pairs, list) or not all(isinstance(pair, dict) for pair in pairs):
        raise Rejection(400, f"{name} is a list of objects")
    return {
        str(pair.get("schemaPropertyName")): str(pair.get("schemaPropertyValue", ""))
        for pair in pairs
    }


def _in_order(mapping: dict[str, str]) -> tuple[str, ...]:
    """The values of `1`, `2` and so on; a name that is no number leaves the others alone."""
    numbered = sorted((int(name), value) for name, value in mapping.items() if name.isdecimal())
    return tuple(value for _, value in numbered)
