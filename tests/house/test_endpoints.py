"""Every endpoint of the API is on a page, has a user, and is tested; no page says otherwise."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from chakra_sandbox.routes import ENDPOINTS
from tests.house import endpoints_page
from tests.house.client_mentions import PARTS, mentions

ROOT = Path(__file__).parent.parent.parent
NUMBERS = [f"4.{number}" for number in range(1, 31)]
"""Of the endpoints in the contract."""


def test_the_page_of_endpoints_says_what_the_code_does() -> None:
    assert endpoints_page.PAGE.read_text() == endpoints_page.page(), "make endpoints-page"


def test_the_readme_holds_the_table_of_endpoints() -> None:
    text = endpoints_page.README.read_text()
    assert text == endpoints_page.readme(text), "make endpoints-page"
    table = text.partition("<!-- made: endpoints -->")[2].partition("<!-- end -->")[0]
    assert len(re.findall(r"^\| 4\.", table, re.MULTILINE)) == len(endpoints_page.GROUPS)


def test_the_contract_has_thirty_endpoints_and_each_is_in_one_row_of_the_readme() -> None:
    assert {each.number for each in endpoints_page.endpoints()} == set(NUMBERS)
    grouped = Counter(number for group in endpoints_page.GROUPS for number in group.numbers)
    assert grouped == Counter(NUMBERS)


def test_every_method_of_the_client_and_every_path_of_the_sandbox_is_on_that_page() -> None:
    called = [(name, arguments, options) for _, name, arguments, options in endpoints_page.METHODS]
    assert {name for name, _, _ in called} == endpoints_page.public_methods()
    sent = {endpoints_page.sent_by(*each).endpoint for each in called}
    assert sent == {name for name, _, path in ENDPOINTS if not path.startswith("/_files/")}


@pytest.mark.parametrize("each", endpoints_page.endpoints(), ids=lambda each: each.method)
def test_every_endpoint_has_a_user_or_says_why_not(each: endpoints_page.Endpoint) -> None:
    why = endpoints_page.unused_because(each)
    assert bool(each.users) != bool(why), each.users or "nothing uses it, and no reason is given"


@pytest.mark.parametrize("each", endpoints_page.endpoints(), ids=lambda each: each.method)
def test_every_endpoint_is_tested_over_the_wire(each: endpoints_page.Endpoint) -> None:
    assert each.wire_tests, f"no test of {endpoints_page.OVER_THE_WIRE} names it"


def test_no_reason_is_given_for_a_method_that_is_not_there() -> None:
    methods = {each.method.strip("`") for each in endpoints_page.endpoints()}
    assert endpoints_page.UNUSED.keys() <= methods


@pytest.mark.parametrize("group", endpoints_page.GROUPS, ids=lambda group: group.subject)
def test_what_goes_the_whole_way_is_there_and_holds_tests(group: endpoints_page.Group) -> None:
    text = (ROOT / endpoints_page.OVER_THE_WIRE / f"{group.whole}.py").read_text()
    assert re.search(r"^def test_", text, re.MULTILINE)


def test_the_parts_of_a_client_are_known() -> None:
    assert set(PARTS) < endpoints_page.NO_CALLS


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("client.config()", {"config": 1}),
        ("self._client.photos.fetch(i)\nsource.client.config()", {"photos.fetch": 1, "config": 1}),
        ("client_of(server).reach()\nclient.impatient().reach()", {"reach": 2, "impatient": 1}),
        ("whatsapp = self._client.whatsapp\nwhatsapp.send(a)", {"whatsapp.send": 1}),
        ("a, b = client.whatsapp, c.other\na.send(d)\nb.send(e)", {"whatsapp.send": 1}),
        ("mine = client\nparts = mine.photos\nparts.upload(f)", {"photos.upload": 1}),
        ("if found := client.templates:\n    found.create(o)", {"templates.create": 1}),
        ("with client_of(server) as user:\n    user.health()", {"health": 1}),
        ("self._t = self._client.templates\nself._t.update(v)", {"templates.update": 1}),
        ("def f(api: ChakraClient | None) -> None:\n    api.job(j)", {"job": 1}),
        ("def f(photos: Photos) -> None:\n    photos.fetch(j)", {"photos.fetch": 1}),
        ("send = client.whatsapp.send\nsend(a)", {"whatsapp.send": 1}),
        ("client.users()\nclient.users(version=2)", {"users": 1, "users(version=2)": 1}),
        ("partial(client.users, version=2)", {"users(version=2)": 1}),
        ("client.user(i, version=each)", {"user": 1, "user(version=2)": 1}),
    ],
)
def test_a_method_is_known_whatever_the_client_is_called(text: str, named: dict[str, int]) -> None:
    assert mentions(text) == Counter(named)


@pytest.mark.parametrize(
    "text",
    [
        "self.config\nsource.config()\nbatch.job",
        "whatsapp.send(a)",
        "photos = client.photos\nphotos = other()\nphotos.fetch(i)",
        "def f() -> None:\n    it = client.photos\ndef g() -> None:\n    it.fetch(i)",
        "def f(photos: list[str]) -> None:\n    photos.fetch(i)",
        '"""`client.config` is asked first."""',
    ],
)
def test_what_is_no_client_names_no_method(text: str) -> None:
    assert mentions(text) == Counter()
