"""A secret in the forms in which a server or a proxy may send it back, and a judge of texts.

The judge knows none of the forms that the code masks: it decodes a text by every decoder of the
standard library, again and again, and looks for the secret in what comes out.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda key: quote(key, safe=""),
    "every byte in percent": lambda key: "".join(f"%{byte:02x}" for byte in key.encode()),
    "percent twice": lambda key: quote("".join(f"%{byte:02X}" for byte in key.encode())),
    "decimal entities": lambda key: "".join(f"&#{ord(each)};" for each in key),
    "hex entities": lambda key: "".join(f"&#x{ord(each):X};" for each in key),
    "named entities": html.escape,
    "entities of entities": lambda key: html.escape("".join(f"&#{ord(each)};" for each in key)),
    "hex": lambda key: key.encode().hex(),
    "HEX": lambda key: key.encode().hex().upper(),
    "hex with blanks": lambda key: key.encode().hex(" "),
    "escapes": lambda key: "".join(f"\\u{ord(each):04x}" for each in key),
    "escapes of bytes": lambda key: "".join(f"\\x{ord(each):02x}" for each in key),
    "JSON in JSON": lambda key: json.dumps(json.dumps({"k": key})),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 of a header": lambda key: base64.b64encode(f"Bearer {key}".encode()).decode(),
    "base64 for an URL": lambda key: base64.urlsafe_b64encode(f"k={key}".encode()).decode(),
    "base64 in lines": lambda key: base64.encodebytes(b"x" * 40 + key.encode()).decode(),
    "split by a newline": lambda key: f"{key[:5]}\n{key[5:]}",
    "split by CR LF": lambda key: "\r\n".join(key[at : at + 4] for at in range(0, len(key), 4)),
    "split by an escaped newline": lambda key: f"{key[:5]}\\n{key[5:]}",
    "split by zero width": "\u200b".join,
    "split by a line separator": lambda key: f"{key[:3]}\u2028{key[3:]}",
    "half in percent": lambda key: key[:4] + "".join(f"%{ord(each):02x}" for each in key[4:]),
}
"""By name: what a form makes of a secret."""

_UNSEEN = re.compile(r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")


def gives_away(text: str, secret: str) -> bool:
    """Whether a text tells a secret to somebody who decodes it."""
    if len(text) < len(secret):
        return False
    seen: set[str] = set()
    todo = [text]
    while todo and len(seen) < 200:
        each = todo.pop()
        if each in seen:
            continue
        seen.add(each)
        if secret in each or secret in _UNSEEN.sub("", each):
            return True
        todo += _decoded(each)
        packed = _UNSEEN.sub("", each)
        if any(secret in found for found in (*_hex(packed), *_base64(packed))):
            return True
    return False


def _decoded(text: str) -> Iterator[str]:
    yield _UNSEEN.sub("", text)
    yield unquote_plus(text)
    yield html.unescape(text)
    yield re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", _character, text)
    yield re.sub(r"\\[nrt]", "", text)
    yield text.replace("\\\\", "\\").replace('\\"', '"').replace("\\/", "/")


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2], 16))


def _hex(text: str) -> Iterator[str]:
    for found in re.findall(r"(?:[0-9a-fA-F]{2}){4,}", text):
        yield bytes.fromhex(found).decode(errors="replace")
        yield bytes.fromhex(f"0{found[:-1]}").decode(errors="replace")


def _base64(text: str) -> Iterator[str]:
    for found in _BASE64.findall(text):
        for start in range(4):
            piece = found[start:].replace("-", "+").replace("_", "/")
            piece = piece[: len(piece) // 4 * 4 or None] if len(piece) % 4 == 1 else piece
            try:
                padded = piece + "=" * (-len(piece) % 4)
                yield base64.b64decode(padded).decode(errors="replace")
            except (binascii.Error, ValueError):
                continue
