"""Mappings of messages: what they mean, and what is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from chakra_api.errors import SettingsError
from target_chakra.call_settings.brakes import Brakes
from target_chakra.call_settings.free_message import FreeMessageMapping
from target_chakra.call_settings.quiet_hours import QuietHours
from target_chakra.call_settings.recipient import Recipient
from target_chakra.call_settings.template_message import Source, TemplateMessageMapping
from target_chakra.stream_mapping import parse_streams

Given = dict[str, Any]
BY_TEMPLATE: Given = {
    "stream": "s",
    "kind": "whatsapp_template_message",
    "once_by": "visit",
    "phone": "mobile",
    "template": "visit_reminder",
}
FREE: Given = {
    "stream": "s",
    "kind": "whatsapp_message",
    "once_by": "visit",
    "campaign": "visits",
    "phone": "mobile",
    "text": "words",
}


def parsed(given: Given, **more: object) -> Any:
    wanted = {name: value for name, value in {**given, **more}.items() if value is not None}
    (mapping,) = parse_streams([wanted])
    return mapping.call


def test_a_message_by_a_template_in_full() -> None:
    found = parsed(
        BY_TEMPLATE,
        language="en",
        sender="100",
        parameters={"1": "name", "2": {"value": "Pune"}},
        header={"1": "day"},
        buttons={"1": {"value": 7}},
        media={"document": "bill", "filename": "bill_name"},
        max_messages="50",
        allowed_numbers=["+9199*", "15550100017"],
        rate=30,
        quiet_hours={"from": "21:00", "until": "8:00", "zone": "Asia/Kolkata"},
    )
    assert found == TemplateMessageMapping(
        once_by="visit",
        recipient=Recipient("mobile"),
        template="visit_reminder",
        language="en",
        sender="100",
        parameters={"1": Source("name"), "2": Source(constant="Pune")},
        header={"1": Source("day")},
        buttons={"1": Source(constant="7")},
        media={"document": Source("bill"), "filename": Source("bill_name")},
        brakes=Brakes(
            50, ("9199*", "15550100017"), 30, QuietHours("21:00", "08:00", "Asia/Kolkata")
        ),
    )
    assert found.columns == {"visit", "mobile", "name", "day", "bill", "bill_name"}


def test_all_brakes_are_on_until_somebody_sets_them() -> None:
    assert parsed(BY_TEMPLATE).brakes.most == 0
    assert parsed(FREE).brakes == Brakes(0, None, None, None)


def test_a_process_is_named_by_its_column_and_procedure() -> None:
    found = parsed(BY_TEMPLATE, phone=None, process="lead_id", procedure="lead")
    assert found.recipient == Recipient("lead_id", "lead")


def test_a_message_in_the_own_form_of_meta() -> None:
    assert parsed(FREE) == FreeMessageMapping("visit", "visits", phone="mobile", text="words")
    whole = parsed(FREE, phone=None, text=None, message="whole")
    assert whole.columns == {"visit", "whole"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"once_by": None}, "once_by is missing"),
        ({"template": None}, "template is missing"),
        ({"phone": None}, "neither phone nor process"),
        ({"process": "p", "procedure": "lead"}, "both named"),
        ({"phone": None, "process": "p"}, "procedure is missing"),
        ({"procedure": "lead"}, "procedure means nothing"),
        ({"mode": "upsert"}, "no option mode"),
        ({"parameters": ["name"]}, "parameters is"),
        ({"parameters": {"1": ""}}, "parameters holds"),
        ({"parameters": {"1": {"value": " "}}}, "parameters holds"),
        ({"parameters": {"1": {"value": True}}}, "parameters holds"),
        ({"parameters": {"1": {"value": "x", "column": "y"}}}, "parameters holds"),
        ({"media": {"image": "a", "video": "b"}}, "image and video"),
        ({"media": {"filename": "a"}}, "no file"),
        ({"media": {"image": "a", "filename": "b"}}, "a filename for an image"),
        ({"media": {"sound": "a"}}, "no option sound"),
        ({"max_messages": -1}, "max_messages"),
        ({"max_messages": "many"}, "max_messages"),
        ({"rate": 0}, "rate"),
        ({"rate": "fast"}, "rate"),
        ({"allowed_numbers": ["+91 99"]}, "allowed_numbers holds"),
        ({"allowed_numbers": [9199]}, "allowed_numbers holds"),
        ({"phone": None, "process": "p", "procedure": "lead", "allowed_numbers": ["9*"]}, "beside"),
        ({"quiet_hours": "at night"}, "quiet_hours is"),
        ({"quiet_hours": {"from": "21:00", "until": "8"}}, "until of quiet_hours is '8'"),
        ({"quiet_hours": {"from": "24:00", "until": "8:00"}}, "from of quiet_hours"),
        ({"quiet_hours": {"from": "21:00", "until": "8:00"}}, "zone of quiet_hours is None"),
        (
            {"quiet_hours": {"from": "21:00", "until": "8:00", "zone": "Kolkata"}},
            "no time zone",
        ),
        (
            {"quiet_hours": {"from": "8:00", "until": "08:00", "zone": "UTC"}},
            "begin and end at 08:00",
        ),
        ({"quiet_hours": {"from": "8:00", "to": "9:00"}}, "no option to"),
    ],
)
def test_what_means_nothing_is_refused(more: Given, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parsed(BY_TEMPLATE, **more)
    assert said in refused.value.cause
    assert "mapping 1 of the setting streams" in refused.value.cause
    assert refused.value.next_step


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"campaign": None}, "campaign is missing"),
        ({"text": None}, "phone of the message"),
        ({"phone": None, "text": None}, "no column"),
        ({"message": "whole"}, "message and phone and text"),
        ({"template": "x"}, "no option template"),
    ],
)
def test_what_means_nothing_in_the_own_form_of_meta(more: Given, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parsed(FREE, **more)
    assert said in refused.value.cause
