"""How a message reads, and which values its template needs."""

from __future__ import annotations

import pytest

from chakra_api.endpoints.message_templates import TemplateList, template_of
from chakra_api.errors import SettingsError
from target_chakra.call_settings.recipient import Recipient
from target_chakra.call_settings.template_message import Source, TemplateMessageMapping
from target_chakra.messages.template_choice import chosen_template
from target_chakra.messages.template_text import text_of

Row = dict[str, object]
WHERE = "the mapping of stream 's'"


def listed(name: str, *components: Row, **more: object) -> Row:
    row = {"id": f"{name}-{more.get('language', 'en')}", "name": name, "language": "en"}
    row |= {"status": "APPROVED", "category": "UTILITY", "components": list(components)}
    return {**row, **more}


def body(text: str) -> Row:
    return {"type": "BODY", "text": text}


FULL = listed(
    "full",
    {"type": "HEADER", "format": "TEXT", "text": "Your visit on {{1}}"},
    body("Hi {{1}}, we see you at {{ 2 }}. {{1}}!"),
    {"type": "FOOTER", "text": "Acme"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Stop"},
            {"type": "URL", "text": "Open", "url": "https://acme.example/{{1}}"},
            {"type": "URL", "text": "Home", "url": "https://acme.example"},
        ],
    },
)
PICTURE = listed("picture", {"type": "HEADER", "format": "IMAGE"}, body("Look"))
BILL = listed("bill", {"type": "header", "format": "document"}, body("Hi {{name}}"))


def test_a_message_reads_from_header_to_buttons() -> None:
    text = text_of(template_of(FULL))
    given = {"parameters.1": "Mira", "parameters.2": "ten", "header.1": "Monday", "buttons.1": "7"}
    assert text.filled(given).splitlines() == [
        "Your visit on Monday",
        "Hi Mira, we see you at ten. Mira!",
        "Acme",
        "[Open: https://acme.example/7]",
    ]
    assert (text.parameters, text.header_parameters, text.button_parameters) == (
        ("1", "2"),
        ("1",),
        ("1",),
    )


def test_a_value_that_looks_like_a_place_or_a_group_stays_itself() -> None:
    text = text_of(template_of(FULL))
    given = {
        "parameters.1": "{{2}}",
        "parameters.2": r"\1",
        "header.1": r"\g<0>",
        "buttons.1": r"\1",
    }
    assert text.filled(given).splitlines() == [
        r"Your visit on \g<0>",
        r"Hi {{2}}, we see you at \1. {{2}}!",
        "Acme",
        r"[Open: https://acme.example/\1]",
    ]


def test_what_a_header_shows_stands_by_its_address() -> None:
    assert text_of(template_of(PICTURE)).filled({"image": "https://x/y.png"}) == (
        "[image: https://x/y.png]\nLook"
    )
    given = {"document": "https://x/b.pdf", "filename": "bill.pdf", "parameters.name": "Mira"}
    assert (
        text_of(template_of(BILL)).filled(given) == "[document: bill.pdf, https://x/b.pdf]\nHi Mira"
    )


def mapping(template: str, **more: object) -> TemplateMessageMapping:
    made = TemplateMessageMapping("visit", Recipient("mobile"), template)
    for name, value in more.items():
        object.__setattr__(made, name, value)
    return made


def columns(*names: str) -> dict[str, Source]:
    return {name: Source(f"column_{name}") for name in names}


def choose(wanted: TemplateMessageMapping, *rows: Row, unsure: tuple[str, ...] = ()) -> str:
    templates = TemplateList(tuple(map(template_of, rows)), unsure)
    return chosen_template(templates, wanted, WHERE).language


def test_a_template_that_gets_what_it_needs_is_chosen() -> None:
    wanted = mapping(
        "full", parameters=columns("1", "2"), header=columns("1"), buttons=columns("1")
    )
    assert choose(wanted, FULL, PICTURE) == "en"
    assert choose(mapping("picture", media=columns("image")), FULL, PICTURE) == "en"
    bill = mapping("bill", parameters=columns("name"), media=columns("document", "filename"))
    assert choose(bill, BILL) == "en"


