"""The key sent back in every form, and texts that a terminal obeys: neither gets anywhere.

The judge decodes all that a run printed and left (`tests/support/echoes.py`), and knows none of the
code that masks and escapes.
"""

from __future__ import annotations

import json
import random
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chakra_api.wire.transport import Request, Response
from tests.fuzz.endings import STEPS
from tests.support.echoes import FORMS, gives_away
from tests.support.in_process import KEY, run_tap, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.in_process import Told

FORGED = "2026-11-30 01:00:00,000 | INFO     | target-chakra | FORGED"
CONTROLS = (
    "\x1b[2J\x1b]0;title\x07", f"\n{FORGED}", f"\r\n{FORGED}", f"\u2028{FORGED}", f"\x85{FORGED}",
    "\u202egnp.exe", "\x9b31m", "\u200b\u2066", "\x00", "\x7f\x08\x08", "\ud83d", "\U000e0041",
)  # fmt: skip
SEEDS = st.integers(0, 2**32)
of_one_file = settings(
    max_examples=settings().max_examples // 10,  # each is six commands, and all that they left
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Planting:
    """Puts the key and control characters into what ChakraHQ says; asked by any thread."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._share = self._draw.choice([0.02, 0.1, 0.3])

    def __call__(self, request: Request, response: Response) -> Response:
        if self._draw.random() < self._share:
            STEPS["echoes of the key"] += 1
            return self._error(response)
        if request.path.endswith("/list"):
            return self._with(response, self._in_rows)
        if request.path.endswith("/config"):
            return self._with(response, self._in_config)
        if "background-job" in request.path:
            STEPS["echoes of the key"] += 1
            return self._with(response, self._in_job)
        return response

    def _with(self, response: Response, change: Any) -> Response:
        try:
            answer = json.loads(response.body)
        except ValueError:
            return response
        for each in answer["_data"] if isinstance(answer["_data"], list) else [answer["_data"]]:
            if isinstance(each, dict):
                change(each)
        headers = {**response.headers, "x-request-id": self._text()}
        return Response(response.status, headers, json.dumps(answer).encode(), response.redact)

    def _text(self) -> str:
        form = self._draw.choice(list(FORMS.values()))
        return f"no{self._controls()} {form(KEY)} {self._controls()}"

    def _controls(self) -> str:
        return "".join(self._draw.choices(CONTROLS, k=self._draw.choice([0, 1, 2])))

    def _in_rows(self, row: dict[str, Any]) -> None:
        """What stands in rows is the account's own: no key is planted there."""
        if isinstance(row.get("data"), dict) and self._draw.random() < self._share:
            row["data"]["city"] = f"pune{self._controls()}"
            row["state"] = f"NEW{self._controls()}"

    def _in_config(self, config: dict[str, Any]) -> None:
        """A stream is named by what its procedure or its collection is called, and so is a log."""
        called = f"evil{self._controls()}"
        config["procedures"] = [{"id": "p-evil", "shortId": called}, *config["procedures"]]
        config[f"more{self._controls()}"] = [{"id": "m"}]

    def _in_job(self, entry: dict[str, Any]) -> None:
        entry["statusMessage"] = self._text()

    def _error(self, response: Response) -> Response:
        status = self._draw.choice([200, 302, 400, 401, 404, 409, 413, 422, 429, 500, 502, 503])
        text = self._text()
        body = self._draw.choice(
            [
                json.dumps({"_data": None, "_errors": [text]}).encode(),
                json.dumps({"_errors": [{"message": text, "code": self._text()}]}).encode(),
                json.dumps({"error": {"message": text}}).encode(),
                f"<html><title>{text}</title></html>".encode(errors="replace"),
                text.encode(errors="replace"),
                json.dumps({text: 1}).encode(),
            ]
        )
        headers = {**response.headers, "location": f"http://elsewhere.test/?{text}"}
        return Response(status, headers, body, response.redact)


def nothing_got_out(folder: Path, *told: Told) -> None:
    """No output and no file gives the key away, and no line was forged or moves a cursor."""
    for each in told:
        assert KEY not in "".join((each.stdout + each.stderr).split())
        for line in {*each.stdout.splitlines(), *each.stderr.splitlines()}:
            assert not gives_away(line, KEY)
        assert each.code != 1 or "Traceback" not in each.stderr, each.stderr
        for line in each.stderr.split("\n"):
            assert not line.startswith(FORGED)
            assert not [c for c in line if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl"}]
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "config.json":
            for piece in set(re.split(b'[\0\n"]{1,}', path.read_bytes())):
                assert not gives_away(piece.decode("utf-8", "replace"), KEY), path.name


@of_one_file
@given(SEEDS)
def test_the_tap_tells_nobody_the_key(tmp_path: Path, seed: int) -> None:
    config = {"api_key": KEY, "api_url": "http://chakra.test"}
    args = ["--config", written(tmp_path, "config.json", config)]
    nothing_got_out(tmp_path, run_tap(world_of(20), args, Planting(seed)))


@of_one_file
@given(SEEDS)
def test_the_target_tells_nobody_the_key(tmp_path: Path, seed: int) -> None:
    for path in tmp_path.iterdir():
        path.unlink()
    draw = random.Random(seed)
    name = f"s{draw.choice(CONTROLS)}"
    config = {
        "api_key": KEY,
        "api_url": "http://chakra.test",
        "streams": [{"stream": name, "procedure": "lead"}],
        "journal": f"sqlite:///{tmp_path}/journal.db",
        "rejects_path": str(tmp_path / "rejects.jsonl"),
        "batch_size": 4,
        "max_rejects": draw.choice([0, 1000]),
        "lost_answer_horizon": 5,
        "job_timeout": 20,
    }
    where = ["--config", written(tmp_path, "config.json", config)]
    schema = {"properties": {"lead_id": {}, "score": {}, "name": {}}}
    lines: list[dict[str, Any]] = [{"type": "SCHEMA", "stream": name, "schema": schema}]
    for n in range(10):
        key = f"L-{n:06d}{draw.choice(['', '', draw.choice(CONTROLS)])}"
        row = {"lead_id": key, "score": draw.choice([n, f"x{draw.choice(CONTROLS)}"]), "name": "a"}
        lines.append({"type": "RECORD", "stream": name, "record": row})
    rows = written(tmp_path, "rows.jsonl", "".join(f"{json.dumps(each)}\n" for each in lines))
    world = world_of(20, entry_error_rate=0.5)
    told = run_target(world, [*where, "--input", rows], Planting(seed))
    asked = (["rejects"], ["rejects", "--json"], ["unknown"], ["runs"], ["runs", "--json"])
    nothing_got_out(tmp_path, told, *(run_target(world, [*where, *words]) for words in asked))
