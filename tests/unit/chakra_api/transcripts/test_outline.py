"""The outline of an answer: names of fields stay, and nothing of any value."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from chakra_api.transcripts.outline import outline
from chakra_api.transcripts.transcript import headers_shown, path_shown

ID = "3f6c2a58-7a94-4a3e-9c1b-5d8e7f604b12"


def test_rows_of_a_list_become_one_with_how_many_have_each_field() -> None:
    rows = [{"id": ID, "data": {"name": "Priya"}}, {"id": ID, "data": {}, "state": None}]
    assert outline({"_data": rows, "_meta": {"hasMore": True}}) == {
        "_data": {
            "list of": "2",
            "each": {
                "id": "text like a uuid (2)",
                "data": {"name (1 of 2)": "text of 5 letters"},
                "state (1 of 2)": "null",
            },
        },
        "_meta": {"hasMore": "true"},
    }


def test_what_an_attribute_holds_is_a_value_as_a_whole() -> None:
    row = {"data": {"extras": {"Priya": {"wants": "gold"}}}, "derivedData": {"x": [1]}}
    assert outline(row) == {
        "data": {"extras": "object of 1 field"},
        "derivedData": {"x": "list of 1: 1 x integer of 1 digit"},
    }


def test_a_name_that_is_likely_a_value_becomes_its_shape() -> None:
    value = {
        ID: 1,
        "fc44bedd-e48e-5d4f-8e22-b186d6b0e352": 1,
        "a7-f35": 1,
        "priya@example.com": 2,
        "9155500051": 3,
        "Priya K": 4,
        ">=": 5,
        "leadId": 6,
    }
    shown = outline(value)
    assert isinstance(shown, dict)
    assert set(shown) == {
        "{text like a uuid}",
        "{text of 6 characters (letters, digits, marks)}",
        "{text like an email address}",
        "{text of 10 digits}",
        "{text of 7 characters (letters, blanks)}",
        ">=",
        "leadId",
    }


def test_what_stays_of_the_protocol_stays_only_in_its_type() -> None:
    assert outline({"skip": 200, "limit": "Priya", "hasMore": "Priya"}) == {
        "skip": "200",
        "limit": "text of 5 letters",
        "hasMore": "text of 5 letters",
    }
    assert outline({"data": {"skip": 4711, "hasMore": True}}) == {
        "data": {"skip": "integer of 4 digits", "hasMore": "boolean"}
    }


def test_a_path_keeps_the_words_of_the_documents_and_nothing_else() -> None:
    assert path_shown(f"/v1/ext/procedure/lead/process/{ID}") == (
        "/v1/ext/procedure/{text of 4 letters}/process/{text like a uuid}"
    )
    number = "/v1/ext/plugin/whatsapp/1/phoneNumber/15550100017/send-template-message"
    assert "15550100017" not in path_shown(number)
    assert path_shown(number).endswith("/send-template-message")
    assert path_shown("/v1/ext/users?skip=5&name=Priya%20K") == (
        "/v1/ext/users?skip={text of 1 digit}&name={text of 7 characters (letters, blanks)}"
    )


def test_a_header_says_what_it_says_only_where_that_is_harmless() -> None:
    assert headers_shown({"date": "Mon", "set-cookie": "id=priya"}) == {
        "date": "Mon",
        "set-cookie": "text of 8 characters (letters, marks)",
    }


SECRET = "zqxjkvwbzqxjk"  # noqa: S105 - a value that no word of an outline holds
HOLDS = st.recursive(
    st.just(SECRET) | st.just(f"{SECRET}@x.test") | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "data", "name", "hasMore", "skip"]), inner)
        | st.builds(lambda value: {"data": {"extras": {SECRET: value}}}, inner)
    ),
    max_leaves=20,
)


@given(HOLDS)
def test_no_value_is_in_an_outline_wherever_it_stands(value: object) -> None:
    assert SECRET not in json.dumps(outline(value))
