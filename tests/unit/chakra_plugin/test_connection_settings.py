"""What a user may set of a connection is what a connection has, with the same defaults."""

from __future__ import annotations

from dataclasses import MISSING, fields

from chakra_api.connection import Connection
from chakra_plugin.settings.connection import connection_settings

DECLARED = connection_settings("a-command", role="Its role decides.", timed_out="given up")


def test_each_field_of_a_connection_is_declared_under_its_name() -> None:
    assert set(DECLARED._fields) == {field.name for field in fields(Connection)}
    assert all(getattr(DECLARED, name).name == name for name in DECLARED._fields)


def test_the_defaults_are_those_of_a_connection() -> None:
    own = {field.name: field.default for field in fields(Connection) if field.name != "user_agent"}
    declared = {name: getattr(DECLARED, name).default for name in own}
    assert declared == {n: None if d is MISSING else d for n, d in own.items()}


def test_the_key_alone_is_required_and_secret() -> None:
    assert [each.name for each in DECLARED if not each.optional] == ["api_key"]
    assert [each.name for each in DECLARED if each.secret] == ["api_key"]
