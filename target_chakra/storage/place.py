"""Where a journal lies if its user does not say: beside the project, one for each environment.

Under Meltano that is `.target-chakra/<environment>/journal.db` in the project; else
`.target-chakra/journal.db` in the working folder, where every version up to 0.3.0 had it. One that
was begun there is never silently left: it knows what is in flight.
"""

from __future__ import annotations

import logging
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from chakra_api.errors import SettingsError
from chakra_api.folder_names import folder_name
from target_chakra.storage.journal_url import parse_url

if TYPE_CHECKING:
    from collections.abc import Iterable

LOG: Final = logging.getLogger("target-chakra")
FOLDER: Final = ".target-chakra"
FILE: Final = "journal.db"


def default_journal(project: Path | None, environment: str, folder: Path | None = None) -> str:
    """The URL of the journal of who does not name one.

    Args:
        project: The root of the Meltano project that runs us; None outside of one.
        environment: The Meltano environment; empty for none.
        folder: The working folder; None for the process's own.

    Raises:
        SettingsError: The project lies where no URL can say.
    """
    if project is None:
        return _url(Path(FOLDER) / FILE)
    place = project / FOLDER / folder_name(environment)
    if not (place / FILE).exists():
        old = _first([folder or Path.cwd(), project])
        if old is not None:
            quoted = [shlex.quote(str(each)) for each in (place, old, place)]
            LOG.warning(
                "The journal '%s' is used as before. It is for one environment from now on; move"
                " it to the one that it is of, with: mkdir -p %s && mv %s* %s",
                old, *quoted,
            )  # fmt: skip
            place = old.parent
    return _url(place / FILE)


def passed_over(
    journal: str, project: Path | None, environment: str, folder: Path | None = None
) -> Path | None:
    """The journal that lies at the default place though a run is to use another; None if none does.

    Args:
        journal: The URL of the one that the run is to use.
        project: The root of the Meltano project that runs us; None outside of one.
        environment: The Meltano environment; empty for none.
        folder: The working folder; None for the process's own.

    Raises:
        SettingsError: The URL means nothing.
    """
    url, folder = parse_url(journal), folder or Path.cwd()
    places = [folder / FOLDER / FILE]
    if project is not None:
        ours = project / FOLDER
        places = [ours / folder_name(environment) / FILE, *places, ours / FILE]
    found = next((place for place in places if place.exists()), None)
    if found is None or url.get_backend_name() != "sqlite":
        return found
    used = folder / (url.database or "")
    return None if used.exists() and used.samefile(found) else found


def _first(folders: Iterable[Path]) -> Path | None:
    """The first journal at an old default place."""
    places = [folder / FOLDER / FILE for folder in folders]
    return next((place for place in places if place.exists()), None)


def _url(path: Path) -> str:
    text = f"sqlite:///{path}"
    if sa.make_url(text).database != str(path):
        raise SettingsError(
            f"The default place of the journal, '{path}', can't be written as a URL",
            "Set journal to another place",
        )
    return text
