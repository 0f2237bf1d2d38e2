"""The forms that a secret takes in a text: as it is, encoded, split by line breaks, cut off.

A text that holds none, and that is nearly every one, is told by a few searches for whole forms. One
that is written in a mixture of ways is decoded, and masked where it would give the secret away.
"""

from __future__ import annotations

import base64
import html
import json
import re
from math import isqrt
from typing import Final
from urllib.parse import quote, quote_plus, unquote

MASK: Final = "***"
_SHORTEST_ENCODED: Final = 6  # a shorter piece of base64 would hit ordinary words
_SHORTEST_SPLIT: Final = 8  # a shorter secret may stand in ordinary words with blanks between
_LEAST_OF_CUT: Final = 8  # a shorter beginning of a secret may be that of an ordinary word
_MOST_OF_CUT: Final = 4096  # no key is nearly as long
_LEAST: Final = 6  # a shorter secret may stand within ordinary words
_MOST_ROUNDS: Final = 8
_IGNORED: Final = (
    r"[\s\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u3164\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
"""What is not seen between two characters."""
_COLOURS: Final = r"\x1b\[[0-9;]{0,16}[A-Za-z]"
"""What sets a terminal's colours: it is not seen, either."""
_BASE64: Final = "[A-Za-z0-9+/_-]"
_CUT: Final = r"(?=\s*(?:\.\.\.|…|[\"'<\r\n\\]|\Z))"
"""What follows where a text was cut off: its end, a quote's, or dots that say so."""
_UNSEEN: Final = re.compile(f"(?:{_COLOURS}|{_IGNORED})+")
_ESCAPE: Final = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|([nrt])|(.))"
)
_LEADING_ZEROS: Final = re.compile(r"&#([xX]?)0+")
_NO_CHARACTER: Final = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
_NAMED: Final = {
    "&": "amp",
    "<": "lt",
    ">": "gt",
    '"': "quot",
    "'": "apos",
    "/": "sol",
    "+": "plus",
}


class Forms:
    """The forms of one secret.

    Args:
        value: The secret.
    """

    __slots__ = ("_coded", "_coded_forms", "_folded", "_plain", "_spread", "_value")

    def __init__(self, value: str) -> None:
        forms = sorted(_whole_forms(value), key=len, reverse=True)
        self._value = value
        self._folded = _told_by({form.lower() for form in forms}, value.lower())
        self._plain = re.compile(_plain_pattern(value, forms), re.IGNORECASE)
        coded = _base64_forms(value.encode())
        self._coded_forms = tuple(coded)
        self._coded = re.compile("|".join(coded.values()) or r"(?!)")
        self._spread: re.Pattern[str] | None = None

    def masked(self, text: str) -> str:
        """The text with every form of the secret masked: itself where it holds none."""
        if self._stands_in(text):
            text = self._coded.sub(MASK, self._plain.sub(MASK, text))
        if len(self._value) < _SHORTEST_SPLIT or not self._hides_in(text):
            return text
        if self._spread is None:  # hardly ever wanted, and slow to make
            self._spread = _spread(self._value)
        text = self._spread.sub(MASK, text)
        # Where even that leaves it to be read, in codes within codes, nothing is shown.
        return MASK if self._hides_in(text) else text

    def _stands_in(self, text: str) -> bool:
        folded = text.lower()
        for form in self._folded:
            if form in folded:
                return self._is_in(text)
        return any(form in text for form in self._coded_forms)

    def _is_in(self, text: str) -> bool:
        return bool(self._plain.search(text) or self._coded.search(text))

    def _hides_in(self, text: str) -> bool:
        """Whether a text that is decoded, and has nothing unseen in it, holds the secret."""
        packed = _without_unseen(text)
        if self._stands_in(packed):
            return True
        if not any(sign in packed for sign, _ in _DECODERS):
            return False
        return self._comes_out_of(packed) or self._comes_out_of(text)

    def _comes_out_of(self, text: str) -> bool:
        """Whether decoding shows the secret."""
        for _ in range(_MOST_ROUNDS):
            before = text
            for sign, decode in _DECODERS:
                if sign in text:
                    text = decode(text)
                    if self._stands_in(_without_unseen(text)):
                        return True
            if text == before:
                return False
        return True  # nobody writes so by accident


def _without_unseen(text: str) -> str:
    return "".join(text.split()) if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def _unescaped(found: re.Match[str]) -> str:
    braced, four, two, octal, blank, other = found.groups()
    if code := braced or four or two:
        return chr(min(int(code, 16), 0x10FFFF))
    if octal:
        return chr(int(octal, 8))
    return "" if blank else str(other)