def test_of_several_languages_one_is_named() -> None:
    both = [listed("hi", body("Hi")), listed("hi", body("Namaste"), language="hi")]
    assert choose(mapping("hi", language="hi"), *both) == "hi"
    for wanted in (mapping("hi"), mapping("hi", language="de")):
        with pytest.raises(SettingsError, match="Name language as one of: en, hi"):
            choose(wanted, *both)


@pytest.mark.parametrize(
    ("wanted", "row", "said"),
    [
        (mapping("hullo"), listed("hello", body("Hi")), "the nearest one is 'hello'"),
        (mapping("hello"), listed("hello", body("Hi"), status="PENDING"), "PENDING"),
        (mapping("hello"), listed("hello", body("Hi"), status="REJECTED"), "REJECTED"),
        (mapping("hello"), listed("hello", body("Hi"), status=None), "of no status"),
        (mapping("hello"), listed("hello", body("Hi"), category="AUTHENTICATION"), "names no code"),
        (
            mapping("hello", code="otp", parameters=columns("1")),
            listed("hello", body("{{1}} is it"), category="AUTHENTICATION"),
            "stands in all of its places, and the mapping names parameters",
        ),
        (mapping("hello", code="otp"), listed("hello", body("Hi")), "names a code, and it is not"),
        (
            mapping("hello", place=columns("latitude", "longitude")),
            listed("hello", body("Hi")),
            "names a place, and its header shows none",
        ),
        (mapping("hello"), listed("hello", body("Hi {{1}}")), "nothing fills {{1}}"),
        (
            mapping("hello", parameters=columns("1", "2")),
            listed("hello", body("Hi {{1}}")),
            "gives 2 values, the template takes 1, and it has no {{2}}",
        ),
        (
            mapping("hello", parameters=columns("1")),
            listed("hello", body("Hi {{name}}")),
            "nothing fills {{name}}",
        ),
        (mapping("hello", header=columns("1")), listed("hello", body("Hi")), "header"),
        (mapping("hello", buttons=columns("1")), listed("hello", body("Hi")), "buttons"),
        (mapping("picture"), PICTURE, "shows the image of media, and the mapping names none"),
        (mapping("picture", media=columns("video")), PICTURE, "the mapping names video"),
        (mapping("hello", media=columns("image")), listed("hello", body("Hi")), "shows no file"),
        (
            mapping("map"),
            listed("map", {"type": "HEADER", "format": "LOCATION"}, body("Here")),
            "shows a place on a map, and the mapping names none",
        ),
        (
            mapping("shop"),
            listed("shop", {"type": "HEADER", "format": "PRODUCT"}, body("Here")),
            "a product, which target-chakra does not send",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(
    wanted: TemplateMessageMapping, row: Row, said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        choose(wanted, row)
    assert said in refused.value.cause
    assert WHERE in refused.value.cause
    assert refused.value.next_step


def test_a_list_that_may_go_on_says_so_of_a_template_that_is_not_in_it() -> None:
    with pytest.raises(SettingsError, match="the list has no end"):
        choose(mapping("hullo"), FULL, unsure=("the list has no end",))


def test_a_code_stands_in_all_places_and_a_place_on_a_map_is_told() -> None:
    login = listed("login", body("{{1}} is your code."), category="AUTHENTICATION")
    button = {"type": "URL", "text": "Copy", "url": "https://x/?code={{1}}"}
    login["components"].append({"type": "BUTTONS", "buttons": [button]})
    assert choose(mapping("login", code="otp"), login) == "en"
    assert text_of(template_of(login)).filled({"code": "A1"}).splitlines() == [
        "A1 is your code.",
        "[Copy: https://x/?code=A1]",
    ]
    here = listed("map", {"type": "HEADER", "format": "LOCATION"}, body("Here"))
    assert choose(mapping("map", place=columns("latitude", "longitude", "name")), here) == "en"
    given = {"place.latitude": "18.5", "place.longitude": "73.8", "place.name": "Clinic"}
    assert text_of(template_of(here)).filled(given) == "[location: Clinic, 18.5, 73.8]\nHere"
