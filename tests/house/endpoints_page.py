"""Writes docs/endpoints.md, and the table of endpoints in the README: `make endpoints-page`.

Each method of the client is called, and what it sends is looked up among the paths that the sandbox
speaks; who uses it and what tests it is found in the sources. So neither page can say otherwise.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chakra_api.endpoints.client import ChakraClient
from chakra_api.endpoints.message_templates import TemplateOwner
from chakra_api.endpoints.whatsapp import Sender, TemplateMessage
from chakra_api.errors import ChakraError
from chakra_api.wire.multipart import Upload
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_sandbox.routes import ENDPOINTS, find_route
from tap_chakra.webhooks.listener import CHANGES, WHATSAPP
from tests.house.client_mentions import PARTS, mentions, versioned
from tests.support.clock import FakeClock
from tests.support.transport import Scripted, data

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parent.parent.parent
PAGE: Final = ROOT / "docs" / "endpoints.md"
README: Final = ROOT / "README.md"
PRODUCT: Final = ("tap_chakra", "target_chakra", "chakra_plugin", "chakra_spark")
TESTS: Final = ("tests/integration", "tests/unit/chakra_api")
OVER_THE_WIRE: Final = "tests/integration/"
NO_CALLS: Final = {
    *("server_clock", "server_now", "stats", "pace", "impatient", "close"),
    *PARTS,
}
"""What a client has beside endpoints."""

_FILE: Final = Upload.of_bytes("a.png", "image/png", b"")
_OWNER: Final = TemplateOwner("v19.0", "1")
_MESSAGE: Final = TemplateMessage("1", "t")
_KEY: Final = ("k", "v")
METHODS: Final[tuple[tuple[str, str, tuple[Any, ...], dict[str, Any]], ...]] = (
    ("4.1", "health", (), {}),
    ("4.1", "reach", (), {}),
    ("4.2", "fetch_process", ("lead", "1"), {}),
    ("4.3", "list_processes", ("lead", None), {}),
    ("4.3", "list_heads", ("lead", None), {}),
    ("4.4", "create_process", ("lead", {}), {}),
    ("4.5", "update_process", ("lead", "1", {}), {}),
    ("4.6", "update_process_by_key", ("lead", _KEY, {}), {}),
    ("4.7", "delete_process", ("lead", "1"), {}),
    ("4.8", "delete_process_by_key", ("lead", _KEY), {}),
    ("4.9", "bulk_create", ("lead", []), {}),
    ("4.10", "bulk_update", ("lead", []), {}),
    ("4.11", "create_task", ("lead", "1", "t", {}), {}),
    ("4.12", "users", (), {}),
    ("4.13", "users", (), {"version": 2}),
    ("4.14", "user", ("1",), {}),
    ("4.15", "user", ("1",), {"version": 2}),
    ("4.16", "update_user", ("1", {}), {}),
    ("4.17", "photos.fetch", ("1",), {}),
    ("4.18", "photos.upload", (_FILE,), {}),
    ("4.19", "photos.upload_as", ("1", _FILE), {}),
    ("4.20", "job", ("1",), {}),
    ("4.21", "job_entries", ("1",), {}),
    ("4.21", "job_entries_all", ("1",), {}),
    ("4.22", "config", (), {}),
    ("4.23", "whatsapp.send_for_process", ("1", ("lead", "1"), _MESSAGE), {}),
    ("4.24", "whatsapp.send_to_number", ("1", "15550100017", _MESSAGE), {}),
    ("4.25", "whatsapp.upload_media", ("1", _FILE), {}),
    ("4.26", "whatsapp.send", (Sender("1", "v19.0", "1"), {}), {}),
    ("4.27", "templates.create", (_OWNER, {}), {}),
    ("4.28", "templates.list_all", (_OWNER,), {}),
    ("4.29", "templates.update", ("v19.0", "1", {}), {}),
)
"""The number in the contract, a method of the client, and arguments to call it with."""

UNUSED: Final = {
    "health": "programs of your own; `check` asks with `reach`, since whether it looks at the key"
    " is unknown",
    "user(version=2)": "programs of your own; names of users are compared as the first version"
    " shows them",
    "photos.upload": "programs of your own; a photo of a row is sent under an id, so that a repeat"
    " is the same photo",
    "job_entries": "`job_entries_all`, page by page",
}
"""Methods that no command uses, and why they are there."""
INBOUND: Final = "4.30"
STORE: Final = "tap_chakra.webhooks.event_store"
"""Who imports it takes in inbound events, or passes them on."""


@dataclass(frozen=True, slots=True)
class Group:
    """Endpoints of one subject, a row of the README's table.

    Attributes:
        subject: What they are about.
        numbers: Theirs in the contract.
        whole: The tests of tests/integration that go the whole way, from a row to the server.
    """

    subject: str
    numbers: tuple[str, ...]
    whole: str


GROUPS: Final = (
    Group("health, configuration", ("4.1", "4.22"), "test_ways_to_chakra"),
    Group("processes, read", ("4.2", "4.3"), "test_tap_modes"),
    Group("one at a time", ("4.4", "4.5", "4.6", "4.7", "4.8"), "test_target_singly"),
    Group("in bulk, by jobs", ("4.9", "4.10", "4.20", "4.21"), "test_target_questions"),
    Group("tasks", ("4.11",), "test_target_tasks"),
    Group("users", ("4.12", "4.13", "4.14", "4.15", "4.16"), "test_target_users"),
    Group("photos", ("4.17", "4.18", "4.19"), "test_target_photos"),
    Group("messages, media", ("4.23", "4.24", "4.25", "4.26"), "test_target_messages"),
    Group("message templates", ("4.27", "4.28", "4.29"), "test_target_templates"),
    Group("webhooks", (INBOUND,), "test_inbound_streams"),
)
"""Every endpoint once."""

_BEGINS: Final = """# Every endpoint

