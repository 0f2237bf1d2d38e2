"""The key is masked in whatever form it takes in a text."""

from __future__ import annotations

import base64
import json
import logging
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from chakra_api.redaction import ApiKey, RedactingFilter, mask_url, redact, redact_logs
from tests.support.echoes import FORMS, gives_away

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
