"""The settings `process_ids` and `only_ids`: the processes that a run reads, and nothing else.

A file of ids has one a line: an id alone, where the setting `procedures` names the one procedure
that they are of; the procedure's shortId, a tab and an id; or `{"procedure": …, "id": …}`. Blank
lines mean nothing, and an id that comes twice is one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import is_set, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    ProcessIds = Mapping[str, tuple[str, ...]]

MOST_BYTES: Final = 256 << 20
"""Bytes of a file of ids, at most: of a device there is no end."""
_FORM: Final = 'Write it as {"lead": ["4b8f6a2e-…"], "ticket": ["…"]}'
_LINE: Final = (
    'Write an id a line, "lead<TAB>id", or {"procedure": "lead", "id": "…"}; an id alone where the'
    " setting procedures names one procedure"
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
        pairs += _ids_of(path, procedures)
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


def _ids_of(path: object, procedures: Sequence[str]) -> list[tuple[str, str]]:
    """The same of a file.

    Raises:
        SettingsError: It can't be read, or a line of it names no process.
    """
    if not isinstance(path, str) or "\0" in path:
        raise SettingsError(f"The setting only_ids is {shown(path)}, which is no path", _LINE)
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(
            f"The file of ids '{path}' can't be read: {error.strerror}", "Check the path"
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"The file of ids '{path}' is no text in UTF-8", _LINE) from None
    if len(content) > MOST_BYTES:
        raise SettingsError(
            f"The file of ids '{path}' is larger than {MOST_BYTES >> 20} MB",
            "A scan reads so many processes with fewer requests: leave only_ids out",
        )
    alone = procedures[0] if len(procedures) == 1 else ""
    return list(read_lines(text.splitlines(), path, alone))


def read_lines(lines: Iterable[str], path: str, alone: str) -> Iterator[tuple[str, str]]:
    """The procedure and the id of each process that lines name.

    Args:
        lines: Of the file.
        path: Its path, for errors.
        alone: The procedure of an id that stands alone; empty where there is none.

    Raises:
        SettingsError: A line names no process.
    """
    for number, line in enumerate(lines, 1):
        if not (said := line.strip()):
            continue
        procedure, process_id = _pair(said, alone)
        if not is_id(process_id) or not isinstance(procedure, str):
            raise SettingsError(
                f"Line {number} of the file of ids '{path}' is {shown(said)}, which names no"
                " process",
                _LINE,
            )
        if not procedure:
            raise SettingsError(
                f"Line {number} of the file of ids '{path}' does not say of which procedure it is",
                _LINE,
            )
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
