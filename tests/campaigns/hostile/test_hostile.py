"""A slice of the hostile server's campaign: each malformation once, with an endpoint by turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.campaigns.hostile.cases import carried_out, cases
from tests.campaigns.hostile.scenes import SCENES
from tests.campaigns.hostile.server import Hostile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLOW = ("slow", "silent", "endless", "bomb", "long", "longer")


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    server = Hostile()
    yield server
    server.end()


def the_slice() -> list[str]:
    """A quick case now and then."""
    quick = [case for case in cases() if not any(word in case for word in SLOW)]
    return quick[7::899]


FOUND = (  # what was condemned once
    "target/submit/bytes a chunk below zero/1/30",
    "target/submit/head status 422 Bad/1/30",
    "tap/users/head a header without a colon/1/30",
    "tap/config/json _errors is dense objects/always/30",
    "tap/list/json _data is dense objects/always/450",
    "tap/list/json _meta is dense numbers/always/30",
    "tap/users/json nothing, and more/always/30",
    "tap/list/json nothing, and more/always/30",
    "tap/list/json no ids/always/450",
    "tap/list/json one twice, otherwise/always/450",
    "tap/list/head date 9999 with an offset/1/30",
    "tap/list/bytes told in digits without end/1/30",
    "tasks/task/head status 300 Many/1/6",
    "tasks/task/bytes told twice/1/6",
    "tasks/task/endless body/always/6",
    "tasks/task/head status 102 Processing/1/6",
    "photos/photo/head status 204 No Content/always/6",
    "given photos/upload as/head status 409 Conflict/1/6",
    "single writes/delete/head status 404 None/1/6",
    "named jobs/entries/head status 404 None/1/6",
    "photos/photo/bytes gzip that is cut/always/6",
    "listed templates/templates/json members twice/always/6",
    "named jobs/entries/json ids are the same for all/always/6",
    "photos/file/head status 206 Partial/1/6",
)
REDIRECTED = "head status 302 elsewhere/1/6"


def each_redirected() -> list[str]:
    """A redirect to another host, from each endpoint of each scene."""
    return [f"{name}/{end}/{REDIRECTED}" for name, scene in SCENES.items() for end in scene.ends]


@pytest.mark.parametrize("case", [*FOUND, *each_redirected(), *the_slice()])
def test_no_server_makes_a_command_break_its_promises(
    case: str, hostile: Hostile, tmp_path: Path
) -> None:
    verdict = carried_out(case, hostile, tmp_path)
    assert verdict.condemned == ()
    assert verdict.spoilt or case.startswith("target/entries/")


def test_each_case_has_a_name_of_its_own() -> None:
    names = cases()
    assert len(names) == len(set(names))
