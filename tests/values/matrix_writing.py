"""What becomes of each spelling of a value on its way into ChakraHQ: written by hand.

From the page of the law (values) and section 6 of the contract, never from the code. A cell is the
source's JSON text and what is expected: the JSON text that ChakraHQ then holds, or `NO` (a reject
that names the column, and with `Reject("…")` that says more), `LEAVE` or `CLEAR`. Where the page is
silent a cell is a tuple: each of these obeys the law (the value as itself, or not at all).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Reject:
    """The row is a reject, and its reason holds a fragment."""

    fragment: str = ""


NO = Reject()
LEAVE = "leave"
CLEAR = "clear"
Expected: TypeAlias = "str | Reject | tuple[str | Reject, ...]"
Cells: TypeAlias = "tuple[tuple[str, Expected], ...]"

TEXTS = (
    "string", "text", "name", "email", "phone", "text area", "boolean text", "url", "html",
    "username", "otp", "photo", "audio", "document",
)  # fmt: skip
INTEGERS = ("integer", "number", "integerId", "time")
FLOATS = ("float", "decimal")
REFERENCES = ("process", "record", "task")

# Texts

_TEXT: Cells = (
    ('"Mira"', '"Mira"'),
    ('"  padded  "', '"  padded  "'),
    ('"  "', '"  "'),
    ('"007"', '"007"'),
    ('"null"', '"null"'),
    ('"NaN"', '"NaN"'),
    ('"true"', '"true"'),
    ('"+91 55501"', '"+91 55501"'),
    ('"z\\u00fcrich \\ud83d\\ude00"', '"zürich 😀"'),
    ("5", '"5"'),
    ("-42", '"-42"'),
    ("915550000051.0", '"915550000051"'),
    ("9007199254740993", '"9007199254740993"'),
    ("18446744073709551617", '"18446744073709551617"'),
    ("123456789012345678901234567890", '"123456789012345678901234567890"'),
    ("true", NO),
    ("false", NO),
    ('{"a": 1}', NO),
)
_TEXT_MORE: Cells = (
    ('"line\\nbreak\\ttab"', '"line\\nbreak\\ttab"'),
    ('"{\\"a\\": 1}"', '"{\\"a\\": 1}"'),
    ('"2026-01-05T09:15:00Z"', '"2026-01-05T09:15:00Z"'),
    ('"1e400"', '"1e400"'),
    ("1e3", '"1000"'),
    ("0", '"0"'),
    ("1.0", '"1"'),
    ("-9223372036854775809", '"-9223372036854775809"'),
    ("9007199254740993.0", ('"9007199254740993"', NO)),
    ("1.5", ('"1.5"', NO)),
    ("3.14159265358979323846", ('"3.14159265358979323846"', NO)),
    ("1e400", (NO, f'"1{"0" * 400}"')),
    ("[1, 2]", NO),
    ('["a"]', NO),
)

# Numbers

_INTEGER: Cells = (
    ("57", "57"),
    ("0", "0"),
    ("-42", "-42"),
    ("57.0", "57"),
    ("1e3", "1000"),
    ("-0.0", "0"),
    ('"57"', "57"),
    ('"57.0"', "57"),
    ('"-0042"', "-42"),
    ('"0"', "0"),
    ('"+57"', ("57", NO)),
    ('" 57 "', ("57", NO)),
    ('"1e3"', ("1000", NO)),
    ("9007199254740991.0", "9007199254740991"),
    ("9007199254740992.0", NO),
    ("9007199254740993.0", NO),
    ('"9007199254740991.0"', "9007199254740991"),
    ('"9007199254740993.0"', NO),
    ("9007199254740993", "9007199254740993"),
    ('"9007199254740993"', "9007199254740993"),
    ("9223372036854775807", "9223372036854775807"),
    ('"9223372036854775807"', "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"),
    ('"-9223372036854775808"', "-9223372036854775808"),
    ("9223372036854775808", NO),
    ('"9223372036854775808"', NO),
    ("-9223372036854775809", NO),
    ("18446744073709551616", NO),
    ("1e18", NO),
    ("1e19", NO),
    ("1e400", NO),
    ('"1e400"', NO),
    ("57.5", NO),
    ('"57.5"', NO),
    ("57.00000000000000000001", NO),
    ('"57.00000000000000000001"', NO),
    ('"many"', NO),
    ('"NaN"', NO),
    ('"Infinity"', NO),
    ('"1_000"', NO),
    ('"1,000"', NO),
    ('"0x10"', NO),
    ('"09:15"', NO),
    ('"  "', (LEAVE, NO)),
    ('"true"', NO),
    ("true", NO),
    ("false", NO),
    ("[57]", NO),
    ('{"value": 57}', NO),
)
_FLOAT: Cells = (
    ("1.5", "1.5"),
    ("5", "5"),
    ("-0.1", "-0.1"),
    ("0.1", "0.1"),
    ("0.1000", "0.1"),
    ("1e22", "1e22"),
    ("5e-324", "5e-324"),
    ("1.7976931348623157e308", "1.7976931348623157e308"),
    ("9007199254740992", "9007199254740992"),
    ("123456789012345680000", "123456789012345680000"),
    ('"1.5"', "1.5"),
    ('"007.50"', "7.5"),
    ('"-0.1"', "-0.1"),
    ('"1e3"', "1000"),
    ('"0.1000000000000000055511151231257827"', NO),
    ("0.1000000000000000055511151231257827", NO),
    ("0.30000000000000004", "0.30000000000000004"),
    ("0.300000000000000041", NO),
    ('" 1.5 "', ("1.5", NO)),
    ('"+1.5"', ("1.5", NO)),
    ("9007199254740993", NO),
    ('"9007199254740993"', NO),
    ('"9007199254740993.0"', NO),
    ("3.14159265358979323846", NO),
    ('"3.14159265358979323846"', NO),
    ("123456789012345678901234567890", NO),
    ("1e400", NO),
    ("-1e400", NO),
    ("1e-400", NO),
    ('"1e400"', NO),
    ('"1e-400"', NO),
    ('"NaN"', NO),
    ('"nan"', NO),
    ('"Infinity"', NO),
    ('"-inf"', NO),
    ('"1_000.5"', NO),
    ('"1,5"', NO),
    ('"1,000.5"', NO),
    ('"many"', NO),
    ("true", NO),
    ("[1.5]", NO),
    ('{"value": 1.5}', NO),
)
_ROUNDED: Cells = (
    ("3.14159265358979323846", "3.141592653589793"),
    ('"3.14159265358979323846"', "3.141592653589793"),
    ("9007199254740993", "9007199254740992"),
    ("0.300000000000000041", "0.30000000000000004"),
    ("1.5", "1.5"),
    ("1e400", NO),
    ('"1e400"', NO),
    ('"NaN"', NO),
    ('"many"', NO),
)

# Truths

_TRUE = ("true", "1", '"true"', '"TRUE"', '" True "', '"1"', '"t"', '"T"', '"y"', '"Y "', '"yes"',
         '"Yes"', '"on"', '"ON"')  # fmt: skip
_FALSE = ("false", "0", '"false"', '"FALSE"', '" False "', '"0"', '"f"', '"F"', '"n"', '" N"',
          '"no"', '"No"', '"off"', '"OFF"')  # fmt: skip
_NO_TRUTH = ("2", "-1", "0.5", '"2"', '"maybe"', '"null"', '"None"', '"nil"', '"ja"', '"truee"',
             '"yes no"', '"0.5"', "[true]", '{"value": true}', '"2026-01-05"', "1e400",
             "18446744073709551616")  # fmt: skip
_BOOLEAN: Cells = (
    *((each, "true") for each in _TRUE),
    *((each, "false") for each in _FALSE),
    *((each, NO) for each in _NO_TRUTH),
    ("1.0", ("true", NO)),
    ("0.0", ("false", NO)),
)

# Times: the account's zone is +0530, and no setting says otherwise.

_INSTANT: Cells = (
    ("1764547200123", "1764547200123"),
    ("45792000000", "45792000000"),
    ("0", "0"),
    ("1", "1"),
    ("-1", "-1"),
    ("-45792000000", "-45792000000"),
    ("-62135596800000", "-62135596800000"),
    ("1764547200123.0", ("1764547200123", NO)),
    ('"1764547200123"', ("1764547200123", NO)),
    ('"45792000000"', ("45792000000", NO)),
    ('"2026-01-05T09:15:00Z"', "1767604500000"),
    ('"2026-01-05T09:15:00.250Z"', "1767604500250"),
    ('"2026-01-05 09:15:00Z"', "1767604500000"),
    ('"2026-01-05 09:15:00.250+00"', "1767604500250"),
    ('"2026-01-05T09:15:00.2Z"', "1767604500200"),
    ('"2026-01-05T09:15:00.250999Z"', "1767604500250"),
    ('"2026-01-05T09:15:00.250999999Z"', "1767604500250"),
    ('"2026-01-05T09:15:00.2509999999999Z"', "1767604500250"),
    ('"1969-12-31T23:59:59.9999Z"', "-1"),
    ('"1969-12-31T23:59:59.9990001Z"', "-1"),
    ('"2026-01-05T09:15Z"', "1767604500000"),
    ('"2026-01-05T09:15:00+00:00"', "1767604500000"),
    ('"2026-01-05T09:15:00-00:00"', "1767604500000"),
    ('"2026-01-05T14:45:00+05:30"', "1767604500000"),
    ('"2026-01-05T14:45:00+0530"', "1767604500000"),
    ('"2026-01-04T21:15:00-12:00"', "1767604500000"),
    ('"2026-01-05T01:15:00-08"', "1767604500000"),
    ('"2026-01-05T09:15:00"', "1767584700000"),
    ('"2026-01-05 09:15:00"', "1767584700000"),
    ('"2026-01-05 09:15:00.250999"', "1767584700250"),
    ('"2026-01-05T09:15"', "1767584700000"),
    ('"2026-01-05"', "1767551400000"),
    ('"1971-06-15T00:00:00Z"', "45792000000"),
    ('"0001-01-01T00:00:00Z"', "-62135596800000"),
    ('"9999-12-31T23:59:59.999Z"', "253402300799999"),
    ('" 2026-01-05T09:15:00Z "', ("1767604500000", NO)),
    ('"2026-01-05t09:15:00z"', ("1767604500000", NO)),
    ('"2026-01-05T09:15:00,250Z"', ("1767604500250", NO)),
    ('"20260105T091500Z"', ("1767604500000", NO)),
    ('"2026-01-05T24:00:00Z"', ("1767657600000", NO)),
    ('"2026-02-29"', NO),
    ('"2026-13-01T00:00:00Z"', NO),
    ('"2026-01-05T25:00:00Z"', NO),
    ('"2026-01-05T09:15:00+25:00"', NO),
    ('"05/01/2026"', NO),
    ('"soon"', NO),
    ('"now"', NO),
    ('"  "', (LEAVE, NO)),
    ('"NaN"', NO),
    ("1764547200123.5", NO),
    ("1e400", NO),
    ("18446744073709551616", NO),
    ("true", NO),
    ("false", NO),
    ('["2026-01-05"]', NO),
    ('{"value": 1764547200123}', NO),
)
_DATE: Cells = (
    ('"2026-01-05"', "1767571200000"),
    ('"1971-06-15"', "45792000000"),
    ('"1969-12-31"', "-86400000"),
    ('"1970-01-01"', "0"),
    ('"0001-01-01"', "-62135596800000"),
    ('"9999-12-31"', "253402214400000"),
    ('"2024-02-29"', "1709164800000"),
    ("1767571200000", "1767571200000"),
    ("45792000000", "45792000000"),
    ("-86400000", "-86400000"),
    ("0", "0"),
    ('"2026-01-05T00:00:00Z"', "1767571200000"),
    ('"2026-01-05T00:00:00.000000Z"', "1767571200000"),
    ('"2026-01-05 00:00:00"', "1767571200000"),
    ('"2026-01-05T00:00:00"', "1767571200000"),
    ('"2026-01-05T00:00:00+00:00"', "1767571200000"),
    ('"2026-01-05T00:00:00+05:30"', ("1767571200000", "1767551400000")),
    ("1767551400000", ("1767571200000", "1767551400000")),
    ('"1767571200000"', ("1767571200000", NO)),
    ('" 2026-01-05 "', ("1767571200000", NO)),
    ('"2026-01-05T09:15:00Z"', NO),
    ('"2026-01-05 00:00:01"', NO),
    ('"2026-01-05T00:00:00.001Z"', NO),
    ('"2026-01-05T00:00:00.0000001Z"', NO),
    ("1767571200001", NO),
    ("1767604500000", NO),
    ('"2026-02-29"', NO),
    ('"2026-02-30"', NO),
    ('"05/01/2026"', NO),
    ('"5 Jan 2026"', NO),
    ('"soon"', NO),
    ('"NaN"', NO),
    ("1e400", NO),
    ("true", NO),
    ('["2026-01-05"]', NO),
    ('{"value": 0}', NO),
)
_ISO_TEXT: Cells = (
    ('"2026-01-05T09:15:00.250+05:30"', ("INSTANT 1767584700250",)),
    ('"2026-01-05T09:15:00Z"', ("INSTANT 1767604500000",)),
    ('"2026-01-05 09:15:00"', ("INSTANT 1767584700000",)),
    ('"2026-01-05T09:15:00"', ("INSTANT 1767584700000",)),
    ('"2026-01-05"', ("INSTANT 1767551400000",)),
    ("1767604500000", ("INSTANT 1767604500000",)),
    ("45792000000", ("INSTANT 45792000000",)),
    ("-1", ("INSTANT -1",)),
    ('"0001-01-01T00:00:00Z"', ("INSTANT -62135596800000",)),
    ('"9999-12-31T23:59:59.999Z"', ("INSTANT 253402300799999",)),
    ('"soon"', NO),
    ('"2026-02-29T00:00:00Z"', NO),
    ('"2026-01-05T25:00:00Z"', NO),
    ("true", NO),
    ("1e400", NO),
    ('{"value": 0}', NO),
    ("[0]", NO),
)

# Choices

_CHOICE: Cells = (
    ('"pune"', '"pune"'),
    ('"PUNE"', '"pune"'),
    ('" Pune "', '"pune"'),
    ('"Pune City"', '"pune"'),
    ('"pune city"', '"pune"'),
    ('"  GOA  "', '"goa"'),
    ('"two"', '"two"'),
    ('"one"', '"one"'),
    ('"three"', '"two"'),
    ('"TWO"', Reject("TWO")),
    ('"twin1"', '"twin1"'),
    ('"TWIN2"', '"twin2"'),
    ('"TWIN"', Reject("TWIN")),
    ('"atlantis"', Reject("atlantis")),
    ('"pun"', NO),
    ('"pune, goa"', NO),
    ("5", NO),
    ("true", NO),
    ('["pune"]', (NO, '"pune"')),
)
_INTEGER_CHOICE: Cells = (
    ("1", "1"),
    ("1.0", "1"),
    ('"1"', "1"),
    ('" 1 "', "1"),
    ('"Low"', "1"),
    ('" LOW "', "1"),
    ("70", "70"),
    ('"seventy"', "70"),
    ("9", NO),
    ('"9"', NO),
    ('"lo"', NO),
    ("1.5", NO),
    ("1.00000000000000000001", NO),
    ("true", NO),
    ("1e400", NO),
)
_FLOAT_CHOICE: Cells = (
    ("0.5", "0.5"),
    ("2.5", "2.5"),
    ("1", "1"),
    ("1.0", "1"),
    ('"0.5"', "0.5"),
    ('" half "', "0.5"),
    ('"MUCH"', "2.5"),
    ("0.50", "0.5"),
    ("0.500000000000000000001", NO),
    ("3.5", NO),
    ('"3.5"', NO),
    ("true", NO),
    ("1e400", NO),
    ('"NaN"', NO),
)
_CHOICES: Cells = (
    ('["pune"]', '["pune"]'),
    ('["goa", "pune"]', '["goa", "pune"]'),
    ('["PUNE ", "Goa"]', '["pune", "goa"]'),
    ('["Pune City"]', '["pune"]'),
    ('"[\\"pune\\", \\"goa\\"]"', '["pune", "goa"]'),
    ('"pune,goa"', '["pune", "goa"]'),
    ('"Pune City , GOA"', '["pune", "goa"]'),
    ('"pune"', '["pune"]'),
    ("[]", "[]"),
    ('["pune", "atlantis"]', Reject("atlantis")),
    ('"pune,atlantis"', Reject("atlantis")),
    ('"[\\"atlantis\\"]"', Reject("atlantis")),
    ('["TWIN"]', Reject("TWIN")),
    ("[5]", NO),
    ("[true]", NO),
    ("true", NO),
)
_INTEGER_CHOICES: Cells = (
    ("[1, 2]", "[1, 2]"),
    ('["1", "High"]', "[1, 2]"),
    ('"1,2"', "[1, 2]"),
    ('"[1, 70]"', "[1, 70]"),
    ("[1.0]", "[1]"),
    ("[1, 9]", NO),
    ('"1,9"', NO),
    ("[true]", NO),
    ("[1.5]", NO),
)
_FLOAT_CHOICES: Cells = (
    ("[0.5, 1]", "[0.5, 1]"),
    ('["half", "2.5"]', "[0.5, 2.5]"),
    ('"0.5,2.5"', "[0.5, 2.5]"),
    ('"[2.5]"', "[2.5]"),
    ("[3.5]", NO),
    ("[true]", NO),
)
_LIST: Cells = (
    ('["a", "b"]', '["a", "b"]'),
    ('["  a", "B "]', '["  a", "B "]'),
    ("[]", "[]"),
    ('"[\\"a\\", \\"b\\"]"', '["a", "b"]'),
    ('{"a": 1}', NO),
    ("true", NO),
)

# Objects

_GEO: Cells = (
    ("[18.5204, 73.8567]", "[18.5204, 73.8567]"),
    ("[-90, 180.0]", "[-90, 180.0]"),
    ('"[18.5204, 73.8567]"', "[18.5204, 73.8567]"),
    ("[18.520412345678901234567, 73.8]", ("[18.520412345678901234567, 73.8]", NO)),
    ("true", NO),
    ('"here"', NO),
    ("[1e400, 1]", NO),
)
_JSON: Cells = (
    ('{"b": [1], "a": null}', '{"b": [1], "a": null}'),
    ("[1, [2, {}]]", "[1, [2, {}]]"),
    ("true", "true"),
    ("false", "false"),
    ("5", "5"),
    ("1.5", "1.5"),
    ('"plain words"', '"plain words"'),
    ('{"n": 9007199254740993}', '{"n": 9007199254740993}'),
    ('{"n": 18446744073709551617}', '{"n": 18446744073709551617}'),
    ("[123456789012345678901234567890]", "[123456789012345678901234567890]"),
    ('{"n": 0.1000000000000000055511151231257827}',
     ('{"n": 0.1000000000000000055511151231257827}', NO)),
    ('{"n": 1e400}', ('{"n": 1e400}', NO)),
    ('{"t": "\\u0000"}', ('{"t": "\\u0000"}', NO)),
    ('"[1, {\\"a\\": 123456789012345678901}]"', '[1, {"a": 123456789012345678901}]'),
)  # fmt: skip
_OBJECT: Cells = (
    ('{"a": {"b": 1.5}}', '{"a": {"b": 1.5}}'),
    ('{"n": 18446744073709551617}', '{"n": 18446744073709551617}'),
    ('"{\\"a\\": 1}"', '{"a": 1}'),
)
_OBJECTS: Cells = (
    ('[{"a": 1}, {"b": null}]', '[{"a": 1}, {"b": null}]'),
    ('[{"n": 18446744073709551617}]', '[{"n": 18446744073709551617}]'),
    ('"[{\\"a\\": 1}]"', '[{"a": 1}]'),
)
_MONTH: Cells = (
    ("3", "3"),
    ('"March"', '"March"'),
    ('"3"', ('"3"', "3")),
    ("true", NO),
    ('{"a": 1}', NO),
)
_REFERENCE: Cells = (
    ('"0d6c9a52-5f5e-4b9c-8a54-2f2b8d1e7c01"', '"0d6c9a52-5f5e-4b9c-8a54-2f2b8d1e7c01"'),
    ("5", ('"5"', NO)),
    ("true", NO),
    ('{"id": "x"}', NO),
)

WRITING: dict[str, Cells] = {
    **dict.fromkeys(TEXTS, _TEXT),
    "string": _TEXT + _TEXT_MORE,
    "phone": _TEXT + _TEXT_MORE,
    "html": _TEXT + _TEXT_MORE,
    **dict.fromkeys(INTEGERS, _INTEGER),
    **dict.fromkeys(FLOATS, _FLOAT),
    "boolean": _BOOLEAN,
    "date": _DATE,
    "datetime": _INSTANT,
    "datetimeISO8601": _ISO_TEXT,
    "monthOfYear": _MONTH,
    "stringEnum": _CHOICE,
    "integerEnum": _INTEGER_CHOICE,
    "floatEnum": _FLOAT_CHOICE,
    "multiStringEnum": _CHOICES,
    "multiIntegerEnum": _INTEGER_CHOICES,
    "multiFloatEnum": _FLOAT_CHOICES,
    "multiString": _LIST,
    "multiPhotos": _LIST,
    "multiDocuments": _LIST,
    "geolocation": _GEO,
    "json": _JSON,
    "googleAddress": _OBJECT,
    "externalObject": _OBJECT,
    "customObject": _OBJECT,
    "multiExternalObject": _OBJECTS,
    "multiCustomObject": _OBJECTS,
    **dict.fromkeys(REFERENCES, _REFERENCE),
    "user": _REFERENCE[:1] + _REFERENCE[2:],
    "state": (('"NEW"', '"NEW"'),),
    "status": (('"OPEN"', '"OPEN"'),),
}
"""By type, for a stream whose mapping says nothing more."""
ROUNDED: dict[str, Cells] = {
    **dict.fromkeys(FLOATS, _ROUNDED),
    "date": (
        ('"2026-01-05T09:15:00Z"', "1767571200000"),
        ('"2026-01-05 23:59:59"', "1767571200000"),
        ('"2026-01-05"', "1767571200000"),
        ('"soon"', NO),
    ),
}
"""The same, with `round: true` on the field."""
ROOT: dict[str, Cells] = {
    "state": (
        ('"IN_PROGRESS"', '"IN_PROGRESS"'),
        ('"in_progress"', '"IN_PROGRESS"'),
        ('"In progress"', '"IN_PROGRESS"'),
        ('" IN PROGRESS "', '"IN_PROGRESS"'),
        ('"new one"', '"NEW"'),
        ('"done"', '"DONE"'),
        ('"ASLEEP"', Reject("ASLEEP")),
        ("5", NO),
        ("true", NO),
        ("null", LEAVE),
        ('""', LEAVE),
    ),
    "status": (
        ('"CANCELLED"', '"CANCELLED"'),
        ('"cancelled"', '"CANCELLED"'),
        ('" Completed "', '"COMPLETED"'),
        ('"SHUT"', Reject("SHUT")),
        ("1", NO),
        ("true", NO),
        ("null", LEAVE),
        ('""', LEAVE),
    ),
    "assignedTo": (
        ('"asha.k"', "USER asha.k"),
        ('"ASHA.K"', "USER asha.k"),
        ('" asha.k "', "USER asha.k"),
        ('"asha.k@example.com"', "USER asha.k"),
        ('"Asha.K@Example.com "', "USER asha.k"),
        ('"Asha K"', "USER asha.k"),
        ('"  mira RAO"', "USER mira.rao"),
        ('"ZOË MÜLLER"', "USER zoë.müller"),
        ('"sara@example.com"', "USER sara@example.com"),
        ('"Sam Same"', Reject("Sam Same")),
        ('"sam.2"', "USER sam.2"),
        ('"nobody.at.all"', Reject("nobody.at.all")),
        ('"old.hand"', Reject("old.hand")),
        ('"Otto Hand"', Reject("Otto Hand")),
        ('"idle.one"', Reject("idle.one")),
        ('"Ida Idle"', Reject("Ida Idle")),
        ("5", NO),
        ("true", NO),
        ("null", LEAVE),
        ('""', LEAVE),
    ),
    "nextActionAt": (
        *_INSTANT,
        ("null", LEAVE),
        ('""', LEAVE),
    ),
}
"""Fields of the process itself."""

# Nothing: null, an empty text, an absent column. `ABSENT` stands for a record without the column.

ABSENT = "absent"
NOTHING = ("null", '""', ABSENT)
KEPT_BLANKS: dict[str, Cells] = dict.fromkeys(
    TEXTS, (('""', '""'), ("null", LEAVE), (ABSENT, LEAVE), ('"x"', '"x"'))
)
"""By type, with `blanks: keep`; a null and an absent column stay what they are."""


@dataclass(frozen=True)
class KeyCell:
    """The key of a new process.

    Attributes:
        source: JSON text.
        held: The key that ChakraHQ then holds, or a reject.
        options: Of the mapping's `key`.
    """

    source: str
    held: str | Reject | tuple[str | Reject, ...]
    options: dict[str, Any] = field(default_factory=dict)


_TRIMS = {"trim": True}
_LOWERS = {"case": "lower"}
_BOTH = {"trim": True, "case": "lower"}
_UPPERS = {"case": "upper"}
KEYS = (
    KeyCell('"K-1"', "K-1"),
    KeyCell('"k-2"', "k-2"),
    KeyCell('" K-3 "', " K-3 "),
    KeyCell('"007"', "007"),
    KeyCell('"zürich"', "zürich"),
    KeyCell("101", "101"),
    KeyCell("102.0", "102"),
    KeyCell("915550000051.0", "915550000051"),
    KeyCell("9007199254740993", "9007199254740993"),
    KeyCell("18446744073709551617", "18446744073709551617"),
    KeyCell('"1e400"', "1e400"),
    KeyCell("1.5", NO),
    KeyCell("1e400", NO),
    KeyCell('"  "', NO),
    KeyCell('"\\t\\n"', NO),
    KeyCell('"a\\u0000b"', NO),
    KeyCell('{"id": 1}', NO),
    KeyCell("[1]", NO),
    KeyCell("null", NO),
    KeyCell('""', NO),
    KeyCell(ABSENT, NO),
    KeyCell("true", ("true", NO)),
    KeyCell('" K-4 "', "K-4", _TRIMS),
    KeyCell('"  "', NO, _TRIMS),
    KeyCell('"MiXed"', "mixed", _LOWERS),
    KeyCell('" MiXed2 "', "mixed2", _BOTH),
    KeyCell('"MiXed3"', "MIXED3", _UPPERS),
    KeyCell('" Pad "', " pad ", _LOWERS),
)


@dataclass(frozen=True)
class Mark:
    """A mark of deletion.

    Attributes:
        column: Its column.
        source: JSON text.
        outcome: deleted, updated (the row is written), or rejected.
        mapped: Whether `delete_when` names the column.
    """

    column: str
    source: str
    outcome: str
    mapped: bool = True


MARKS = (
    *(Mark(column, each, "deleted") for column in ("gone", "isDeleted") for each in _TRUE),
    *(Mark(column, each, "updated") for column in ("gone", "isDeleted") for each in _FALSE),
    *(Mark(column, each, "updated") for column in ("gone", "isDeleted") for each in NOTHING),
    *(Mark(column, each, "rejected") for column in ("gone", "isDeleted") for each in _NO_TRUTH),
    *(
        Mark("deleted_at", each, "deleted")
        for each in ('"2026-01-05T09:15:00Z"', '"2026-01-05"', '"2026-01-05 09:15:00.123456+00"',
                     "1764547200123", "45792000000")
    ),
    *(Mark("deleted_at", each, "updated") for each in NOTHING),
    *(Mark("deleted_at", each, "rejected") for each in ('"soon"', '"null"', '"never"', "[1]")),
    *(
        Mark(column, each, "rejected", mapped=False)
        for column in ("_sdc_deleted_at", "_sdc_lsn_deleted_at", "_dlt_deleted")
        for each in ('"2026-01-05T09:15:00Z"', "true", "1764547200123", '"whatever"')
    ),
    *(
        Mark(column, each, "updated", mapped=False)
        for column in ("_sdc_deleted_at", "_sdc_lsn_deleted_at", "_dlt_deleted")
        for each in NOTHING
    ),
)  # fmt: skip
