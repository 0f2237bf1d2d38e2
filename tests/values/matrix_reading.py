"""What each spelling of a value on ChakraHQ's wire becomes in a column: written by hand.

From the page of the law (values) and section 6 of the contract, never from the code. A cell is the
wire's JSON text and what its column holds, as JSON (`@` and milliseconds for an instant). `MISFIT`:
the column is null and `_extra_data` holds the value as it came. `Both`: the column holds something,
and `_extra_data` the exact value too. A tuple: each of these obeys the law.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tests.values.matrix_writing import FLOATS, INTEGERS, REFERENCES, TEXTS


@dataclass(frozen=True)
class Both:
    """The column holds a part, `_extra_data` the whole."""

    column: str


MISFIT = "misfit"
NULL = "null"
Becomes: TypeAlias = "str | Both | tuple[str | Both, ...]"
Cells: TypeAlias = "tuple[tuple[str, Becomes], ...]"

_NOTHING: Cells = (("null", NULL),)
_BLANK: Cells = (*_NOTHING, ('""', NULL))
_TEXT: Cells = (
    *_NOTHING,
    ('"Mira"', '"Mira"'),
    ('"  padded "', '"  padded "'),
    ('"007"', '"007"'),
    ('"zürich 😀"', '"zürich 😀"'),
    ("5", '"5"'),
    ("-0.5", '"-0.5"'),
    ("1.50", '"1.50"'),
    ("1e3", '"1e3"'),
    ("915550000051", '"915550000051"'),
    ("9007199254740993", '"9007199254740993"'),
    ("18446744073709551617", '"18446744073709551617"'),
    ("123456789012345678901234567890", '"123456789012345678901234567890"'),
    ("3.14159265358979323846", '"3.14159265358979323846"'),
    ('"a\\u0000b"', Both('"ab"')),
    ('"\\u0000"', (Both('""'), Both("null"))),
    ('{"a": 1}', MISFIT),
)
_INTEGER: Cells = (
    *_BLANK,
    ("57", "57"),
    ("0", "0"),
    ("-42", "-42"),
    ("5.0", "5"),
    ('"105"', "105"),
    ('"-42"', "-42"),
    ('"57.0"', ("57", MISFIT)),
    ("9007199254740993", "9007199254740993"),
    ('"9007199254740993"', "9007199254740993"),
    ("9007199254740991.0", "9007199254740991"),
    ("9007199254740992.0", MISFIT),
    ("9007199254740993.0", MISFIT),
    ('"9007199254740993.0"', ("9007199254740993", MISFIT)),
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"),
    ('"9223372036854775807"', "9223372036854775807"),
    ("9223372036854775808", MISFIT),
    ('"9223372036854775808"', MISFIT),
    ("-9223372036854775809", MISFIT),
    ("18446744073709551615", MISFIT),
    ("18446744073709551616", MISFIT),
    ('"18446744073709551617"', MISFIT),
    ("1e19", MISFIT),
    ("57.5", MISFIT),
    ("57.00000000000000000001", MISFIT),
    ('"many"', MISFIT),
    ('"1_000"', MISFIT),
    ("true", MISFIT),
    ('{"a": 1}', MISFIT),
)
_FLOAT: Cells = (
    *_BLANK,
    ("1.5", "1.5"),
    ("5", "5"),
    ("0.1000", "0.1"),
    ('"1.5"', "1.5"),
    ('"-0.1"', "-0.1"),
    ("1e22", "1e22"),
    ("5e-324", "5e-324"),
    ("9007199254740992", "9007199254740992"),
    ("9007199254740993", MISFIT),
    ('"9007199254740993.0"', MISFIT),
    ("3.14159265358979323846", MISFIT),
    ('"3.14159265358979323846"', MISFIT),
    ("0.300000000000000041", MISFIT),
    ("123456789012345678901234567890", MISFIT),
    ("1e400", MISFIT),
    ("1e-400", MISFIT),
    ('"NaN"', MISFIT),
    ('"Infinity"', MISFIT),
    ('"1_0.5"', MISFIT),
    ('"many"', MISFIT),
    ("true", MISFIT),
    ("[1.5]", MISFIT),
)
_BOOLEAN: Cells = (
    *_BLANK,
    ("true", "true"),
    ("false", "false"),
    ('"true"', "true"),
    ('"false"', "false"),
    ("1", MISFIT),
    ("0", MISFIT),
    ('"yes"', MISFIT),
    ('"maybe"', MISFIT),
    ("[true]", MISFIT),
)
_INSTANT: Cells = (
    *_BLANK,
    ("1764547200123", "@1764547200123"),
    ('"1764547200123"', "@1764547200123"),
    ("0", "@0"),
    ("1", "@1"),
    ("-1", "@-1"),
    ("45792000000", "@45792000000"),
    ('"45792000000"', "@45792000000"),
    ("99999999999", "@99999999999"),
    ("-45792000000", "@-45792000000"),
    ("-62135596800000", "@-62135596800000"),
    ("253402300799999", "@253402300799999"),
    ("253402300800000", MISFIT),
    ("-62135596800001", MISFIT),
    ('"2026-01-05T09:15:00Z"', "@1767604500000"),
    ('"2026-01-05T09:15:00.250+05:30"', "@1767584700250"),
    ('"2026-01-05T09:15:00"', "@1767584700000"),
    ('"2026-01-05 09:15:00"', "@1767584700000"),
    ('"soon"', MISFIT),
    ("1764547200123.5", MISFIT),
    ("18446744073709551616", MISFIT),
    ("true", MISFIT),
)
_ISO: Cells = (
    *_BLANK,
    ('"2026-01-05T09:15:00Z"', "@1767604500000"),
    ('"2026-01-05T09:15:00.250+05:30"', "@1767584700250"),
    ('"2026-01-05T09:15:00+0530"', "@1767584700000"),
    ('"1971-06-15T00:00:00Z"', "@45792000000"),
    ('"2026-01-05T09:15:00"', "@1767584700000"),
    ('"2026-01-05 09:15:00.123"', "@1767584700123"),
    ('"2026-01-05"', ("@1767551400000", MISFIT)),
    ('"0001-01-01T00:00:00Z"', "@-62135596800000"),
    ('"9999-12-31T23:59:59.999Z"', "@253402300799999"),
    ('"2026-02-29T00:00:00Z"', MISFIT),
    ('"soon"', MISFIT),
    ("true", MISFIT),
)
_DATE: Cells = (
    *_BLANK,
    ("1767571200000", '"2026-01-05"'),
    ('"1767571200000"', '"2026-01-05"'),
    ("45792000000", '"1971-06-15"'),
    ("0", '"1970-01-01"'),
    ("-86400000", '"1969-12-31"'),
    ("1767551400000", '"2026-01-05"'),
    ("45772200000", '"1971-06-15"'),
    ("-62135596800000", '"0001-01-01"'),
    ("253402214400000", '"9999-12-31"'),
    ("1767571200001", MISFIT),
    ("1767604500000", MISFIT),
    ("20458", MISFIT),
    ('"soon"', MISFIT),
    ("true", MISFIT),
    ("253402300800000", MISFIT),
)
_CHOICE: Cells = (
    *_NOTHING,
    ('""', (NULL, '""')),
    ('"pune"', '"pune"'),
    ('{"value": "pune", "label": "Pune City"}', '"pune"'),
    ('{"shortId": "goa"}', '"goa"'),
    ('"unlisted"', '"unlisted"'),
    ("[1]", MISFIT),
)
_INTEGER_CHOICE: Cells = (
    *_NOTHING,
    ('""', (NULL, '""')),
    ("1", "1"),
    ('"1"', "1"),
    ('{"value": 2, "label": "High"}', "2"),
    ("18446744073709551616", MISFIT),
    ('"lots"', MISFIT),
)
_FLOAT_CHOICE: Cells = (
    *_NOTHING,
    ('""', (NULL, '""')),
    ("0.5", "0.5"),
    ('{"value": 2.5, "label": "Much"}', "2.5"),
    ("3.14159265358979323846", MISFIT),
)
_TEXTS: Cells = (
    *_NOTHING,
    ('["a", "b"]', '["a", "b"]'),
    ("[]", "[]"),
    ('"[\\"a\\", \\"b\\"]"', '["a", "b"]'),
    ('["a\\u0000b"]', Both('["ab"]')),
)
_INTEGERS: Cells = (*_NOTHING, ("[1, 2]", "[1, 2]"), ("[18446744073709551616]", MISFIT))
_FLOATS: Cells = (*_NOTHING, ("[0.5, 1]", "[0.5, 1]"), ("[0.30000000000000004111]", MISFIT))
_GEO: Cells = (
    *_NOTHING,
    ("[18.5204, 73.8567]", "[18.5204, 73.8567]"),
    ("[18.520412345678901234567, 73.8]", MISFIT),
    ('{"lat": 1, "lng": 2}', ("[1, 2]", MISFIT)),
)
_JSON: Cells = (
    *_NOTHING,
    ('{"b": [1], "a": null}', '{"b": [1], "a": null}'),
    ('{"n": 9007199254740993}', '{"n": 9007199254740993}'),
    ('{"n": 18446744073709551617}', '{"n": 18446744073709551617}'),
    ('{"n": 123456789012345678901234567890}', '{"n": 123456789012345678901234567890}'),
    ('{"n": 0.30000000000000004111}', '{"n": 0.30000000000000004111}'),
    ('{"n": 1e400}', ('{"n": 1e400}', MISFIT)),
    ('{"t": "a\\u0000b"}', Both('{"t": "ab"}')),
)
_SCALARS: Cells = (("true", "true"), ("5", "5"), ("18446744073709551617", "18446744073709551617"))
_OBJECTS: Cells = (*_NOTHING, ('[{"n": 18446744073709551617}]', '[{"n": 18446744073709551617}]'))
_REFERENCE: Cells = (*_NOTHING, ('"0d6c9a52"', '"0d6c9a52"'), ("5", '"5"'))

READING: dict[str, Cells] = {
    **dict.fromkeys(TEXTS, _TEXT),
    **dict.fromkeys(INTEGERS, _INTEGER),
    **dict.fromkeys(FLOATS, _FLOAT),
    "boolean": _BOOLEAN,
    "datetime": _INSTANT,
    "datetimeISO8601": _ISO,
    "date": _DATE,
    "monthOfYear": (*_NOTHING, ("3", '"3"'), ('"March"', '"March"')),
    "stringEnum": _CHOICE,
    "integerEnum": _INTEGER_CHOICE,
    "floatEnum": _FLOAT_CHOICE,
    **dict.fromkeys(("multiStringEnum", "multiString", "multiPhotos", "multiDocuments"), _TEXTS),
    "multiIntegerEnum": _INTEGERS,
    "multiFloatEnum": _FLOATS,
    "geolocation": _GEO,
    "json": _JSON + _SCALARS,
    **dict.fromkeys(("googleAddress", "externalObject", "customObject", "cart"), _JSON),
    **dict.fromkeys(("multiExternalObject", "multiCustomObject"), _OBJECTS),
    "hologram": (*_NOTHING, ('"x"', '"x"'), ("18446744073709551617", '"18446744073709551617"')),
    **dict.fromkeys((*REFERENCES, "user"), _REFERENCE),
    "process collection": (*_NOTHING, ('["x"]', '["x"]')),
}
"""By type, in an account whose zone is +0530 and without a setting."""
