"""Answers in place of ChakraHQ's: each is understood, or ends in words; nothing waits for ever."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chakra_api.endpoints.client import ChakraClient
from chakra_api.endpoints.message_templates import TemplateOwner
from chakra_api.endpoints.whatsapp import TemplateMessage
from chakra_api.errors import ChakraError
from chakra_api.redaction import ApiKey
from chakra_api.wire.multipart import Upload
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_api.wire.transport import Request, Response
from chakra_sandbox.rows.people import USERS
from chakra_sandbox.whatsapp.made_templates import PHONE_NUMBER_ID, PLUGIN_ID, WABA_ID
from tests.fuzz.endings import STEPS, TAP_CODES, TARGET_CODES, ends_in_order, refuses_in_order
from tests.fuzz.inputs import STRANGE_BYTES, mangled
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, Wire, run_tap, run_target, world_of, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STATUSES = (200,) * 12 + (201, 204, 302, 400, 401, 403, 404, 409, 413, 418, 422, 425, 429, 500,
                          502, 503, 504, 599)  # fmt: skip
HEADERS: tuple[dict[str, str], ...] = (
    {}, {}, {}, {"retry-after": "1"}, {"retry-after": "soon"}, {"retry-after": "-5"},
    {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, {"retry-after": "1e9"}, {"date": ""},
    {"date": "today"}, {"content-type": "text/html"}, {"location": "http://elsewhere.test/"},
)  # fmt: skip
ROWS = [{"type": "RECORD", "stream": "s", "record": {"lead_id": f"L-{n:06d}", "score": n}}
        for n in range(1, 15)]  # fmt: skip
SCHEMA = {"type": "SCHEMA", "stream": "s", "schema": {"properties": {"lead_id": {}, "score": {}}}}
SEEDS = st.integers(0, 2**32)
of_one_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Hit:
    """Which answers are spoiled.

    Attributes:
        which: A part of the path.
        first: The first of them that is.
        count: How many are.
    """

    which: str
    first: int
    count: int


HITS = st.builds(
    Hit,
    st.sampled_from(["config", "users", "list", "background-job", "entries", "process", ""]),
    st.integers(0, 4),
    st.sampled_from([1, 1, 2, 5, 1_000]),
)


class Spoiling:
    """Spoils the answers that a hit names; asked by any thread."""

    def __init__(self, hit: Hit, seed: int) -> None:
        self._hit = hit
        self._draw = random.Random(seed)
        self._seen = 0

    def __call__(self, request: Request, response: Response) -> Response:
        if self._hit.which not in request.path:
            return response
        self._seen += 1
        if not self._hit.first < self._seen <= self._hit.first + self._hit.count:
            return response
        STEPS["API answers"] += 1
        return spoiled(response, self._draw)


def spoiled(response: Response, draw: random.Random) -> Response:
    """An answer in place of the right one."""
    headers = {**response.headers, **draw.choice(HEADERS)}
    body = response.body
    how = draw.choice(["whole", "bytes", "cut", "JSON", "JSON", "JSON"])
    if how == "bytes":
        body = draw.choice(STRANGE_BYTES)
    elif how == "cut":
        body = body[: draw.randrange(len(body) + 1)]
    elif how == "JSON":
        value = json.loads(body)
        for _ in range(draw.choice([1, 1, 3])):
            value = mangled(value, draw)
        body = json.dumps(value).encode()
    return Response(draw.choice(STATUSES), headers, body, response.redact)


@of_one_file
@given(HITS, SEEDS)
def test_the_tap_understands_an_answer_or_ends(tmp_path: Path, hit: Hit, seed: int) -> None:
    config = {"api_key": KEY, "api_url": "http://chakra.test"}
    args = ["--config", written(tmp_path, "config.json", config)]
    ends_in_order(run_tap(world_of(120), args, Spoiling(hit, seed)), TAP_CODES)


@of_one_file
@given(HITS, SEEDS)
def test_the_target_understands_an_answer_or_ends(tmp_path: Path, hit: Hit, seed: int) -> None:
    config = {
        "api_key": KEY,
        "api_url": "http://chakra.test",
        "streams": [{"stream": "s", "procedure": "lead"}],
        "journal": f"sqlite:///{tmp_path}/journal.db",
        "batch_size": 6,
        "lost_answer_horizon": 5,
        "job_timeout": 20,
    }
    args = ["--config", written(tmp_path, "config.json", config)]
    lines = written(tmp_path, "in", "\n".join(map(json.dumps, [SCHEMA, *ROWS])))
    told = run_target(world_of(9), [*args, "--input", lines], Spoiling(hit, seed))
    for leftover in tmp_path.glob("journal.db*"):
        leftover.unlink()
    ends_in_order(told, TARGET_CODES)


WORLD = world_of(3, photo_fetch="json")  # answers that can be spoiled
USER = USERS[1].id
PHOTO = "51c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e"
FILE = Upload.of_bytes("a.png", "image/png", b"png")
MESSAGE = TemplateMessage(PHONE_NUMBER_ID, "welcome")
CALLS: dict[str, Callable[[ChakraClient], object]] = {
    "config": lambda client: client.config(),
    "users": lambda client: client.users(version=1),
    "users of v2": lambda client: client.users(version=2),
    "list": lambda client: client.list_processes("lead", None),
    "create": lambda client: client.bulk_create("lead", [{"data": {"lead_id": "X"}}]),
    "health": lambda client: client.health(),
    "task": lambda client: client.create_task("lead", "L-000001", "lead_follow_up", {}),
    "update user": lambda client: client.update_user(USER, {"firstName": "X"}),
    "photo": lambda client: client.photos.fetch(PHOTO),
    "upload": lambda client: client.photos.upload_as(PHOTO, FILE),
    "media": lambda client: client.whatsapp.upload_media(PLUGIN_ID, FILE),
    "message": lambda client: client.whatsapp.send_to_number(PLUGIN_ID, "15550100017", MESSAGE),
    "templates": lambda client: client.templates.list_all(TemplateOwner("v19.0", WABA_ID)),
}


@given(st.sampled_from(sorted(CALLS)), SEEDS)
def test_the_client_understands_an_answer_or_refuses(name: str, seed: int) -> None:
    STEPS["API answers"] += 1
    clock, draw = FakeClock(), random.Random(seed)

    def spoil(_: Request, response: Response) -> Response:
        return spoiled(response, draw)

    wire = Wire(WORLD, clock, ApiKey(KEY), spoil)
    client = ChakraClient(wire, Pacer(clock, None), clock, RetryPolicy())
    refuses_in_order(partial(CALLS[name], client), ChakraError)
