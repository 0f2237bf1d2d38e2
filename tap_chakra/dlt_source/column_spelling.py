"""What columns are called before dlt normalizes their names: each another, by `column_names`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import dlt

from chakra_api.account.loader_names import told_apart
from chakra_api.account.snake_case import SEPARATOR, snake_path
from chakra_api.account.snake_columns import snake_columns, spelled_path
from tap_chakra.naming.column_names import SNAKE_CASE
from tap_chakra.tables.table_builder import AttributeLayout

if TYPE_CHECKING:
    import pyarrow as pa

    from tap_chakra.tables.attribute_columns import Slot


def spelled_column(name: str, spelling: str) -> str:
    """A root column of processes as the setting `column_names` calls it."""
    return snake_path(name) if spelling == SNAKE_CASE else name


def spelled_table(table: pa.Table, spelling: str) -> pa.Table:
    """A table whose columns are called as the setting `column_names` says."""
    if spelling != SNAKE_CASE:
        return table
    called, _ = snake_columns(table.column_names)
    return table.rename_columns([called[name] for name in table.column_names])


def named_apart(
    attributes: AttributeLayout, columns: dict[str, str], spelling: str
) -> AttributeLayout:
    """The layout in which no two attributes have one column, nor one member of an object.

    Args:
        attributes: As they are named by themselves.
        columns: What columns were called in earlier runs, which stays; kept up to date.
        spelling: The setting `column_names`.
    """
    if attributes.nested == "json" and spelling != SNAKE_CASE:
        return attributes
    spell = _Spelling(
        as_columns=attributes.nested == "columns",
        in_snake_case=spelling == SNAKE_CASE,
        columns=columns,
    )
    return AttributeLayout(
        attributes.nested,
        spell.apart(attributes.data, "data"),
        spell.apart(attributes.derived, "derivedData"),
    )


class _Spelling:
    """Names the homes of attributes.

    Args:
        as_columns: Whether each is a column of its own.
        in_snake_case: Whether `column_names` asks for that.
        columns: What columns were called in earlier runs.
    """

    def __init__(self, *, as_columns: bool, in_snake_case: bool, columns: dict[str, str]) -> None:
        self._as_columns = as_columns
        self._in_snake_case = in_snake_case
        self._columns = columns
        self._naming = dlt.current.source_schema().naming

    def apart(self, slots: tuple[Slot, ...], group: str) -> tuple[Slot, ...]:
        """The slots of one object, each with a name of its own."""
        mark, before = f"{group}:", f"{group}{SEPARATOR}"
        is_path = self._as_columns or self._in_snake_case
        names = [f"{before if is_path else ''}{slot.attribute.short_id}" for slot in slots]
        held = {
            name.removeprefix(mark): column
            for name, column in self._columns.items()
            if name.startswith(mark)
        }
        folds = partial(self._folds, before)
        called, _ = told_apart(names, folds=folds, held=held)
        # What dlt would change is kept, too: who comes later must not take its column.
        self._columns.update(
            (f"{mark}{name}", column)
            for name, column in called.items()
            if column != name or name not in folds(name)
        )
        return tuple(
            replace(slot, homes=(replace(slot.homes[0], name=self._spelled(before, called[name])),))
            for slot, name in zip(slots, names, strict=True)
        )

    def _folds(self, before: str, name: str) -> list[str]:
        spelled = spelled_path(name, before) if self._in_snake_case else name
        made = self._naming.normalize_path(spelled) if self._as_columns else spelled
        return [made.lower()]

    def _spelled(self, before: str, name: str) -> str:
        if not self._in_snake_case:
            return name
        return (
            spelled_path(name, before)
            if self._as_columns
            else snake_path(name.removeprefix(before))
        )
