"""Each line of the page says the truth, whichever answer a sandbox gives to an open question."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.knobs import Knobs
from chakra_sandbox.rows.access import default_tokens
from chakra_sandbox.rows.account import Account, MadeSizes, made_account
from chakra_sandbox.rows.moments import Span
from chakra_sandbox.world import World
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, run_tap, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from tests.support.in_process import Told

TRUTHS: list[tuple[dict[str, object], str, str, str]] = [
    # knobs turned; topic; what the finding says; how much it concerns the user
    ({}, "order of lists", "by createdAt, oldest first (proven", "ok"),
    ({"list_order": "created_desc"}, "order of lists", "by createdAt, newest first (proven", "ok"),
    ({"list_order": "id"}, "order of lists", "by id", "note"),
    ({"list_order": "updated_desc"}, "order of lists", "by updatedAt, newest first", "note"),
    ({"list_order": "random_stable"}, "order of lists", "by nothing known", "note"),
    ({"list_order": "shuffled_per_request"}, "order of lists", "in another order", "warning"),
    ({}, "hasMore", "said where rows follow", "ok"),
    ({"has_more": "absent"}, "hasMore", "not said", "note"),
    ({}, "createdAt filter", "proven to a millisecond", "ok"),
    ({}, "createdAt filter", "hold the bound itself", "ok"),
    ({"created_at_precision": "s"}, "createdAt filter", "proven to a second", "ok"),
    ({"created_at_precision": "s"}, "createdAt filter", "hold the bound itself", "ok"),
    ({"gte_is_gt": True}, "createdAt filter", "leave the bound itself out", "note"),
    ({"created_at_filter": "ignored"}, "createdAt filter", "not heeded", "warning"),
    ({}, "updatedAt filter", "ignored: all rows come", "note"),
    ({"updated_at_filter": "honoured"}, "updatedAt filter", "proven: exactly", "ok"),
    ({"updated_at_filter": "error"}, "updatedAt filter", "refused", "note"),
    ({"updated_at_filter": "no_rows"}, "updatedAt filter", "finds nothing", "note"),
    ({}, "unknown names", "finds nothing", "ok"),
    ({"unknown_where_key": "ignored"}, "unknown names", "ignored: all rows come", "note"),
    ({"unknown_where_key": "error"}, "unknown names", "refused", "ok"),
    ({}, "look-ups by array", "proven on 99", "ok"),
    ({"array_filter": "ignored"}, "look-ups by array", "ignored: rows come", "warning"),
    ({"array_filter": "cut_short"}, "look-ups by array", "not all of the keys", "warning"),
    ({"array_filter": "find_nothing"}, "look-ups by array", "not all of the keys", "warning"),
    ({"id_filter": "ignored"}, "look-ups by array", "ignored: rows come", "warning"),
    ({"id_filter": "error"}, "look-ups by array", "refused", "warning"),
    ({"id_filter": "no_rows"}, "look-ups by array", "not all of the keys", "warning"),
    ({}, "state", "as shortId", "ok"),
    ({"state_read": "id"}, "state", "as id", "ok"),
    ({"state_read": "object"}, "state", "as an object", "ok"),
    ({}, "assignedTo", "as id", "ok"),
    ({"assigned_to_read": "username"}, "assignedTo", "as username", "ok"),
    ({"users_listed": "none"}, "assignedTo", "name nobody", "warning"),
    ({}, "createdAt", "a number of milliseconds", "ok"),
    ({"timestamp_format": "s"}, "createdAt", "a number of seconds", "ok"),
    ({"timestamp_format": "ms_string"}, "createdAt", "a text of milliseconds", "ok"),
    ({"timestamp_format": "iso"}, "createdAt", "text like a date-time with Z", "ok"),
    ({}, "updatedAt", "usable in each row", "ok"),
    ({"updated_at": "zero"}, "updatedAt", "not usable in 175 of 175 rows: integer of", "warning"),
    ({"updated_at": "null"}, "updatedAt", "not usable in 175 of 175 rows: null", "warning"),
    ({"updated_at": "absent"}, "updatedAt", "not usable in 175 of 175 rows: null", "warning"),
    ({}, "unset values", "left out, where", "ok"),
    ({"unset_attributes": "null"}, "unset values", "null, where", "ok"),
    ({"unset_attributes": "empty_defaults"}, "unset values", "empty values, where", "note"),
    ({}, "keys of data", "shortIds", "ok"),
    ({"data_keys": "id"}, "keys of data", "ids", "ok"),
    ({}, "record", "an id", "ok"),
    ({"record_read": "object"}, "record", "an object", "ok"),
    ({}, "derivedData", "an object", "ok"),
    ({"derived_data": "null"}, "derivedData", "null", "ok"),
    ({"derived_data": "absent"}, "derivedData", "not there", "ok"),
    ({}, "attribute types", "'signaturePad' is an unknown type", "note"),
    ({}, "rows and types", "rows hold object of 1 field", "warning"),
    ({"config_style": "bare"}, "procedures", "can be read", "ok"),
]


def mood(**knobs: object) -> World:
    """An account with these knobs turned, of which nobody changes a row."""
    now = int(FakeClock().now() * 1000)
    sizes = MadeSizes(leads=400, tickets=40, orders=35)
    account = Account(made_account(sizes, Span.before(now), 1, "bursts"), default_tokens(KEY))
    return World(account, Knobs().change(knobs))


def test_a_list_that_says_more_at_its_end_is_told(tmp_path: Path) -> None:
    now = int(FakeClock().now() * 1000)
    sizes = MadeSizes(leads=50, tickets=0, orders=0)
    account = Account(made_account(sizes, Span.before(now), 1, "bursts"), default_tokens(KEY))
    world = World(account, Knobs().change({"has_more": "always_true_until_empty"}))
    (more,) = [x for x in findings(looked(tmp_path, world)) if x["topic"] == "hasMore"]
    assert (more["found"], more["severity"]) == ("said of the last rows, too", "note")


def test_a_key_that_may_not_list_the_users_is_a_fault(tmp_path: Path) -> None:
    path = written(tmp_path, "config.json", {"api_key": KEY, "api_url": "https://x.test"})

    def refuse(request: Request, response: Response) -> Response:
        if "users" not in request.path:
            return response
        return replace(response, status=403, body=b'{"_errors": ["not for you"]}')

    told = run_tap(mood(), ["--config", path, "doctor", "--json", "--no-keep"], refuse)
    assert told.code == ExitCode.NO_ACCESS
    (users,) = [each for each in findings(told) if each["topic"] == "users"]
    assert (users["severity"], users["found"]) == ("fault", "The users can't be listed (403)")
    (people,) = [each for each in findings(told) if each["topic"] == "assignedTo"]
    assert "name nobody" in people["found"]


def test_an_account_without_rows_is_looked_at_without_a_fault(tmp_path: Path) -> None:
    now = int(FakeClock().now() * 1000)
    sizes = MadeSizes(leads=0, tickets=0, orders=0)
    account = Account(made_account(sizes, Span.before(now), 1, "bursts"), default_tokens(KEY))
    told = looked(tmp_path, World(account, Knobs()))
    assert told.code == ExitCode.DONE, told.stderr
    found = {each["topic"]: each for each in findings(told)}
    assert found["role of the key"]["severity"] == "note"
    assert "order of lists" not in found


def looked(folder: Path, world: World, *args: str, **config: Any) -> Told:
    settings = {"api_key": KEY, "api_url": "https://x.test"} | config
    path = written(folder, "config.json", settings)
    return run_tap(world, ["--config", path, "doctor", "--json", "--no-keep", *args])


def findings(told: Told) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(told.stdout)["findings"]
    return found


@pytest.mark.parametrize(
    ("knobs", "topic", "said", "severity"),
    TRUTHS,
    ids=[f"{topic}: {said} {knobs or ''}" for knobs, topic, said, _ in TRUTHS],
)
def test_the_page_says_what_the_sandbox_does(
    tmp_path: Path, knobs: dict[str, object], topic: str, said: str, severity: str
) -> None:
    told = looked(tmp_path, mood(**knobs))
    assert told.code == ExitCode.DONE, told.stderr
    about = [each for each in findings(told) if each["topic"] == topic]
    assert [each for each in about if said in each["found"] and each["severity"] == severity], about
