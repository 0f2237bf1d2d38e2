"""Writes docs/endpoints.md from the code: `make endpoints-page`.

Each method of the client is called, and what it sends is looked up among the paths that the sandbox
speaks; who uses it and what tests it is found in the sources. So the page can't say otherwise.
"""

from __future__ import annotations

import ast
import contextlib
from collections import defaultdict
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
from tests.support.clock import FakeClock
from tests.support.transport import Scripted, data

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT: Final = Path(__file__).parent.parent.parent
PAGE: Final = ROOT / "docs" / "endpoints.md"
PRODUCT: Final = ("tap_chakra", "target_chakra", "chakra_plugin", "chakra_spark")
PARTS: Final = ("photos", "whatsapp", "templates")
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

_BEGINS: Final = """# Every endpoint

Made from the code by `make endpoints-page`: each method of `chakra_api`'s client was called, and
what it sent is the endpoint beside it, as the sandbox speaks it. *Sent again* says whether the
client repeats the call after an answer that was lost; what certainly did nothing is always sent
again. What nothing uses yet is there for programs of your own. Methods with a point in them belong
to a part of the client: `client.photos.fetch`.

| | endpoint | method | sent again | used by | tested by |
|---|---|---|---|---|---|
"""
_ENDS: Final = """
The 30th, events that ChakraHQ or Meta sends to an address of yours, is none that a client calls.
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a method sends: the sandbox's name of the endpoint, and whether it is repeated."""

    endpoint: str
    repeatable: bool


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
def _uses(folders: tuple[str, ...]) -> dict[str, list[str]]:
    """Where methods of a client stand in the sources: by method, rooms or files in their order."""
    found = defaultdict[str, list[str]](list)
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            for name in _methods_in(path.read_text()):
                found[name].append(place)
    return found


def _methods_in(text: str) -> Iterable[str]:
    """The methods of a client that a source text names: `client.photos.fetch` → `photos.fetch`."""
    chains = {
        ast.unparse(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)
    }
    for chain in chains:
        before, _, after = chain.partition("client.")
        if after and "(" not in before:
            yield after
        if chain.startswith("client_of(") and ")." in chain:
            yield chain.rpartition(").")[2]


def rows() -> list[str]:
    """The table, a line each."""
    users, tests = _uses(PRODUCT), _uses(("tests/integration", "tests/unit/chakra_api"))
    paths = {name: f"{method} `{path}`" for name, method, path in reversed(ENDPOINTS)}
    made = []
    for number, name, arguments, options in METHODS:
        sent = sent_by(name, arguments, options)
        version = f"(version={options['version']})" if options else ""
        rooms = sorted({place.rpartition("/")[0] for place in users[name]})
        tested = sorted(set(tests[name]), key=lambda place: ("test_client" not in place, place))
        cells = [
            number,
            paths[sent.endpoint],
            f"`{name}{version}`",
            "yes" if sent.repeatable else "no",
            ", ".join(f"`{room}`" for room in rooms) or "—",
            ", ".join(f"`{place}`" for place in tested[:2]),
        ]
        made.append(f"| {' | '.join(cells)} |")
    return made


def page() -> str:
    """The page as it is to be."""
    return _BEGINS + "\n".join(rows()) + "\n" + _ENDS


if __name__ == "__main__":
    PAGE.write_text(page())
