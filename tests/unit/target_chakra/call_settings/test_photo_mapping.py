"""A mapping of photos that means nothing is refused, with what to write."""

from __future__ import annotations

from typing import Any

import pytest

from chakra_api.errors import SettingsError
from target_chakra.call_settings.photo import parse_photo

WHOLE: dict[str, Any] = {
    "stream": "pictures",
    "kind": "photo",
    "procedure": "ticket",
    "key": "ticket_id",
    "attribute": "front_photo",
    "file": "path",
    "root": "pictures",
}


def parsed(**changes: Any) -> Any:
    given = {**WHOLE, **changes}
    return parse_photo({name: each for name, each in given.items() if each is not None}, "m")


def test_what_a_mapping_says() -> None:
    made = parsed(filename="called", max_bytes="1000")
    assert made.columns == {"ticket_id", "path", "called"}
    assert (made.files.root, made.files.most_bytes) == ("pictures", 1000)
    assert made.named_by == {"key": "ticket_id"}
    assert parsed(key="id").key_attribute == "id"
    assert parsed(key={"column": "crm", "attribute": "code"}).key_attribute == "code"
    held = parsed(file=None, root=None, content="body")
    assert held.columns == {"ticket_id", "body"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"procedure": None}, "procedure is missing"),
        ({"attribute": None}, "attribute is missing"),
        ({"key": None}, "key is"),
        ({"key": {"column": ""}}, "key is"),
        ({"key": {"column": "a", "trim": True}}, "no option trim"),
        ({"file": None}, "file is missing"),
        ({"content": "body"}, "both file and content"),
        ({"root": None}, "root is missing"),
        ({"file": None, "content": "body"}, "root means nothing beside content"),
        ({"root": "a\0b"}, "root is"),
        ({"max_bytes": 0}, "max_bytes is 0"),
        ({"max_bytes": True}, "max_bytes is"),
        ({"max_bytes": "many"}, "max_bytes is"),
        ({"max_bytes": 1 << 31}, "max_bytes is"),
        ({"once_by": "ticket_id"}, "no option once_by"),
    ],
)
def test_what_means_nothing_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parsed(**changes)
    assert said in refused.value.cause
    assert refused.value.next_step
