"""The setting `whatsapp`: what it takes, and what it says of the rest."""

from __future__ import annotations

import pytest

from chakra_api.errors import SettingsError
from chakra_api.whatsapp_account import WhatsAppAccount, parse_whatsapp


def test_ids_come_as_texts_or_numbers_of_an_object_or_of_its_text() -> None:
    wanted = WhatsAppAccount("p-1", "100", "200", "v21.0")
    given = {"plugin": "p-1", "sender": 100, "waba_id": "200", "api_version": "v21.0"}
    assert parse_whatsapp({"whatsapp": given}) == wanted
    text = '{"plugin": "p-1", "sender": 100, "waba_id": " 200 ", "api_version": "v21.0"}'
    assert parse_whatsapp({"whatsapp": text}) == wanted


@pytest.mark.parametrize("given", [None, "", {}, {"plugin": None}])
def test_what_is_not_set_is_empty(given: object) -> None:
    assert parse_whatsapp({"whatsapp": given}) == WhatsAppAccount()
    assert parse_whatsapp({}).api_version == "v19.0"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("v19.0", "Write it as"),
        ("[1]", "Write it as"),
        ([1], "Write it as"),
        ({"waba": "1"}, "has no waba"),
        ({"waba_id": "1/2"}, "WhatsApp Business Account"),
        ({"waba_id": True}, "WhatsApp Business Account"),
        ({"sender": "+1 555"}, "phone number that messages are sent from"),
        ({"plugin": ["a"]}, "WhatsApp plugin"),
    ],
)
def test_what_means_nothing_is_refused_with_what_it_is(given: object, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_whatsapp({"whatsapp": given})
    assert said in str(refused.value)


def test_a_command_that_takes_less_refuses_the_rest() -> None:
    with pytest.raises(SettingsError, match="It takes waba_id, api_version"):
        parse_whatsapp({"whatsapp": {"plugin": "p"}}, ("waba_id", "api_version"))


def test_what_is_needed_and_not_set_is_named_with_what_needs_it() -> None:
    with pytest.raises(SettingsError, match="waba_id, and the mapping of stream 's' needs it"):
        WhatsAppAccount().owner("the mapping of stream 's'")
    assert WhatsAppAccount(waba_id="7").owner("x").path.endswith("/v19.0/7/message_templates")
