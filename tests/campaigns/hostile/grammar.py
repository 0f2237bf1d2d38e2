"""The grammar of malformations: what becomes of an honest reply, by name.

In four families: what the JSON says (`json`), which bytes it is (`bytes`), what stands before it
(`head`), and how long it goes on (`endless`).
"""

from __future__ import annotations

import gzip
import json
import time
import zlib
from copy import deepcopy
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from tests.campaigns.hostile.server import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.campaigns.hostile.replies import Reply
    from tests.campaigns.hostile.server import Hostile

    Change = Callable[[Reply, Hostile], Reply]

BOMB_BYTES = 600 << 20
SLOW = 0.1
DEEP = 100_000
DENSE = 3_000_000
REFUSALS = ("json _errors is", "json the key in", "head 429", "head status 4")
"""How malformations begin that say that a call was not carried out."""
SAY_NOTHING = frozenset(
    {"json _errors is null", "json _errors is an object", "json _errors is a list"}
)
"""No errors are no refusal."""
PLAUSIBLE = frozenset({"json _data is a list", "json new rows without end"})
"""An empty account is one, and so is one whose rows nobody has seen before."""
LISTED_ONCE = frozenset({"users", "users v2", "templates"})
"""Endpoints that alone tell the ids of what they list: such as are false throughout are its own."""
FALSE_IDS = "json ids are numbers"
BEGIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass(frozen=True)
class Malformation:
    """One way of being wrong.

    Attributes:
        change: Makes a malformed reply of an honest one.
        refuses: Whether it says that nothing was done.
        plausible: Whether nobody can tell it from an honest reply.
    """

    change: Change
    refuses: bool = False
    plausible: bool = False


def all_of_them() -> dict[str, Malformation]:
    """The malformations by name."""
    found: dict[str, Malformation] = {}
    for family, changes in (
        ("json", {**dict(_envelopes()), **dict(_rows())}),
        ("bytes", dict(_bytes())),
        ("head", dict(_heads())),
        ("endless", dict(_endless())),
    ):
        for name, each in changes.items():
            plain = f"{family} {name}"
            refuses = plain.startswith(REFUSALS) and plain not in SAY_NOTHING
            found[plain] = Malformation(each, refuses, plain in PLAUSIBLE)
    return found


# What the JSON says


def _envelopes() -> Iterator[tuple[str, Change]]:
    values: dict[str, Any] = {
        "null": None, "a number": 7, "a text": "x", "true": True, "an object": {}, "a list": [],
        "a list of lists": [[]], "a list of null": [None], "a list of texts": ["x"],
    }  # fmt: skip
    for name, value in values.items():
        yield f"all is {name}", lambda reply, _, value=value: replace(reply, value=value)  # type: ignore[misc]  # bound now
        yield f"_data is {name}", partial(_set, "_data", value)
        yield f"_meta is {name}", partial(_set, "_meta", value)
        yield f"_errors is {name}", partial(_set, "_errors", value)
    for member in ("_data", "_meta", "_errors"):
        yield f"no {member}", partial(_without, member)
    yield "nothing, and more", lambda reply, _: _with(reply, _data=[], _meta={"hasMore": True})
    yield "the same, and more", lambda reply, _: _with(reply, _meta={"hasMore": True})
    for more in ("yes", 1, None, [], {}):
        yield f"more is {more!r}", partial(_set, "_meta", {"hasMore": more})
    yield "a link elsewhere", _linked
    yield "the key in an error", partial(_set, "_errors", [f"no {KEY}"])
    yield "the key in an object of errors", partial(_set, "_errors", [{"message": {"m": KEY}}])
    yield "nested too deeply", lambda reply, _: replace(reply, body=b"[" * DEEP + b"]" * DEEP)
    yield "objects too deeply", lambda reply, _: replace(reply, body=b'{"_data":' * DEEP)
    for member in ("_data", "_meta", "_errors"):
        yield f"{member} is dense objects", partial(_dense, member, b"{}")
        yield f"{member} is dense arrays", partial(_dense, member, b"[]")
        yield f"{member} is dense numbers", partial(_dense, member, b"1.5")
    yield "two envelopes", lambda reply, _: replace(reply, body=reply.content * 2)
    yield "members twice", lambda reply, _: replace(reply, body=b'{"_data":[],' + reply.content[1:])


