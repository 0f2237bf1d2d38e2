"""Where a look is kept: beside the Meltano project, for each environment apart, or the folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chakra_api.folder_names import folder_name
from chakra_plugin.surroundings import surroundings

if TYPE_CHECKING:
    from chakra_api.account.account import Account

FOLDER: Final = ".tap-chakra"
FILE: Final = "doctor.json"


def default_place(project: Path | None, environment: str) -> Path:
    """The file of who names none.

    Args:
        project: The root of the Meltano project that runs us; None outside of one.
        environment: The Meltano environment; empty for none.
    """
    if project is None:
        return Path(FOLDER) / FILE
    return project / FOLDER / folder_name(environment) / FILE


def usual_place() -> Path:
    """The same, by what started this command."""
    around = surroundings()
    return default_place(around.project, around.environment)


def account_mark(api_url: str, account: Account) -> str:
    """What tells an account from others, and says nothing of it."""
    named = f"{api_url} {account.team_id or ''}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]
