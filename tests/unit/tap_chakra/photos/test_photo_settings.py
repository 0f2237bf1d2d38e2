"""What the setting `photos` may be, and what is refused of it, in words that name what to write."""

from __future__ import annotations

from typing import Any

import pytest

from chakra_api.errors import SettingsError
from tap_chakra.photos.settings import PhotoSettings, parse_photos

MIB = 1 << 20


@pytest.mark.parametrize("given", [None, "", {}])
def test_nothing_is_fetched_where_nothing_is_set(given: object) -> None:
    assert parse_photos({"photos": given}) == PhotoSettings("", (), 32 * MIB)


def test_options_mean_what_they_say() -> None:
    given = {"to": " out/photos ", "procedures": ["ticket", "lead", "ticket"], "max_bytes": "1000"}
    assert parse_photos({"photos": given}) == PhotoSettings("out/photos", ("ticket", "lead"), 1000)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("photos", "no object of options"),
        (["photos"], "no object of options"),
        ({"procedures": ["ticket"]}, "lacks to"),
        ({"to": "  "}, "lacks to"),
        ({"to": 5}, "which is no place"),
        ({"to": "a\0b"}, "which is no place"),
        ({"to": "p", "max_byte": 5}, "Did you mean 'max_bytes'"),
        ({"to": "p", "max_bytes": 0}, "photos.max_bytes is 0"),
        ({"to": "p", "max_bytes": 2 << 30}, "photos.max_bytes"),
        ({"to": "p", "max_bytes": "many"}, "photos.max_bytes"),
        ({"to": "p", "procedures": "ticket"}, "no list of shortIds"),
        ({"to": "p", "procedures": [""]}, "no list of shortIds"),
        ({"to": "file:///tmp/p"}, "Write a folder as a path"),
        ({"to": "memory://p"}, "can't be written to a URL of memory"),
        ({"to": "https://example.com/p"}, "can't be written to a URL of https"),
        ({"to": "nosuch://p"}, "can't be written to a URL of nosuch"),
        ({"to": "ftp://me:hush-hush@host/p"}, "may be a secret"),
        ({"to": "ftp://host/p?token=hush-hush"}, "may be a secret"),
        ({"to": "ftp://[host/p"}, "no URL that means something"),
    ],
)
def test_what_means_nothing_is_refused(given: Any, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_photos({"photos": given})
    assert said in str(refused.value)
    assert "hush-hush" not in str(refused.value)


def test_a_url_that_fsspec_knows_is_taken() -> None:
    assert parse_photos({"photos": {"to": "ftp://host/photos"}}).is_url