def _rows() -> Iterator[tuple[str, Change]]:
    ids: dict[str, Any] = {
        "null": None, "empty": "", "true": True, "an object": {"a": 1}, "a list": [1],
        "a line break": "a\nb", "of a megabyte": "x" * (1 << 20), "the same for all": "same",
    }  # fmt: skip
    for name, value in ids.items():
        yield f"ids are {name}", partial(_each, {"id": value})
    yield "no ids", partial(_changed, lambda rows: [_less(row, "id") for row in rows])
    yield (
        "one without an id",
        partial(
            _changed,
            lambda rows: [_less(row, "id") if n == 1 else row for n, row in enumerate(rows)],
        ),
    )
    yield "each twice", partial(_changed, lambda rows: [row for row in rows for _ in range(2)])
    yield (
        "one twice, otherwise",
        partial(
            _changed, lambda rows: [*rows, *({**row, "status": "CANCELLED"} for row in rows[:1])]
        ),
    )
    yield (
        "ids are numbers",
        partial(_changed, lambda rows: [{**row, "id": n} for n, row in enumerate(rows)]),
    )
    for other in (None, 5, "row", [], [1, 2]):
        yield f"one is {other!r}", partial(_changed, lambda rows, other=other: [*rows, other])
    numbers = {"huge": 10**400, "negative": -(10**30), "a float": 1e300, "a text": "soon",
               "a list": [1], "null": None, "true": True,
               "of the year 9999": 253402300799999}  # fmt: skip
    for name, value in numbers.items():
        yield f"createdAt is {name}", partial(_each, {"createdAt": value})
        yield f"updatedAt is {name}", partial(_each, {"updatedAt": value})
        yield f"data is {name}", partial(_each, {"data": value})
        yield f"completionStatus is {name}", partial(_each, {"completionStatus": value})
    yield (
        "data holds the odd",
        partial(
            _each,
            {"data": {"lead_id": 10**40, "score": "\ud800", "name": "\u0000", "deep": _deep(200)}},
        ),
    )
    yield "a text of a megabyte", partial(_each, {"state": "x" * (1 << 20)})
    for name in ("NaN", "Infinity", "-Infinity", "1e999999", "9" * 5_000, "0x10", "01"):
        yield f"a number is {name[:9]}", partial(_numbered, name.encode())
    yield "more than asked for", partial(_changed, lambda rows: rows * 20)
    yield "new rows without end", partial(_invented, 100)


def _set(member: str, value: Any, reply: Reply, _: Hostile) -> Reply:
    return _with(reply, **{member: value})


def _with(reply: Reply, **members: Any) -> Reply:
    return replace(reply, value={**reply.value, **members})


def _without(member: str, reply: Reply, _: Hostile) -> Reply:
    return replace(reply, value=_less(reply.value, member))


def _less(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: each for key, each in value.items() if key != name}


def _changed(change: Callable[[list[Any]], list[Any]], reply: Reply, _: Hostile) -> Reply:
    """A reply whose rows are changed: procedures are those of a configuration."""
    value = deepcopy(reply.value)
    # Meta's own form has no envelope: a list of data, a message, or an object alone.
    name = next((each for each in ("_data", "data", "messages") if each in value), "")
    data = value[name] if name else value
    if isinstance(data, list):
        value[name] = change(data)
    elif isinstance(data, dict) and "procedures" in data:
        data["procedures"] = change(data["procedures"])
    else:
        one = (change([data]) or [{}])[0]
        value = {**value, name: one} if name else one
    return replace(reply, value=value)