def _without_entities(text: str) -> str:
    """A text whose entities are characters; Python refuses numbers of thousands of digits."""
    return html.unescape(_NO_CHARACTER.sub("", _LEADING_ZEROS.sub(r"&#\1", text)))


_DECODERS: Final = (
    ("%", unquote),
    ("&", _without_entities),
    ("\\", lambda text: _ESCAPE.sub(_unescaped, text)),
)
"""What decodes a text that holds a sign."""


def _whole_forms(value: str) -> set[str]:
    percent = {quote(value, safe=""), quote(value), quote_plus(value)}
    hexed = {each.encode().hex() for each in (value, value.lower(), value.upper())}
    return {
        value,
        *percent,
        json.dumps(value)[1:-1],
        json.dumps(value)[1:-1].replace("/", "\\/"),
        repr(value)[1:-1],
        html.escape(value),
        *(each for each in hexed if len(each) >= 2 * _SHORTEST_ENCODED),
    }


def _told_by(forms: set[str], value: str) -> tuple[str, ...]:
    """Texts of which one stands in whatever holds a form; the secret's beginning is its own."""
    if len(value) <= _LEAST_OF_CUT:
        return tuple(forms)
    begins = value[:_LEAST_OF_CUT]
    return (begins, *(form for form in forms if not form.startswith(begins)))


def _plain_pattern(value: str, forms: list[str]) -> str:
    """Forms in any case, and a beginning of the secret with which a text, or a part of it, ends."""
    if len(value) < _LEAST:
        return rf"(?<!\w)(?:{'|'.join(map(re.escape, forms))})(?!\w)"
    pattern = "|".join(map(re.escape, forms))
    if len(value) <= _LEAST_OF_CUT:
        return pattern
    return f"{pattern}|{re.escape(value[:_LEAST_OF_CUT])}{_begun(value[_LEAST_OF_CUT:-1])}{_CUT}"


def _begun(text: str) -> str:
    """A beginning of a text, however long: of whole parts, and of the characters of the next one.

    A group in a group for each character is more than Python compiles of a long text; and of one
    that is longer still, all is taken for it that stands behind so much of it.
    """
    rest = r"\S*" if len(text) > _MOST_OF_CUT else ""
    text = text[:_MOST_OF_CUT]
    size = max(1, isqrt(len(text)))
    for at in reversed(range(0, len(text), size)):
        part, some = text[at : at + size], ""
        for character in reversed(part):
            some = f"(?:{re.escape(character)}{some})?"
        rest = f"(?:{re.escape(part)}{rest}|{some})"
    return rest


def _spread(value: str) -> re.Pattern[str]:
    """Each character as itself or in a code, with what is not seen in between."""
    return re.compile(
        rf"(?:{_COLOURS}|{_IGNORED}|\\[nrt])*".join(map(_letter, value)), re.IGNORECASE
    )


def _letter(character: str) -> str:
    if not character.isascii():  # no key has one, a salt may
        code = ord(character)
        percent = "".join(f"%{byte:02x}" for byte in character.encode())
        return rf"(?:{re.escape(character)}|{percent}|\\u0*{code:x}|&#0*{code};?)"
    cases = sorted({ord(character.lower()), ord(character.upper())})
    hexed = f"(?:{'|'.join(f'{each:x}' for each in cases)})"
    number = f"(?:{'|'.join(map(str, cases))})"
    octal = f"(?:{'|'.join(f'{each:03o}' for each in cases)})"
    named = f"|&{_NAMED[character]};?" if character in _NAMED else ""
    return (
        # A bound on the backslashes: a long row of them would be gone through from each one.
        rf"(?:\\?{re.escape(character)}|%(?:25)*{hexed}|\\{{1,8}}u\{{?0*{hexed}\}}?"
        rf"|\\{{1,8}}x{hexed}|\\{{1,8}}{octal}|&(?:amp;)*#(?:0*{number}|x0*{hexed});?{named})"
    )


def _base64_forms(value: bytes) -> dict[str, str]:
    """The secret's base64 at each of the three places where it can start within a longer text.

    Returns:
        By what is always the same of it: a pattern that also takes in what is left of the groups of
        four in which it begins and ends.
    """
    forms = {}
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + value).decode().rstrip("=")
        start = (offset * 8 + 5) // 6  # characters that also hold bits of what stands before
        stop = (offset + len(value)) * 8 // 6  # the rest depends on what follows
        core = text[start:stop]
        if len(core) >= _SHORTEST_ENCODED:
            for each in {core, core.translate(str.maketrans("+/", "-_"))}:
                forms[each] = (
                    rf"{_BASE64}{{0,{start}}}{re.escape(each)}{_BASE64}{{0,{-stop % 4}}}={{0,2}}"
                )
    return forms
