"""What comes in wrong: strategies for JSON, bytes, and damage to what was right."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
)
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["", " ", "null", "0", "-1", "1e400", "NaN", "L-000001", "lead", "id", "data.score",
         "2026-01-05T09:15:00.000Z", "2026-13-45", "\x00", "\ud7ff", "'; --", "a" * 3_000]
    ),
)  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
BYTES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"", b"{", b"[]", b"null", b'"', b"\xff\xfe", b"{}" * 50, b"[" * 5_000, b"<html>", b"\x00",
         b'{"_data": [{"id": ', b'{"a": 1e999}', b'{"a": NaN}', b"\xef\xbb\xbf{}"]
    ),
)  # fmt: skip


def many(values: SearchStrategy[Any], most: int) -> SearchStrategy[list[Any]]:
    """Lists of any length up to `most`; `lists` alone draws about five."""
    return st.integers(0, most).flatmap(lambda n: st.lists(values, min_size=n, max_size=n))


@st.composite
def changed(draw: Callable[[SearchStrategy[Any]], Any], right: object) -> Any:
    """What was right, with something in it replaced, taken out or added, one to three times."""
    value = json.loads(json.dumps(right))
    for _ in range(draw(st.integers(1, 3))):
        value = _changed_once(draw, value)
    return value


def _changed_once(draw: Callable[[SearchStrategy[Any]], Any], value: Any) -> Any:
    if not value or not isinstance(value, dict | list) or draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    at = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
    how = draw(st.sampled_from(["deeper", "deeper", "deeper", "out", "more"]))
    if how == "deeper":
        value[at] = _changed_once(draw, value[at])
    elif how == "out":
        del value[at]
    elif isinstance(value, dict):
        value[draw(TEXTS)] = draw(JSON)
    else:
        value.append(draw(JSON))
    return value


@st.composite
def damaged(draw: Callable[[SearchStrategy[Any]], Any], right: bytes) -> bytes:
    """Bytes that were right: cut, with some overwritten, or with some put in."""
    at = draw(st.integers(0, max(0, len(right) - 1)))
    how = draw(st.sampled_from(["cut", "overwritten", "put in"]))
    if how == "cut":
        return right[:at]
    other = draw(st.binary(min_size=1, max_size=40))
    return right[:at] + other + right[at + (len(other) if how == "overwritten" else 0) :]


STRANGE: tuple[object, ...] = (
    None, True, False, 0, 1, -1, 2**63, 2**70, 1.5, -1e308, "", " ", "0", "null", "lead", "\x00",
    "9" * 400, "2026-13-45", [], [[]], [None], {}, {"": ""}, {"id": None}, ["id"], "/v1/ext/config",
)  # fmt: skip
STRANGE_BYTES = (
    b"", b"{", b"[]", b"null", b'"', b"0", b"\xff\xfe", b"[" * 5_000, b"<html>", b"\x00" * 9,
    b'{"_data": [{"id": ', b'{"_data": 1e999}', b'{"_data": NaN}', b"\xef\xbb\xbf{}",
    b'{"_data": []}', b'{"_data": {}, "_errors": ["no"]}', b'{"_data": null, "_errors": null}',
)  # fmt: skip


def mangled(value: Any, draw: random.Random) -> Any:
    """JSON with something in it replaced, taken out, repeated or added; off hypothesis's thread."""
    if not value or not isinstance(value, dict | list) or draw.random() < 0.1:
        return deepcopy(draw.choice(STRANGE))  # what is drawn may be mangled again
    at = draw.choice(sorted(value) if isinstance(value, dict) else range(len(value)))
    how = draw.choice(["deeper", "deeper", "deeper", "deeper", "out", "more"])
    if how == "deeper":
        value[at] = mangled(value[at], draw)
    elif how == "out":
        del value[at]
    elif isinstance(value, dict):
        value[draw.choice(["", "id", "hasMore", "total", "next"])] = deepcopy(draw.choice(STRANGE))
    else:
        value += [deepcopy(draw.choice([value[at], *STRANGE]))] * draw.choice([1, 1, 200])
    return value
