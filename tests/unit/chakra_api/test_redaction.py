"""The key is masked in whatever form it takes in a text."""

from __future__ import annotations

import base64
import json
import logging
import random
import string
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.logging import StructuredFormatter

from chakra_api.errors import SettingsError
from chakra_api.redaction import (
    ApiKey,
    RedactingFilter,
    mask_likely,
    mask_url,
    redact,
    redact_logs,
    secrets_within,
)
from chakra_api.secret_forms import Forms
from tests.support.echoes import FORMS, gives_away

if TYPE_CHECKING:
    from collections.abc import Callable

keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60)


@given(keys, st.text(max_size=20), st.text(max_size=20))
def test_no_form_of_the_key_survives(key: str, before: str, after: str) -> None:
    forms = [key, quote(key, safe=""), json.dumps(key)[1:-1]]
    for form in forms:
        assert form not in redact(f"{before} {form} {after}", ApiKey(key))


@given(keys, st.binary(max_size=9))
def test_base64_of_a_header_is_masked(key: str, before: bytes) -> None:
    text = base64.b64encode(before + key.encode()).decode()
    assert redact(text, ApiKey(key)) != text


@pytest.mark.parametrize("key", ["ck_live_51H8s/secret+KEY==", "0123456789", "nnnnnnnn"])
def test_what_is_left_of_an_echo_gives_nothing_away(key: str) -> None:
    for name, form in FORMS.items():
        for text in (form(key), f"ungültig: {form(key)} (E7)", f"\\ {form(key)} 100 % &c"):
            assert gives_away(text, key), name
            assert not gives_away(redact(text, ApiKey(key)), key), name


@pytest.mark.parametrize("key", ["sk-live-51H8sABCdef0123", "ck_live_51H8s/secret+KEY=="])
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_a_key_in_other_letters_gives_nothing_away(key: str, case: Callable[[str], str]) -> None:
    for name, form in FORMS.items():
        text = f"refused: {form(case(key))} (E7)"
        if "base64" not in name:  # that of another case is another text
            assert not gives_away(redact(text, ApiKey(key)), case(key)), name
            assert not gives_away(redact(case(text), ApiKey(key)), case(key)), name


@pytest.mark.parametrize(
    "end", ["", "...", "\u2026", " \u2026 more", '"', '"]}', "\n", "</p>", "\\n"]
)
@pytest.mark.parametrize("case", [str, str.upper])
def test_a_key_that_was_cut_off_is_masked(end: str, case: Callable[[str], str]) -> None:
    key = "sk-live-51H8sABCdef0123"
    for length in range(8, len(key)):
        text = f"refused: {case(key)[:length]}{end}"
        assert redact(text, ApiKey(key)) == f"refused: ***{end}"
    for text in (f"no {key[:7]}{end}", f"{key[:9]}and more{end}"):
        assert redact(text, ApiKey(key)) == text


@given(keys, st.binary(max_size=9), st.binary(max_size=9))
def test_whole_groups_of_base64_are_masked(key: str, before: bytes, after: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        coded = encode(before + key.encode() + after).decode()
        left, found, right = redact(f"k: {coded}.", ApiKey(key)).rpartition("***")
        assert found
        left, right = left.removeprefix("k: "), right.removesuffix(".")
        assert coded.startswith(left)
        assert coded.endswith(right)
        assert left == encode(before).decode()[: len(before) // 3 * 4]
        assert not right or len(right) % 4 == 0


def test_a_short_key_is_masked_as_a_word_alone() -> None:
    assert redact("a.b: key ab, abc, cab, AB", ApiKey("ab")) == "a.b: key ***, abc, cab, ***"


@given(keys)
def test_a_text_that_holds_no_key_stays_itself(key: str) -> None:
    for text in ("The row was refused: 100 % wrong & \\u0062ad", "Zeile ungültig\nzwei", "%zz&#x;"):
        assert key in text or redact(text, ApiKey(key)) == text


@given(keys)
def test_a_log_record_is_scrubbed_with_its_arguments_and_its_traceback(key: str) -> None:
    record = logging.LogRecord("x", 20, "f", 1, "sent %s", (key,), None)
    record.exc_info = (ValueError, ValueError(key), None)
    assert RedactingFilter(ApiKey(key)).filter(record)
    assert key not in record.getMessage()
    assert record.exc_text is not None
    assert key not in record.exc_text


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "schlüssel"])
def test_what_can_be_no_key_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="api_key"):
        ApiKey(value)


