"""The file that the setting `background_jobs` names: jobs to read, a line each.

A line is the id of a job, or the JSON object that `target-chakra jobs` prints: its `job`, and what
else is known of it. So the tap needs to know nothing of the target's journal.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import is_set, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_BYTES: Final = 64 << 20
"""Bytes of the file, at most: of a device there is no end."""
_LINE: Final = "Write the id of a job a line, or what target-chakra jobs prints"


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
    if not isinstance(path, str) or "\0" in path:
        raise SettingsError(f"The setting background_jobs is {shown(path)}, no path", _LINE)
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(
            f"The file of jobs '{path}' can't be read: {error.strerror}", "Check the path"
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"The file of jobs '{path}' is no text in UTF-8", _LINE) from None
    if len(content) > MOST_BYTES:
        raise SettingsError(
            f"The file of jobs '{path}' is larger than {MOST_BYTES >> 20} MB",
            "Name the jobs of fewer runs",
        )
    found = {each.id: each for each in read_jobs(text.splitlines(), path)}
    return tuple(found.values())


def read_jobs(lines: Iterable[str], path: str) -> Iterator[NamedJob]:
    """The jobs that lines name.

    Args:
        lines: Of the file.
        path: Its path, for errors.

    Raises:
        SettingsError: A line names none.
    """
    for number, line in enumerate(lines, 1):
        if not (said := line.strip()):
            continue
        known = _object(said) if said.startswith("{") else {"job": said}
        job = known.get("job")
        if not isinstance(job, str) or not job.isprintable() or len(job.split()) != 1:
            raise SettingsError(
                f"Line {number} of the file of jobs '{path}' is {shown(said)}, which names no job",
                _LINE,
            )
        yield NamedJob(job, {name: value for name, value in known.items() if name != "job"})


def _object(said: str) -> dict[str, object]:
    try:
        value = json.loads(said)
    except ValueError:
        return {}
    return {str(name): each for name, each in value.items()}
