"""What rows cost those who write them without the target: a sink of singer-sdk, and a bare loop."""

from __future__ import annotations

import contextlib
import io
import time
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from singer_sdk import BatchSink, Target

from chakra_api.wire.transport import Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_api.wire.transport import Response

LIST, BULK = "/list", "/bulk"


class NothingSink(BatchSink):
    """A sink of singer-sdk, with its defaults, that does nothing with its batches."""

    def process_batch(self, context: dict[str, Any]) -> None:
        """Nothing."""


class NothingTarget(Target):
    """What a user begins with who writes a target of their own."""

    name = "target-nothing"
    config_jsonschema: ClassVar[dict[str, Any]] = {"properties": {}}
    default_sink_class = NothingSink


def batch_sink(source: Path) -> float:
    """The CPU seconds in which the sink takes an input."""
    target = NothingTarget(config={})
    with source.open() as lines, contextlib.redirect_stdout(io.StringIO()):
        began = time.process_time()
        target.listen(lines)
        return time.process_time() - began


class Sender:
    """The other side, as a bare loop sees it: answers come in process.

    Args:
        transport: Answers requests, and counts its own CPU.
    """

    def __init__(self, transport: Any) -> None:  # noqa: ANN401 - `InProcess`, which imports this
        self._transport = transport

    def ask(self, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        """What it answers to a body; to none it is asked for a job."""
        sent = None if body is None else orjson.dumps(body)
        answer: Response = self._transport.send(Request("POST", path, sent))
        return orjson.loads(answer.body)


def bare_loop(source: Path, transport: Any) -> float:  # noqa: ANN401 - as above
    """The CPU seconds in which a loop does the same writes, without types, journal or receipt.

    It asks for a hundred keys at a time, compares as Python does, and sends what differs in
    batches of a thousand. What it does not know is whether a row arrived, or why not.
    """
    sender = Sender(transport)
    own, began = transport.cpu, time.process_time()
    changed: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    for rows in _hundreds(source):
        keys = [row["lead_id"] for row in rows]
        page = sender.ask(LIST, {"where": {"lead_id": keys}})
        held = {each["data"]["lead_id"]: each for each in page["_data"]}
        for row in rows:
            there = held.get(row["lead_id"])
            if there is None:
                new.append(row)
                continue
            data = there["data"]
            fields = {name: value for name, value in row.items() if data.get(name) != value}
            if fields:
                changed.append({"id": there["id"], "update": {"data": fields}})
        if len(changed) >= 1000:
            _send(sender, {"processes": changed})
            changed = []
        if len(new) >= 1000:
            _send(sender, new)
            new = []
    _send(sender, {"processes": changed})
    _send(sender, new)
    return time.process_time() - began - (transport.cpu - own)


def _send(sender: Sender, body: object) -> None:
    job = sender.ask(BULK, body)["_data"]["id"]
    sender.ask(f"/background-job/{job}", None)


def _hundreds(source: Path) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    with source.open("rb") as lines:
        for line in lines:
            message = orjson.loads(line)
            if message["type"] == "RECORD":
                rows.append(message["record"])
            if len(rows) == 100:
                yield rows
                rows = []
    if rows:
        yield rows
