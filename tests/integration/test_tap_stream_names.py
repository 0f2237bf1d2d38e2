"""Configurations whose names get in each other's way, or are none: each stream is still read."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_api.wire.transport import Request, Response
from tests.support.in_process import KEY, run_tap, world_of, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.in_process import Told

CONFIG = {"api_key": KEY, "api_url": "https://x.test", "procedures": ["lead"]}
ODD = {"": [{"id": 1}], "\u6771\u4eac": [{"id": "t"}], "\ud83d": [{"id": "h"}], "  ": [{"x": 1}]}


def showing(change: dict[str, Any], *, alone: bool = False) -> Callable[[Request, Response], Any]:
    """ChakraHQ, but for these collections of its configuration, or with nothing beside them."""

    def spoil(request: Request, response: Response) -> Response:
        if not request.path.endswith("/config"):
            return response
        answer = json.loads(response.body)
        answer["_data"] = change if alone else answer["_data"] | change
        return Response(200, response.headers, json.dumps(answer).encode(), response.redact)

    return spoil


def run(folder: Path, change: dict[str, Any], *words: str, **how: bool) -> Told:
    settings = CONFIG if not how.get("alone") else {**CONFIG, "procedures": []}
    where = ["--config", written(folder, "config.json", settings)]
    return run_tap(world_of(30), [*where, *words], showing(change, **how))


def records(told: Told) -> Counter[str]:
    return Counter(line["stream"] for line in told.lines if line["type"] == "RECORD")


def test_a_collection_takes_the_place_of_no_other_stream(tmp_path: Path) -> None:
    taken = {"process_lead": [{"id": "q"}], "users": [{"id": "q"}] * 2, "scanned_ids": [{"id": 1}]}
    told = run(tmp_path, taken)
    assert told.code == 0, told.stderr
    found = records(told)
    assert found["process_lead"] == 30
    own = {name: stream for name in taken for stream in found if stream.startswith(f"{name}_")}
    assert {name: found[stream] for name, stream in own.items()} == {
        "process_lead": 1, "users": 2, "scanned_ids": 1,
    }  # fmt: skip
    for name in taken:
        assert f"The collection '{name}' of the configuration is called {own[name]}" in told.stderr


def test_a_collection_whose_name_is_none_is_read(tmp_path: Path) -> None:
    told = run(tmp_path, ODD)
    assert told.code == 0, told.stderr
    assert sum(n for name, n in records(told).items() if name.startswith("collection_")) == len(ODD)


@pytest.mark.parametrize("change", [{"procedures": [{}]}, {"team": [], "": [{}]}, {}])
def test_a_catalog_of_an_account_that_lost_its_procedures_is_told_so(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    catalog = written(tmp_path, "catalog.json", run(tmp_path, {}, "--discover").stdout)
    told = run(tmp_path, change, "--catalog", catalog, alone=True)
    assert told.code == ExitCode.SETTINGS, told.stderr
    assert "The catalog selects the stream 'process_lead'" in told.stderr.splitlines()[-1]
    assert "Traceback" not in told.stderr


def test_a_catalog_selects_streams_without_a_key(tmp_path: Path) -> None:
    change = {"roles": [{"name": "a"}, {"name": "b"}], **ODD}
    catalog = written(tmp_path, "catalog.json", run(tmp_path, change, "--discover").stdout)
    told = run(tmp_path, change, "--catalog", catalog)
    assert told.code == 0, told.stderr
    assert records(told)["roles"] == 2