Made from the code by `make endpoints-page`: each method of `chakra_api`'s client was called, and
what it sent is the endpoint beside it, as the sandbox speaks it. *Sent again* says whether the
client repeats the call after an answer that was lost; what certainly did nothing is always sent
again. *Used by* names the rooms whose code calls it, *tested by* the file among those over the wire
that names it most, and the one that does so after that. Methods with a point in them belong to a
part of the client: `client.photos.fetch`. The last endpoint is one that ChakraHQ calls.

| | endpoint | method | sent again | used by | tested by |
|---|---|---|---|---|---|
"""
_TABLE_BEGINS: Final = """
| contract | endpoints | used by | tested by |
|---|---|---|---|
"""
_BLOCK: Final = re.compile(r"(<!-- made: endpoints -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a method sends: the sandbox's name of the endpoint, and whether it is repeated."""

    endpoint: str
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A row of the page.

    Attributes:
        number: In the contract.
        path: The HTTP method and the path.
        method: Of the client; of `listen` where ChakraHQ calls us.
        sent_again: Whether it is sent again after an answer that was lost.
        users: The files that use it, with how often they name it.
        tests: The files that test it, alike.
    """

    number: str
    path: str
    method: str
    sent_again: str
    users: Mapping[str, int]
    tests: Mapping[str, int]

    @property
    def rooms(self) -> list[str]:
        """The rooms that use it."""
        return sorted({file.rpartition("/")[0] for file in self.users})

    @property
    def wire_tests(self) -> list[str]:
        """The tests over the wire that name it; those first that name it most."""
        return _most_first({each: n for each, n in self.tests.items() if OVER_THE_WIRE in each})


def _most_first(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda each: (-counts[each], each))


def sent_by(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Sent:
    """What a method of the client sends first."""
    clock = FakeClock()
    transport = Scripted(data({}))
    client: Any = ChakraClient(transport, Pacer(clock), clock, RetryPolicy())
    called = client
    for part in name.split("."):
        called = getattr(called, part)
    # The answer may be none of its kind: what was sent is what counts.
    with contextlib.suppress(ChakraError):
        called(*arguments, **options)
    request = transport.requests[0]
    route = find_route(request.method, request.path.partition("?")[0])
    return Sent(route.endpoint, request.repeatable)


def public_methods() -> set[str]:
    """Every method of a client, and of its parts, that sends something."""
    clock = FakeClock()
    client = ChakraClient(Scripted(), Pacer(clock), clock, RetryPolicy())
    found = {name for name in vars(ChakraClient) if not name.startswith("_")} - NO_CALLS
    for part in PARTS:
        names = vars(type(getattr(client, part)))
        found |= {f"{part}.{name}" for name in names if not name.startswith("_")}
    return found


@cache
def _sources(folder: str) -> tuple[tuple[str, str], ...]:
    """The modules below a folder: where each lies, and what it says."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return tuple((path.relative_to(ROOT).as_posix(), path.read_text()) for path in paths)


