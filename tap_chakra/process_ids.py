"""The settings `process_ids` and `only_ids`: the processes that a run reads, and nothing else.

A file of ids has one a line: an id alone, where the setting `procedures` names the one procedure
that they are of; the procedure's shortId, a tab and an id; or `{"procedure": …, "id": …}`. Blank
lines mean nothing, and an id that comes twice is one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import is_set, shown
from tap_chakra.listed_files import ListedFile, said_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    ProcessIds = Mapping[str, tuple[str, ...]]

_FORM: Final = 'Write it as {"lead": ["4b8f6a2e-…"], "ticket": ["…"]}'
FILE: Final = ListedFile(
    "only_ids",
    "ids",
    form='Write one ID per line, "lead<TAB>id", or {"procedure": "lead", "id": "…"}; an ID alone'
    " where the setting procedures names one procedure",
    most_bytes=256 << 20,
    instead="A scan reads so many processes with fewer requests: leave only_ids out",
)


def parse_process_ids(config: Mapping[str, object], procedures: Sequence[str]) -> ProcessIds | None:
    """The ids of the processes to read, by procedure, each once; None where all are read.

    Args:
        config: The settings by name.
        procedures: The procedures to read, as the settings name them; empty for all.

    Raises:
        SettingsError: A setting means nothing, or the file can't be read.
    """
    given, path = config.get("process_ids"), config.get("only_ids")
    if not is_set(given) and not is_set(path):
        return None
    found: dict[str, dict[str, str]] = {}
    pairs = list(_set_ids(given)) if is_set(given) else []
    if is_set(path):
        alone = procedures[0] if len(procedures) == 1 else ""
        pairs += read_lines(FILE.lines(path), str(path), alone)
    for procedure, each in pairs:
        if procedures and procedure not in procedures:
            raise SettingsError(
                f"Processes of '{procedure}' are named to be read, and the setting procedures"
                f" leaves '{procedure}' out",
                "Name it there, too, or leave these processes out",
            )
        found.setdefault(procedure, {}).setdefault(each.casefold(), each)
    return {procedure: tuple(ids.values()) for procedure, ids in found.items()}


def _set_ids(given: object) -> Iterator[tuple[str, str]]:
    """The procedure and the id of each process in the setting `process_ids`."""
    if not isinstance(given, dict):
        raise SettingsError(f"The setting process_ids is {shown(given)}", _FORM)
    for procedure, ids in given.items():
        if not isinstance(ids, (list, tuple)):
            raise SettingsError(f"In the setting process_ids {procedure} is {shown(ids)}", _FORM)
        for each in ids:
            if not is_id(each):
                raise SettingsError(
                    f"The setting process_ids names {shown(each)} of '{procedure}', which is no id",
                    _FORM,
                )
            yield str(procedure), str(each)


def read_lines(lines: Iterable[str], path: str, alone: str) -> Iterator[tuple[str, str]]:
    """The procedure and the id of each process that lines name.

    Args:
        lines: Of the file.
        path: Its path, for errors.
        alone: The procedure of an id that stands alone; empty where there is none.

    Raises:
        SettingsError: A line names no process.
    """
    for number, said in said_lines(lines):
        procedure, process_id = _pair(said, alone)
        if not is_id(process_id) or not isinstance(procedure, str):
            raise FILE.refused(number, path, f"is {shown(said)}, which names no process")
        if not procedure:
            raise FILE.refused(number, path, "does not say of which procedure it is")
        yield procedure, str(process_id)


def _pair(said: str, alone: str) -> tuple[object, object]:
    if said.startswith("{"):
        try:
            value = json.loads(said)
        except ValueError:
            return None, None
        return value.get("procedure", alone), value.get("id")
    procedure, tab, process_id = said.partition("\t")
    return (procedure.strip(), process_id.strip()) if tab else (alone, said)


def is_id(value: object) -> bool:
    """Whether a value can be the id of a process: a text without blanks."""
    return isinstance(value, str) and value.isprintable() and value == "".join(value.split()) != ""
