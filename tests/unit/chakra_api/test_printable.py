"""What a person sees holds nothing that a terminal obeys; JSON means what it meant."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from chakra_api.printable import printable, printable_json

texts = st.text(st.characters()) | st.text("\x1b\x07\r\n\t\x9b\u2028\u202e\u200b\ud83d\ue000 a[2J")


@given(texts)
def test_nothing_that_is_not_seen_is_left(text: str) -> None:
    shown = printable(text)
    assert not [each for each in shown if unicodedata.category(each)[0] == "C"]
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown
    shown.encode()


@given(texts)
def test_json_holds_the_same_value(text: str) -> None:
    line = json.dumps({text: [text]}, ensure_ascii=False)
    shown = printable_json(line)
    assert json.loads(shown) == {text: [text]}
    assert not [each for each in shown if unicodedata.category(each)[0] == "C"]


def test_words_of_all_languages_stay() -> None:
    text = "Zürich, Дом, 東京, मीरा, 😀 - 50 %"
    assert printable(text) == printable_json(text) == text
    assert printable("a\nb\x1b[2J\u2028") == r"a\nb\x1b[2J\u2028"


def test_an_error_is_one_line() -> None:
    error = SettingsError("no\x1b[2J\nTRUST ME", "Look\r")
    assert str(error) == r"no\x1b[2J\nTRUST ME. Look\r."
