"""The folders that dlt pipelines of a version leave behind, packed and unpacked.

What dlt remembers of the last run for people to look at (its trace) is left out: it holds paths,
and dlt does not promise to read an older one.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from typing import TYPE_CHECKING, Any, Final

from chakra_sandbox.launch import start_sandbox
from tests.support import dlt_loads, dlt_runs
from tests.upgrades import played
from tests.upgrades.cases import FOREVER, SANDBOX, lead
from tests.upgrades.kept import DATA, SqliteJournal, without_holder
from tests.upgrades.states import account

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

KILLED: Final = -9
NAME: Final = "chakra_test"
PUSH: Final = "push"
NOWHERE: Final = "/srv/pipeline"
LEFT_OUT: Final = ("trace.pickle", "output.txt", "result.json", "rows.jsonl", ".target-chakra")
SPLIT: Final = {"DATA_WRITER__FILE_MAX_ITEMS": "12", "DATA_WRITER__BUFFER_MAX_ITEMS": "12"}
MAPPINGS: Final = (dlt_loads.SCORES, dlt_loads.NOTES)

# What is loaded back


def tables(number: int) -> tuple[dlt_loads.Table, ...]:
    """The tables of a load: existing leads, new ones, and rows without a key."""
    scores = [{"lead_id": lead(n), "score": 7000 + 100 * number + n} for n in range(1, 13)]
    scores += [{"lead_id": f"D{number}-{n}", "score": n} for n in range(8)]
    notes = [{"name": f"Note {number}", "score": n} for n in range(4)]
    return (
        dlt_loads.Table("scores", scores),
        dlt_loads.Table("notes", notes, disposition="append"),
    )


def plan(sandbox: Sandbox, number: int = 0, **more: Any) -> dlt_loads.Plan:
    """A load of its own, or what is pending."""
    settings = dlt_loads.settings(sandbox, *MAPPINGS, **played.PATIENCE)
    extracted = tables(number) if number else ()
    return dlt_loads.Plan(extracted, settings, SPLIT, name=PUSH, **more)


DEATHS: Final[dict[str, tuple[str, int] | None]] = {
    "completed": None,
    "settled-file": ("marked", 1),
    "submitted": ("moved", 2),
    "completing": ("completing", 1),
}
"""Where the second load of a pipeline is killed."""


def folder_of(version: str, which: str) -> Path:
    """Where the pipelines of a version are kept: those of the source, or of the destination."""
    return DATA / version / which


def keep_loads(version: str, folder: Path) -> None:
    """Write down what this version's destination leaves behind."""
    for name, death in DEATHS.items():
        own = folder / name
        own.mkdir()
        with start_sandbox(SANDBOX) as sandbox:
            sandbox.knobs(job_duration_ms=50)
            first = dlt_loads.load(own, plan(sandbox, 1))
            assert (first.code, first.error) == (0, ""), first.output
            before = played.writing(sandbox.requests())
            sandbox.forget_requests()
            if death is not None:
                sandbox.knobs(job_duration_ms=FOREVER if death[0] == "moved" else 50)
                assert dlt_loads.load(own, plan(sandbox, 2, die=death)).code == KILLED
            during = played.writing(sandbox.requests())
            journal = SqliteJournal(own / ".target-chakra")
            facts = {
                "before": before,
                "during": during,
                "jobs": played.jobs_of([*before, *during], journal),
                "ids": played.known_ids(sandbox, journal),
            }
        kept = folder_of(version, "destination") / name
        kept.mkdir(parents=True, exist_ok=True)
        (kept / "journal.sql").write_text(without_holder(journal.dump()))
        (kept / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
        pack(own, kept / "pipeline.tar.gz")


# What is read

CUT: Final = {"max_rows_per_run": 500, "concurrency": 1, "nested": "json"}
WHOLE: Final = {"concurrency": 1, "nested": "json"}


def keep_reads(version: str, folder: Path) -> None:
    """Write down what this version's source leaves behind."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["LOAD__DELETE_COMPLETED_JOBS"] = "true"  # they would be most of what is kept
    cases: dict[str, Callable[[Path, Sandbox], None]] = {
        "complete": lambda own, sandbox: _read(own, sandbox, WHOLE),
        "cut": lambda own, sandbox: _read(own, sandbox, CUT),
        "pending": lambda own, sandbox: _read(own, sandbox, WHOLE, die=["Load", 0]),
    }
    for name, work in cases.items():
        own = folder / f"read-{name}"
        own.mkdir()
        os.environ["DLT_DATA_DIR"] = str(own / "dlt")
        with account(own, procedure="lead") as sandbox:
            work(own, sandbox)
        kept = folder_of(version, "source")
        kept.mkdir(parents=True, exist_ok=True)
        pack(own, kept / f"{name}.tar.gz")


def _read(own: Path, sandbox: Sandbox, settings: dict[str, Any], **more: Any) -> None:
    child = dlt_runs.run_program(own, sandbox, settings=settings, name=NAME, **more)
    said, _ = child.communicate(timeout=120)
    assert child.returncode == (KILLED if more else 0), said


# Folders


def pack(folder: Path, path: Path) -> None:
    """Pack a folder, the same bytes for the same files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=9) as tar:
        for each in sorted(folder.rglob("*")):
            if any(part in LEFT_OUT for part in each.parts):
                continue
            if each.suffix == ".json":
                # dlt notes where it was run; that is not there any more when it is unpacked.
                each.write_text(each.read_text().replace(str(folder), NOWHERE))
            tar.add(each, each.relative_to(folder), recursive=False, filter=_nobodys)
    path.write_bytes(packed.getvalue())


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


def unpack(path: Path, folder: Path) -> None:
    """Put a packed folder back."""
    shutil.unpack_archive(path, folder, filter="data")