def _each(members: dict[str, Any], reply: Reply, hostile: Hostile) -> Reply:
    return _changed(lambda rows: [{**row, **members} for row in rows], reply, hostile)


def _numbered(number: bytes, reply: Reply, hostile: Hostile) -> Reply:
    marked = _each({"nextActionAt": "NUMBER"}, reply, hostile)
    return replace(marked, body=json.dumps(marked.value).encode().replace(b'"NUMBER"', number))


def _invented(count: int, reply: Reply, hostile: Hostile) -> Reply:
    """Rows that nobody has seen, each time, and more of them."""
    at = hostile.spoilt * count
    data = reply.value.get("_data")
    first = data[0] if isinstance(data, list) and data else {}
    rows = [{**first, "id": f"new {at + n}"} for n in range(count)]
    return _with(reply, _data=rows, _meta={"hasMore": True, "total": 10**9})


def _linked(reply: Reply, hostile: Hostile) -> Reply:
    link = f"{hostile.elsewhere}/v1/ext/users?page=2"
    return _with(reply, _meta={"nextPage": link, "next": link, "hasMore": True})


def _dense(member: str, value: bytes, reply: Reply, _: Hostile) -> Reply:
    """A few kilobytes of gzip, a few megabytes of JSON, and gigabytes of objects."""
    return _named(replace(reply, body=_packed(member, value)), ("Content-Encoding", "gzip"))


@lru_cache
def _packed(member: str, value: bytes) -> bytes:
    many = b"[" + b",".join([value] * DENSE) + b"]"
    held = {"_data": b"[]", "_meta": b"{}", "_errors": b"[]"} | {member: many}
    if member == "_meta":
        held[member] = b'{"hasMore":false,"odd":' + many + b"}"
    return gzip.compress(
        b"{" + b",".join(b'"%s":%s' % (name.encode(), held[name]) for name in held) + b"}"
    )


def make_dense() -> None:
    """Make the dense bodies before they are asked for."""
    for member in ("_data", "_meta", "_errors"):
        for value in (b"{}", b"[]", b"1.5"):
            _packed(member, value)


