"""Names of an account's streams, each once: of procedures, of users, of the configuration. Pure.

A stream that has the name of another would replace it, with all its rows. So procedures, users and
what the documents name keep theirs, and a collection of the configuration that nobody documented
gets one of its own where a loader would take it for another, or could make no name of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from chakra_api.account.loader_names import loader_names, told_apart
from tap_chakra.photos.photo_records import PHOTOS
from tap_chakra.records.scan_ids import IDS, SCANS
from tap_chakra.webhooks.event_records import CHAKRA_CHANGES, WHATSAPP_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chakra_api.account.account import Account

COLLECTIONS: Final = (
    "team",
    "entities",
    "procedures",
    "attributeTypes",
    "attributes",
    "derivedAttributes",
    "attributeGroups",
    "roles",
    "pods",
    "taskTypes",
    "forms",
    "formFields",
    "formActionButtons",
    "stateTasks",
    "userProfiles",
    "attributeConfig",
    "skillTypes",
)
"""The documented keys (contract 5)."""
USERS: Final = "users"
"""The stream of users."""
TEMPLATES: Final = "whatsapp_templates"
"""The stream of WhatsApp's message templates."""
JOBS: Final = "background_jobs"
"""The stream of background jobs."""
JOB_ENTRIES: Final = "background_job_entries"
"""The stream of their entries."""
STATES: Final = "states"
"""The stream of states: a collection of that name, or else those that stand in procedures."""

_PROCESS: Final = "process_"
_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_USABLE: Final = re.compile(r"[a-zA-Z0-9]")
"""What loaders leave of a name; of one without any of it they would make an empty one."""


@dataclass(frozen=True, slots=True)
class StreamNames:
    """What the streams of an account are called.

    Attributes:
        processes: The stream of each procedure, by shortId.
        collections: The stream of each collection of the configuration, by its own name.
        warnings: A sentence for each stream that is not called as one would expect.
    """

    processes: Mapping[str, str]
    collections: Mapping[str, str]
    warnings: tuple[str, ...]


def stream_names(account: Account) -> StreamNames:
    """Name the streams of an account, so that no loader takes two for one."""
    called, clashes = told_apart([f"{_PROCESS}{each.short_id}" for each in account.procedures])
    warnings = [
        f"The streams {each.first} and {each.name} are one table for many loaders:"
        f" {each.name} is called {each.given}, in every run"
        for each in clashes
    ]
    own = (USERS, IDS, SCANS, PHOTOS, TEMPLATES, JOBS, JOB_ENTRIES, WHATSAPP_EVENTS, CHAKRA_CHANGES)
    collections, more = _of_collections(account, (*own, *called.values()))
    processes = {name.removeprefix(_PROCESS): stream for name, stream in called.items()}
    return StreamNames(processes, collections, (*warnings, *more))


def procedure_names(account: Account) -> dict[str, str]:
    """The shortId of each procedure, by its shortId and by its id."""
    return {
        name: each.short_id
        for each in account.procedures
        for name in (each.short_id, each.id)
        if name
    }


def snake_case(name: str) -> str:
    """`attributeTypes` → `attribute_types`."""
    return _CAPITAL.sub("_", name).lower()


def _of_collections(account: Account, taken: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The stream of each collection that is shown, and what is worth saying of them."""
    shown = dict.fromkeys(COLLECTIONS) | dict.fromkeys(
        name for name, rows in account.collections.items() if rows
    )
    plain = [name for name in shown if _USABLE.search(name)]
    held = {name: name for name in (*COLLECTIONS, STATES)}
    taken = taken if STATES in shown else (*taken, STATES)
    called, clashes = told_apart(plain, folds=_folds, held=held, taken=taken)
    odd = {name: _made(name) for name in shown if name not in called}
    warnings = [
        f"The collection '{each.name}' of the configuration is called {snake_case(each.given)}, in"
        f" every run: for many loaders its name is that of {each.first}"
        for each in clashes
    ]
    warnings += [
        f"The collection '{name}' of the configuration is called {made}, in every run: loaders"
        " could make nothing of its name"
        for name, made in odd.items()
    ]
    streams = {name: snake_case(given) for name, given in called.items()} | odd
    return {name: streams[name] for name in shown}, warnings


def _folds(name: str) -> frozenset[str]:
    return loader_names(name) | loader_names(snake_case(name))


def _made(name: str) -> str:
    return f"collection_{sha256(name.encode(errors='surrogatepass')).hexdigest()[:8]}"
