"""What a command was started by, Meltano or a person, and what it is called beside others."""

from __future__ import annotations

import os
import shlex
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a command was started by.

    Attributes:
        project: The root of the Meltano project that runs it; None outside of one.
        environment: The Meltano environment; empty for none.
    """

    project: Path | None = None
    environment: str = ""

    def command(self, plugin: str, words: str, settings: Sequence[str] = ()) -> str:
        """What to type for a subcommand: `target-chakra rejects --run 2`, or Meltano's way.

        Args:
            plugin: The command's name.
            words: The subcommand and its options.
            settings: The values of `--config` that this command was given.
        """
        if self.project is None:
            given = [f"--config {shlex.quote(each)}" for each in settings]
            return " ".join((plugin, *given, words))
        return f"meltano invoke {plugin}:{words}"


def surroundings(variables: Mapping[str, str] = os.environ) -> Surroundings:
    """What a command was started by; Meltano sets both variables for every plugin it runs."""
    root = variables.get("MELTANO_PROJECT_ROOT")
    return Surroundings(Path(root) if root else None, variables.get("MELTANO_ENVIRONMENT", ""))


def place_of_run() -> str:
    """Where a command runs, as a person who reads of it elsewhere knows it."""
    around = surroundings()
    if around.project is None:
        return f"on {socket.gethostname()}"
    return ", ".join(filter(None, (around.project.name, around.environment)))


def run_owner() -> str:
    """The command that runs, by its pid and its machine, told to another: `pid 12 on mill`."""
    return f"pid {os.getpid()} on {socket.gethostname()}"
