"""What a table says about itself becomes key and mode, where the user's mapping is silent. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from target_chakra.changes import Mode

if TYPE_CHECKING:
    from target_chakra.stream_mapping import StreamMapping

_MODES: Final = {"append": Mode.INSERT, "merge": Mode.UPSERT}
_STRATEGIES: Final = {
    "delete-insert": Mode.UPSERT,
    "upsert": Mode.UPSERT,
    "insert-only": Mode.INSERT,
}


@dataclass(frozen=True, slots=True)
class Hints:
    """What a table says about itself.

    Attributes:
        disposition: `append`, `merge` or `replace`.
        strategy: How a merge is meant; empty if it does not say.
        keys: Columns that name a row together: the primary key, else the merge key.
        hard_delete: The column that marks a row as deleted; None for none.
        sorted_by: The column whose value decides between rows of one key; None for none.
    """

    disposition: str = "append"
    strategy: str = ""
    keys: tuple[str, ...] = ()
    hard_delete: str | None = None
    sorted_by: str | None = None


def hinted(stream: str, mapping: StreamMapping, hints: Hints) -> StreamMapping:
    """The mapping of a table, completed by what the table says about itself.

    Raises:
        SettingsError: The table asks for what can't be done, and the mapping does not say what
            to do in its place.
    """
    mode = mapping.mode if mapping.names_mode else _mode(stream, hints)
    key = mapping.key_column
    if key is None and mapping.key_attribute is None:
        key = _key(stream, hints)
        # A new process has no id yet: the column is the source's own.
        key = None if key == "id" and mode is Mode.INSERT else key
    if hints.sorted_by is not None:
        raise SettingsError(
            f"The table '{stream}' is to be deduplicated by '{hints.sorted_by}' (dedup_sort), which"
            " is not done here: of rows with one key the last one counts",
            "Sort the rows in the source, and take the hint out",
        )
    return replace(
        mapping,
        mode=mode,
        key_column=key,
        delete_when=mapping.delete_when or hints.hard_delete,
    )


def _mode(stream: str, hints: Hints) -> Mode:
    if hints.disposition == "replace":
        raise SettingsError(
            f"The table '{stream}' has the write disposition replace, which would delete every"
            " process that its rows do not name",
            "Set mode mirror in its mapping if that is meant, or use merge or append",
        )
    if hints.disposition == "merge" and hints.strategy:
        mode = _STRATEGIES.get(hints.strategy)
        if mode is None:
            raise SettingsError(
                f"The table '{stream}' is to be merged by {hints.strategy}, which ChakraHQ can't"
                " hold",
                "Use the strategy upsert, or set mode in its mapping",
            )
        return mode
    return _MODES.get(hints.disposition, Mode.UPSERT)


def _key(stream: str, hints: Hints) -> str | None:
    if len(hints.keys) > 1:
        raise SettingsError(
            f"The table '{stream}' names a row by {' and '.join(hints.keys)}, and ChakraHQ names a"
            " process by one value",
            "Set key in its mapping to the column that names the process",
        )
    return hints.keys[0] if hints.keys else None
