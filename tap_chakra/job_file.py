"""The file that the setting `background_jobs` names: jobs to read, a line each.

A line is the id of a job, or the JSON object that `target-chakra jobs` prints: its `job`, and what
else is known of it. So the tap needs to know nothing of the target's journal.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chakra_api.setting_values import is_set, shown
from tap_chakra.listed_files import ListedFile, said_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FILE: Final = ListedFile(
    "background_jobs",
    "jobs",
    form="Write one job ID per line, or what target-chakra jobs prints",
    most_bytes=64 << 20,
    instead="Name the jobs of fewer runs",
)


@dataclass(frozen=True, slots=True)
class NamedJob:
    """A job to read.

    Attributes:
        id: Its id.
        known: What else the line says of it.
    """

    id: str
    known: Mapping[str, object] = field(default_factory=dict)


def parse_jobs(config: Mapping[str, object]) -> tuple[NamedJob, ...] | None:
    """The jobs to read, each once; None where the setting names no file.

    Raises:
        SettingsError: The file can't be read, or a line of it names no job.
    """
    path = config.get("background_jobs")
    if not is_set(path):
        return None
    found = {each.id: each for each in read_jobs(FILE.lines(path), str(path))}
    return tuple(found.values())


def read_jobs(lines: Iterable[str], path: str) -> Iterator[NamedJob]:
    """The jobs that lines name.

    Args:
        lines: Of the file.
        path: Its path, for errors.

    Raises:
        SettingsError: A line names none.
    """
    for number, said in said_lines(lines):
        known = _object(said) if said.startswith("{") else {"job": said}
        job = known.get("job")
        if not isinstance(job, str) or not job.isprintable() or len(job.split()) != 1:
            raise FILE.refused(number, path, f"is {shown(said)}, which names no job")
        yield NamedJob(job, {name: value for name, value in known.items() if name != "job"})


def _object(said: str) -> dict[str, object]:
    try:
        value = json.loads(said)
    except ValueError:
        return {}
    return {str(name): each for name, each in value.items()}