def _deep(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = [value]
    return value


# Which bytes it is


def _bytes() -> Iterator[tuple[str, Change]]:
    yield "empty", lambda reply, _: replace(reply, body=b"")
    yield "blank", lambda reply, _: replace(reply, body=b" \n")
    yield "html", lambda reply, _: replace(reply, body=b"<html><title>Log in</title></html>")
    yield "not UTF-8", lambda reply, _: replace(reply, body=reply.content[:-9] + b"\xff\xfe\x80")
    yield (
        "not UTF-8 in a text",
        lambda reply, _: replace(
            reply, body=reply.content.replace(b'"status": "OPEN"', b'"status": "\xff\xfe"')
        ),
    )
    yield (
        "a mark of order before it",
        lambda reply, _: replace(reply, body=b"\xef\xbb\xbf" + reply.content),
    )
    yield "UTF-16", lambda reply, _: replace(reply, body=reply.content.decode().encode("utf-16"))
    yield "cut", lambda reply, _: replace(reply, body=reply.content[: len(reply.content) // 2])
    yield "of nothing but zeros", lambda reply, _: replace(reply, body=b"\0" * 1_000)
    yield "chunked", lambda reply, _: replace(reply, framing="chunked")
    yield "up to the end", lambda reply, _: replace(reply, framing="close", ends="close")
    yield (
        "cut chunks",
        lambda reply, _: _raw(
            BEGIN + b"Transfer-Encoding: chunked\r\n\r\nff\r\n" + reply.content[:99]
        ),
    )
    yield (
        "bad chunks",
        lambda _reply, _: _raw(BEGIN + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"),
    )
    yield (
        "a chunk below zero",
        lambda _reply, _: _raw(BEGIN + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n0\r\n\r\n"),
    )
    for name, told in (("longer", 10**6), ("far longer", 10**15), ("below zero", -1)):
        yield f"told to be {name}", partial(_told, str(told))
    yield "told in digits without end", partial(_told, "9" * 5_000)
    yield "told to be shorter", partial(_told, "5")
    yield "told twice", lambda reply, _: _named(reply, ("Content-Length", "3"))
    yield "gzip", partial(_encoded, "gzip", gzip.compress)
    yield "deflate", partial(_encoded, "deflate", zlib.compress)
    yield "gzip that is none", partial(_encoded, "gzip", bytes)
    yield "gzip that is cut", partial(_encoded, "gzip", lambda body: gzip.compress(body)[:-20])
    yield "deflate that is none", partial(_encoded, "deflate", bytes)
    yield "brotli", partial(_encoded, "br", bytes)
    yield "zstd", partial(_encoded, "zstd", bytes)
    yield (
        "gzip twice",
        partial(_encoded, "gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
    )
    yield "a bomb of gzip", partial(_encoded, "gzip", lambda _: _bomb(31))
    yield "a bomb of deflate", partial(_encoded, "deflate", lambda _: _bomb(15))


@lru_cache
def _bomb(window: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    blank = b" " * (1 << 20)
    packed = [packer.compress(blank) for _ in range(BOMB_BYTES >> 20)]
    return b"".join([*packed, packer.flush()])


def make_bombs() -> None:
    """Make the bombs before they are asked for."""
    _bomb(31)
    _bomb(15)


def _told(length: str, reply: Reply, _: Hostile) -> Reply:
    headers = [*reply.headers, ("Content-Length", length)]
    return replace(reply, headers=headers, framing="none", ends="close")


def _encoded(name: str, encode: Callable[[bytes], bytes], reply: Reply, _: Hostile) -> Reply:
    return _named(replace(reply, body=encode(reply.content)), ("Content-Encoding", name))


def _named(reply: Reply, *headers: tuple[str, str]) -> Reply:
    names = {name for name, _ in headers}
    return replace(reply, headers=[*(h for h in reply.headers if h[0] not in names), *headers])


def _raw(content: bytes) -> Reply:
    from tests.campaigns.hostile.replies import Reply  # noqa: PLC0415

    return Reply(raw=content, ends="close")


# What stands before it

STATUSES = (
    "101 Switching Protocols", "102 Processing", "103 Early Hints", "201 Created", "202 Accepted",
    "203 Other", "204 No Content", "205 Reset", "206 Partial", "226 IM Used", "300 Many",
    "304 Same",
    "305 Proxy", "400 Bad", "401 No", "402 Pay", "403 No", "404 None", "405 Not so", "406 Not so",
    "407 Proxy", "408 Slow", "409 Conflict", "410 Gone", "413 Large", "414 Long", "415 Type",
    "418 Teapot", "421 Misdirected", "422 Bad", "423 Locked", "425 Early", "426 Upgrade", "428 If",
    "429 Many", "431 Large", "451 Law", "499 Closed", "500 Fault", "501 No", "502 Bad", "503 Busy",
    "504 Slow", "505 Version", "508 Loop", "511 Log in", "599 Odd", "600 Odd", "999 Odd", "099 Odd",
    "20 Short", "2000 Long", "abc", "-200 Minus", "200",
)  # fmt: skip


def _heads() -> Iterator[tuple[str, Change]]:
    for status in STATUSES:
        yield f"status {status}", lambda reply, _, status=status: replace(reply, status=status)  # type: ignore[misc]  # bound now
    for status in (301, 302, 303, 307, 308):
        yield f"status {status} elsewhere", partial(_redirected, f"{status} Moved", "")
    yield "a redirect with the key", partial(_redirected, "302 Moved", f"?key={KEY}")
    for wait in ("0", "-5", "1e9", "9" * 400, "soon", "Fri, 31 Dec 9999 23:59:59 GMT", "86400"):
        yield f"429, wait {wait[:20]}", partial(_waits, "429 Many", wait)
        yield f"503, wait {wait[:20]}", partial(_waits, "503 Busy", wait)
    dates = {
        "2099": "Thu, 01 Jan 2099 00:00:00 GMT", "1970": "Thu, 01 Jan 1970 00:00:00 GMT",
        "9999 with an offset": "Fri, 31 Dec 9999 23:59:59 -1200",
        "0001": "Mon, 01 Jan 0001 00:00:00 GMT",
        "garbled": "yesterday", "empty": "", "without a zone": "Thu, 01 Jan 2099 00:00:00",
        "an hour ahead": formatdate(time.time() + 3600, usegmt=True),
        "an hour behind": formatdate(time.time() - 3600, usegmt=True),
    }  # fmt: skip
    for name, date in dates.items():
        yield f"date {name}", lambda reply, _, date=date: _named(reply, ("Date", date))  # type: ignore[misc]  # bound now
    yield "no date", lambda reply, _: replace(reply, headers=[])
    yield "another type", lambda reply, _: _named(reply, ("Content-Type", "text/html"))
    yield (
        "another charset",
        lambda reply, _: _named(reply, ("Content-Type", "application/json; charset=utf-7")),
    )
    yield "a cookie", lambda reply, _: _named(reply, ("Set-Cookie", f"session={KEY}"))
    yield (
        "many headers",
        lambda reply, _: replace(
            reply, headers=[*reply.headers, *((f"X-{n}", "y") for n in range(300))]
        ),
    )
    yield "a long header", lambda reply, _: _named(reply, ("X-Long", "y" * 100_000))
    yield "a header without a colon", lambda _reply, _: _raw(BEGIN + b"odd line\r\n\r\n{}")
    yield "no head", lambda _reply, _: _raw(b'{"_data": []}')
    yield "HTTP 0.9", lambda _reply, _: _raw(b"HTTP/0.9 200 OK\r\n\r\n{}")
    yield "HTTP 2", lambda _reply, _: _raw(b"HTTP/2 200 OK\r\n\r\n{}")
    yield "TLS", lambda _reply, _: _raw(b"\x15\x03\x01\x00\x02\x02\x28")
    yield "nothing", lambda _reply, _: _raw(b"")


def _redirected(status: str, more: str, reply: Reply, hostile: Hostile) -> Reply:
    location = ("Location", f"{hostile.elsewhere}/v1/ext/config{more}")
    return _named(replace(reply, status=status), location)


def _waits(status: str, wait: str, reply: Reply, _: Hostile) -> Reply:
    return _named(replace(reply, status=status), ("Retry-After", wait))


# How long it goes on


def _endless() -> Iterator[tuple[str, Change]]:
    yield "silent", lambda _reply, _: replace(_raw(b""), ends="silent")
    yield "reset", lambda _reply, _: replace(_raw(b""), ends="reset")
    yield (
        "reset in the body",
        lambda reply, _: replace(_raw(reply.head + reply.content[:50]), ends="reset"),
    )
    yield "a slow head", lambda reply, _: replace(reply, trickled="head", pause=SLOW)
    yield "a slow body", lambda reply, _: replace(reply, trickled="body", pause=SLOW)
    endless = {
        "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "headers": (BEGIN, b"X: y\r\n"),
        "one header": (BEGIN + b"X: ", b"y" * 100),
        "body": (BEGIN + b"\r\n", b" " * 65_536),
        "chunks": (BEGIN + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 4_000),
        "length of a chunk": (BEGIN + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65_536),
        "trailers": (BEGIN + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 1_000),
    }
    for name, (begin, filler) in endless.items():
        yield (
            name,
            lambda _reply, _, begin=begin, filler=filler: replace(  # type: ignore[misc]  # bound now
                _raw(begin), filler=filler
            ),
        )
        yield (
            f"{name}, slowly",
            lambda _reply, _, begin=begin, filler=filler: replace(  # type: ignore[misc]  # bound now
                _raw(begin), filler=filler[:6], pause=SLOW
            ),
        )