def test_a_handler_masks_a_key_once_however_often_it_is_told() -> None:
    handler = logging.StreamHandler()
    logger = logging.getLogger("told-often")
    logger.addHandler(handler)
    for key in ("first-key", "first-key", "second-key"):
        redact_logs(ApiKey(key), "told-often")
    assert len(handler.filters) == 2
    assert RedactingFilter(ApiKey("first-key")) in handler.filters


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pw@host", "https://***@host"),
        ("https://u:p/w@x@host:80/a", "https://***@host:80/a"),
        ("https://u:pw%40host", "https://***@host"),
        ("https://user:secret", "https://user:***"),
        ("u:pw@host", "***@host"),
        ("https://host:8080", "https://host:8080"),
        ("https://[::1]:8080", "https://[::1]:8080"),
        (
            "postgresql://h/db?sslmode=require&password=a&b",
            "postgresql://h/db?sslmode=require&password=***",
        ),
        ("postgresql:///db?host=/tmp&%70assword=x", "postgresql:///db?host=/tmp&%70assword=***"),
        ("postgresql:///db?options=password=x", "postgresql:///db?options=password=***"),
        ("postgresql://h/db#x", "postgresql://h/db#***"),
        ("host=h password=a b", "host=h password=***"),
        ("sqlite:////data/a@b/journal.db", "sqlite:////data/a@b/journal.db"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert mask_url(url) == shown


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("sqlite:////tmp/x@y/j.db", []),
        ("sqlite://", []),
        ("sqlite:///j.db?timeout=5", []),
        ("j.db", []),
        ("postgresql://app@host/db?sslmode=require", []),
        ("postgresql://app:hunter22@host/db", ["hunter22"]),
        ("postgresql://app:h/u@n?t%21@host/db", ["h/u@n?t%21", "h/u@n?t!"]),
        ("postgresql://app:hunter22%40host/db", ["hunter22"]),
        ("postgresql://h/db?user=app&password=hunter22", ["app", "hunter22"]),
        ("postgresql://postgres:postgres@postgres/app", []),
        ("postgresql://app:sql@host/db", []),
        ("host=h password=hunter22", ["host=h password=hunter22"]),
        ("app:hunter22@host/db", ["app:hunter22@host/db"]),
    ],
)
def test_of_an_address_its_password_is_a_secret(address: str, secrets: list[str]) -> None:
    assert secrets_within(address) == secrets


@pytest.mark.parametrize(
    "text",
    [
        "ck_live_51H8s9aBcD7xYz",
        "abc/def+ghi123ABCxyz09==",
        "eyJhbGciOiJIUzI1NiJ9x1.eyJzdWIiOiIxMjM0NTY3ODkw",
        "TAP_CHAKRA_API_KEY=ck_live",
        '{"api_key": "ck_live"}',
        "https://ck_live@host",
        "host=h password=ck_live",
    ],
)
def test_what_is_likely_a_secret_is_not_shown(text: str) -> None:
    assert "ck_live" not in mask_likely(text)
    assert "MTIz" not in mask_likely(text)
    assert "***" in mask_likely(text)


