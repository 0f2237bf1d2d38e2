"""What the columns of a message become: parameters, public addresses, whole messages. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from chakra_api.errors import SettingsError
from chakra_api.values.phone_numbers import write_phone
from chakra_api.values.writing import Unfit, decimal_of, write_json, write_text
from target_chakra.mapping.call_mapper import ContentPart, constant_part, named_part

if TYPE_CHECKING:
    from chakra_api.values.writing import Writer
    from target_chakra.call_settings.message_sources import Source

PHONE: Final = "phone"
PROCESS: Final = "process"
TEXT: Final = "text"
MESSAGE: Final = "message"
CODE: Final = "code"
MOST_CODE: Final = 15
"""Characters of a code that WhatsApp takes."""
MOST_TEXT: Final = 4_096
"""Characters of a plain text that WhatsApp takes."""
_CODE: Final = re.compile(rf"[A-Za-z0-9]{{1,{MOST_CODE}}}", re.ASCII)
_UGLY: Final = re.compile(r"[\n\r\t]| {5,}")
"""What WhatsApp refuses in a parameter."""


def phone_part(column: str) -> ContentPart:
    """The part of a phone number; what a row says there stands in no reason."""
    return named_part(column, PHONE, write_phone)._replace(is_private=True)


def process_part(column: str) -> ContentPart:
    """The part that names a process."""
    return named_part(column, PROCESS, write_text, "an id or a primary key")


def source_part(source: Source, name: str, write: Writer, where: str) -> ContentPart:
    """The part of a value of a message.

    Args:
        source: Where it comes from.
        name: Its name in the content.
        write: Makes its value.
        where: The mapping, for messages.

    Raises:
        SettingsError: It is a constant that can't be sent.
    """
    if source.column:
        return named_part(source.column, name, write)
    wire = write(source.constant)
    if isinstance(wire, Unfit):
        raise SettingsError(f"In {where} the value of {name} {wire.reason}", "Correct it")
    return constant_part(source.constant, name, write)


def write_parameter(value: object) -> object:
    """The value of a parameter: a text on one line."""
    text = write_text(value)
    if not isinstance(text, str):
        return text
    if not text.strip():
        return Unfit("is blank, and WhatsApp takes no empty parameter")
    if _UGLY.search(text):
        return Unfit("holds a line break, a tab or more than four blanks in a row")
    return text


def write_public_url(value: object) -> object:
    """The address of a file that WhatsApp fetches."""
    text = write_text(value)
    if not isinstance(text, str) or not text.isprintable() or " " in text.strip():
        return Unfit("is no public address")
    try:
        found = urlsplit(text.strip())
    except ValueError:
        return Unfit("is no public address")
    if found.scheme.lower() not in ("http", "https") or not found.hostname:
        return Unfit("is no public address (https://…)")
    return text.strip()


def write_code(value: object) -> object:
    """The code that a message brings."""
    text = write_text(value)
    if not isinstance(text, str) or not _CODE.fullmatch(text.strip()):
        return Unfit(f"is no code: WhatsApp takes up to {MOST_CODE} letters and digits")
    return text.strip()


def write_degrees(most: int) -> Writer:
    """What writes degrees on a map, on either side of zero.

    Args:
        most: Degrees at the most.
    """

    def wrote(value: object) -> object:
        degrees = decimal_of(value)
        if degrees is None or abs(degrees) > most:
            return Unfit(f"is no number of degrees from -{most} to {most}")
        return format(degrees, "f")

    return wrote


def code_part(column: str) -> ContentPart:
    """The part of a code; what a row says there stands in no reason."""
    return named_part(column, CODE, write_code)._replace(is_private=True)


def write_plain_text(value: object) -> object:
    """The text of a plain message."""
    text = write_text(value)
    if isinstance(text, str) and not text.strip():
        return Unfit("is blank")
    if isinstance(text, str) and len(text) > MOST_TEXT:
        return Unfit(f"has {len(text):,} characters, and WhatsApp takes {MOST_TEXT:,}")
    return text


def write_message(value: object) -> object:
    """A whole message, as Meta takes it, with its number as digits alone."""
    message = write_json(value)
    if not isinstance(message, dict):
        return Unfit("is no JSON object")
    whose = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    for name, only in whose.items():
        if message.get(name, only) != only:
            return Unfit(f"has a {name} that is not '{only}'")
    to, kind = message.get("to"), message.get("type", "text")
    digits = Unfit("is missing") if to is None else write_phone(to)
    if isinstance(digits, Unfit):
        return Unfit(f"has a 'to' that {digits.reason}")
    if not isinstance(kind, str) or not isinstance(message.get(kind), dict):
        return Unfit("says in 'type' what it does not hold")
    return {**whose, **message, "to": digits, "type": kind}
