"""Runs dlt pipelines that write to a sandbox, each in a process of its own that may be killed.

The processes are forked from one that has imported dlt already, so that a load costs what it does
and not what Python's imports do.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import multiprocessing
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt

from target_chakra.dlt_destination import chakra_destination, mirror_commit, receipts, retry_rejects
from target_chakra.dlt_destination.client import ChakraLoadClient
from target_chakra.journal.journal import Journal
from tests.support.target_process import FAST, living

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.launch import Sandbox

RESULT = "result.json"
SCORES = {"stream": "scores", "procedure": "lead", "key": "lead_id"}
NOTES = {"stream": "notes", "procedure": "lead"}
_NUMBERS = itertools.count(1)
ENVIRONMENT = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "LOAD__RAISE_ON_MAX_RETRIES": "1",
}
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Table:
    """Rows, and what the pipeline's author says about them."""

    name: str
    rows: list[dict[str, Any]]
    disposition: Any = "merge"
    primary_key: Any = None
    columns: Any = None


@dataclass(frozen=True)
class Plan:
    """What a process does.

    Attributes:
        tables: What it extracts; none to load only what is pending.
        settings: Of the destination, as arguments.
        environment: Variables.
        die: (place, nth time): killed there; see `_PLACES`.
        after: A call after the run: mirror_commit or retry_rejects.
        name: Of the pipeline.
        file_format: Of the loader's files; dlt's choice if empty.
    """

    tables: tuple[Table, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    die: tuple[str, int] | None = None
    after: str = ""
    name: str = "push"
    file_format: Any = None


@dataclass(frozen=True)
class Told:
    """What a process left behind.

    Attributes:
        code: Of its end; negative if it was killed.
        output: Everything it said.
        error: The last error's text; empty for none.
        receipts: Of the last load.
        pending: Whether a load package is left.
        called: What the call after the run returned.
    """

    code: int | None
    output: str
    error: str = ""
    receipts: list[dict[str, Any]] = field(default_factory=list)
    pending: bool = False
    called: Any = None

    @property
    def outcomes(self) -> dict[str, int]:
        """Outcomes of the last run that are not zero."""
        return {name: n for name, n in self.receipts[-1]["outcomes"].items() if n}


def settings(sandbox: Sandbox, *streams: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Arguments of a destination that writes to a sandbox."""
    given = {"api_key": sandbox.api_key, "api_url": sandbox.url, **FAST, **more}
    return {**given, "streams": list(streams)} if streams else given


def load(folder: Path, plan: Plan) -> Told:
    """Run a plan in a folder, and wait for its end."""
    child = begin(folder, plan)
    child.join(100)
    return end(folder, child)


def begin(folder: Path, plan: Plan) -> Any:
    """Begin a plan."""
    (folder / RESULT).unlink(missing_ok=True)
    child = _FORKED.Process(target=_run, args=(str(folder), plan), daemon=True)
    child.start()
    return child


def end(folder: Path, child: Any) -> Told:
    """What a process that has ended left behind."""
    assert child.exitcode is not None, "it did not end"
    output = (folder / "output.txt").read_text()
    path = folder / RESULT
    found = json.loads(path.read_text()) if path.exists() else {}
    return Told(child.exitcode, output, **found)


def _run(folder: str, plan: Plan) -> None:
    os.chdir(folder)
    os.environ.update({**ENVIRONMENT, **plan.environment})
    out = os.open("output.txt", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    if plan.die:
        _arm(*plan.die)
    made = dlt.pipeline(
        plan.name, destination=chakra_destination(**plan.settings), pipelines_dir=folder
    )
    error, called = "", None
    try:
        source = _source(plan.tables) if plan.tables else None
        made.run(source, loader_file_format=plan.file_format)
        if plan.after:
            called = {"mirror_commit": mirror_commit, "retry_rejects": retry_rejects}[plan.after](
                made
            )
    except Exception as problem:  # noqa: BLE001 - what a user would see
        error = f"{type(problem).__name__}: {problem}"
    told: list[Any] = []
    with contextlib.suppress(Exception):
        told = receipts(made)
    found = {
        "error": error,
        "called": called,
        "pending": made.has_pending_data,
        "receipts": told,
    }
    Path(RESULT).write_text(json.dumps(found))


def _source(tables: tuple[Table, ...]) -> Any:
    def rows(table: Table) -> Iterator[Any]:
        yield from table.rows

    return [
        dlt.resource(
            rows(table),
            name=table.name,
            write_disposition=table.disposition,
            primary_key=table.primary_key,
            columns=table.columns,
        )
        for table in tables
    ]


# Rows


def scores(sandbox: Sandbox, count: int, skip: int = 0) -> list[dict[str, Any]]:
    """Rows of existing leads, each with a score that it does not have."""
    keys = sorted(living(sandbox))[skip : skip + count]
    return [{"lead_id": key, "score": 9000 + next(_NUMBERS)} for key in keys]


def new(count: int) -> list[dict[str, Any]]:
    """Rows of leads that do not exist."""
    return [{"lead_id": f"NEW-{(n := next(_NUMBERS))}", "score": n} for _ in range(count)]


def held(sandbox: Sandbox, rows: list[dict[str, Any]]) -> list[Any]:
    """The scores that ChakraHQ holds for the leads of rows; None for one that does not live."""
    alive = living(sandbox)
    return [
        alive[r["lead_id"]]["data"].get("score") if r["lead_id"] in alive else None for r in rows
    ]


def journal_of(folder: Path) -> dict[str, Any]:
    """The setting of a target that shares the journal of a pipeline's folder."""
    return {"journal": f"sqlite:///{folder}/.target-chakra/journal.db"}


# Death

_PLACES: dict[str, tuple[type, str, bool]] = {
    "intended": (Journal, "intend", False),
    "moved": (Journal, "move", False),
    "settled": (Journal, "settle", False),
    "recorded": (Journal, "record", False),
    "marked": (Journal, "mark", False),
    "written": (ChakraLoadClient, "write", False),
    "completing": (ChakraLoadClient, "complete_load", True),
    "closed": (Journal, "close_load", False),
    "completed": (ChakraLoadClient, "complete_load", False),
}
"""Where a process dies: a method, and whether before it (else once it has returned)."""


def _arm(place: str, times: int) -> None:
    owner, name, before = _PLACES[place]
    real = getattr(owner, name)
    left = [times]

    def count() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrapped(*args: Any, **more: Any) -> Any:
        if before:
            count()
        result = real(*args, **more)
        if not before:
            count()
        return result

    setattr(owner, name, wrapped)