@cache
def _mentions(folder: str) -> tuple[tuple[str, Counter[str]], ...]:
    """The methods that each module below a folder names."""
    return tuple((place, mentions(text)) for place, text in _sources(folder))


def _naming(folders: tuple[str, ...], method: str) -> dict[str, int]:
    """The modules that name a method, with how often."""
    found = [each for folder in folders for each in _mentions(folder)]
    return {place: counts[method] for place, counts in found if counts[method]}


def _inbound() -> Endpoint:
    """The endpoint that ChakraHQ calls: those who take and read its events, and its tests."""
    users = {
        place: text.count(STORE)
        for folder in PRODUCT
        for place, text in _sources(folder)
        if f"from {STORE} import" in text
    }
    tests = {place: _paths_in(text) for place, text in _sources(TESTS[0])}
    return Endpoint(
        INBOUND,
        f"POST `{WHATSAPP}`, `{CHANGES}` at an address of yours",
        "`tap-chakra listen`",
        "by its caller",
        users,
        {place: count for place, count in tests.items() if count},
    )


def _paths_in(text: str) -> int:
    """How often a text names a path of the listener."""
    texts = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
    return len([each for each in texts if each in (WHATSAPP, CHANGES)])


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint, once for each method that sends it."""
    paths = {name: f"{method} `{path}`" for name, method, path in reversed(ENDPOINTS)}
    made = []
    for number, name, arguments, options in METHODS:
        sent = sent_by(name, arguments, options)
        method = versioned(name, options.get("version", 1))
        made.append(
            Endpoint(
                number,
                paths[sent.endpoint],
                f"`{method}`",
                "yes" if sent.repeatable else "no",
                _naming(PRODUCT, method),
                _naming(TESTS, method),
            )
        )
    return (*made, _inbound())


def unused_because(each: Endpoint) -> str:
    """Why no command uses an endpoint; empty where none is to be unused."""
    return UNUSED.get(each.method.strip("`"), "")


def _row(each: Endpoint) -> str:
    tests = each.wire_tests[:1]
    tests += [file for file in _most_first(each.tests) if file not in tests][:1]
    cells = [
        each.number,
        each.path,
        each.method,
        each.sent_again,
        ", ".join(f"`{room}`" for room in each.rooms) or unused_because(each),
        ", ".join(f"`{file}`" for file in tests),
    ]
    return f"| {' | '.join(cells)} |\n"


def page() -> str:
    """docs/endpoints.md as it is to be."""
    return _BEGINS + "".join(map(_row, endpoints()))


def _group_row(group: Group) -> str:
    """A row of the README's table."""
    found = [each for each in endpoints() if each.number in group.numbers]
    packages = sorted({room.partition("/")[0] for each in found for room in each.rooms})
    tests = Counter[str]()
    for each in found:
        tests.update({file: each.tests[file] for file in each.wire_tests})
    most = [file.removeprefix(OVER_THE_WIRE).removesuffix(".py") for file in _most_first(tests)]
    named = [most[0], *(name for name in (group.whole,) if name != most[0])]
    cells = [
        _numbers(group.numbers),
        group.subject,
        ", ".join(f"`{each}`" for each in packages),
        ", ".join(f"`{each}`" for each in named),
    ]
    return f"| {' | '.join(cells)} |\n"


def _numbers(numbers: tuple[str, ...]) -> str:
    """Numbers of the contract, the shortest way: `4.4-4.8`, `4.1, 4.22`."""
    runs: list[list[int]] = []
    for each in (int(number.partition(".")[2]) for number in numbers):
        if runs and runs[-1][-1] == each - 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return ", ".join(f"4.{r[0]}" if len(r) == 1 else f"4.{r[0]}-4.{r[-1]}" for r in runs)


def readme(text: str) -> str:
    """The README with its table of endpoints as it is to be.

    Args:
        text: As it is.
    """
    table = _TABLE_BEGINS + "".join(map(_group_row, GROUPS)) + "\n"
    return _BLOCK.sub(lambda match: match[1] + table + match[2], text)


if __name__ == "__main__":
    PAGE.write_text(page())
    README.write_text(readme(README.read_text()))