@pytest.mark.parametrize(
    "text",
    ["process_lead", "2026-01-01T00:00:00.000Z", "https://host:80", "+05:30", "/a/b2/c.json", "3x"],
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert mask_likely(text) == text


FORGED = "2026-01-01 00:00:00 | INFO | all is well"


def test_no_text_from_outside_begins_a_line_of_the_log() -> None:
    text = f"no\r\n{FORGED}\x1b[2J\u2028{FORGED}\u202e\ud83d"
    record = logging.LogRecord("x", 20, "f", 1, "refused: %s", (text,), None)
    record.exc_info = (ValueError, ValueError(text), None)
    assert RedactingFilter().filter(record)
    written = logging.Formatter().format(record)
    assert not [line for line in written.splitlines() if line.startswith("2026")]
    assert written.replace("\n", "").isprintable()
    assert r"no\r\n2026-01-01 00:00:00 | INFO | all is well\x1b[2J\u2028" in written.splitlines()[0]


def test_a_structured_log_and_what_is_added_to_a_record_hold_no_key() -> None:
    key = ApiKey("first-key-of-all")
    record = logging.LogRecord("x", 20, "f", 1, "%s", ("m",), None)
    record.asked = {"api_key": key.reveal()}
    record.exc_info = (ValueError, ValueError(key.reveal()), None)
    assert RedactingFilter(key).filter(record)
    assert key.reveal() not in StructuredFormatter().format(record)
    assert key.reveal() not in logging.Formatter().format(record)
    assert "ValueError" in logging.Formatter().format(record)


def test_a_logger_that_is_named_is_fit_whoever_handles_its_records() -> None:
    redact_logs(ApiKey("third-key"), "told-by-name")
    kept: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: kept.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("told-by-name")
    logger.addHandler(handler)
    logger.warning("with third-key\x07")
    assert kept == [r"with ***\x07"]


@pytest.mark.parametrize("member", ["name", "threadName", "processName", "funcName", "stream"])
def test_no_member_of_a_record_begins_a_line_or_moves_a_cursor(member: str) -> None:
    key = ApiKey("key-0123456789abcdef")
    record = logging.makeLogRecord({"msg": "Beginning sync", "levelname": "INFO", "stream": 1})
    record.__dict__[member] = (
        "tap.evil\x1b[2J\x07\r\n2026-11-30 | ERROR\u2028\u202e key-0123456789abcdef"
    )
    assert RedactingFilter(key).filter(record)
    written = logging.Formatter(f"%({member})s | %(message)s").format(record)
    assert written.isprintable()
    assert written.startswith(r"tap.evil\x1b[2J\x07\r\n2026-11-30 | ERROR\u2028\u202e ")
    assert "key-0123456789abcdef" not in written


@pytest.mark.parametrize(
    "text",
    [
        "&#" + "0" * 9_000 + "83;k-live+Ab/9xYz77Qw=",
        "S\x1b[1mk-live+Ab/9\x1b[0;31mxYz77Qw=",
        "".join(f"\\{ord(each):03o}" for each in "Sk-live+Ab/9xYz77Qw="),
        "%53k-liv&#101;+Ab/9xYz77Qw\\u003d" + "\\" * 150_000,
    ],
    ids=["zeros", "colours of a terminal", "octal", "backslashes without end"],
)
def test_a_key_that_is_hidden_with_care_is_masked_and_soon(text: str) -> None:
    assert "9xYz77Qw" not in ApiKey("Sk-live+Ab/9xYz77Qw=").redact(text)
    assert "***" in ApiKey("Sk-live+Ab/9xYz77Qw=").redact(text)


@pytest.mark.parametrize("number", ["1" * 4_301, "x" + "f" * 5_000])
def test_a_number_that_no_character_has_is_no_fault(number: str) -> None:
    assert ApiKey("Sk-live+Ab/9xYz77Qw=").redact(f"&#{number};") == f"&#{number};"


@pytest.mark.parametrize("length", [9, 10, 63, 64, 65, 500, 1_000, 4_104, 4_105, 4_200, 20_000])
def test_a_long_secret_is_masked_whole_and_wherever_it_was_cut_off(length: int) -> None:
    """Signed tokens have a thousand characters: 500 were more than Python compiled."""
    key = "".join(random.Random(length).choices(string.ascii_letters + string.digits, k=length))
    forms = Forms(key)
    for cut in {*range(8, min(length, 200)), length // 2, length - 1, length}:
        if cut >= 8:
            assert forms.masked(f"Bearer {key[:cut]}") == "Bearer ***", cut
            assert forms.masked(f"'{key[:cut]}...'") in ("'***...'", "'***"), cut
    assert forms.masked(f"{key[:8]} and so on") == f"{key[:8]} and so on"
