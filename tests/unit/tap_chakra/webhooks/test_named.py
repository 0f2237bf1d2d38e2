"""Which processes a change names, in forms that nobody documents."""

from __future__ import annotations

from typing import Any

import pytest

from tap_chakra.webhooks.named import MOST_NAMED, NamedProcess, named_processes

PROCEDURE = "a1c4e6f8-1357-4bdf-9ace-02468ace1357"
ONE = "0d6c9a52-5f5e-4b9c-8a54-2f2b8d1e7c01"
TWO = "1e7d0b63-606f-4cad-9b65-303c9e2f8d12"
KNOWN = {"lead": "lead", PROCEDURE: "lead", "ticket": "ticket"}


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


@pytest.mark.parametrize(
    "payload",
    [
        {"procedure": "lead", "id": ONE},
        {"procedure": PROCEDURE, "id": ONE, "data": {"lead_id": "L-1"}},
        {"procedureShortId": "lead", "processId": ONE},
        {"event": "process.updated", "payload": {"process": {"id": ONE, "procedure": PROCEDURE}}},
        {"procedure": {"id": PROCEDURE, "name": "Lead"}, "process": ONE},
        {"procedure": {"shortId": "lead"}, "process": {"id": ONE.upper()}},
        {"procedure_id": PROCEDURE, "changes": [{"process_id": ONE}]},
        [{"procedure": "lead", "id": ONE}, {"procedure": "lead", "id": ONE}],
    ],
)
def test_a_process_is_found(payload: Any) -> None:
    assert named_processes(payload, KNOWN) == (NamedProcess("lead", ONE),)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        5,
        {"id": ONE},
        {"procedure": "unknown", "id": ONE},
        {"procedure": "lead", "id": "L-000017"},
        {"procedure": "lead", "team": ONE},
        {"procedure": ["lead"], "id": ONE},
        {"procedure": "lead", "id": [ONE]},
    ],
)
def test_nothing_is_made_up(payload: Any) -> None:
    assert named_processes(payload, KNOWN) == ()


def test_what_stands_deeper_is_about_the_nearest_procedure() -> None:
    payload = {"procedure": "lead", "id": ONE, "linked": {"procedure": "ticket", "id": TWO}}
    assert named_processes(payload, KNOWN) == (
        NamedProcess("lead", ONE),
        NamedProcess("ticket", TWO),
    )


def test_a_list_of_very_many_names_none() -> None:
    few = {"procedure": "lead", "all": [{"id": uuid(n)} for n in range(MOST_NAMED)]}
    many = {"procedure": "lead", "all": [{"id": uuid(n)} for n in range(MOST_NAMED + 1)]}
    assert len(named_processes(few, KNOWN)) == MOST_NAMED
    assert named_processes(many, KNOWN) == ()


def test_depth_has_a_bound() -> None:
    payload: Any = {"id": ONE}
    for _ in range(5_000):
        payload = [payload]
    assert named_processes({"procedure": "lead", "x": payload}, KNOWN) == ()
