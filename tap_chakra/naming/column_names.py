"""What the columns of a stream are called, by the setting `column_names`. Pure.

`chakra` leaves names as ChakraHQ has them. `snake_case` makes of them what dlt does, so that a
Singer loader and dlt fill tables of one layout, and one model reads both. Of two names that become
one the first keeps it, and the other has a suffix that is made of itself alone: the same in each
run, and the one that dlt gives it. The target knows it, too (chakra_api/account/snake_columns.py).

What stands inside of a value, as in `_extra_data`, is not a column's name, and stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from chakra_api.account.snake_case import SEPARATOR
from chakra_api.account.snake_columns import snake_columns
from tap_chakra.naming.loader_warnings import loader_warnings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_api.account.account import Attribute, Procedure
    from chakra_api.account.loader_names import Clash

    Row = dict[str, Any]
    Path = tuple[str, ...]

CHAKRA: Final = "chakra"
SNAKE_CASE: Final = "snake_case"
SPELLINGS: Final = (CHAKRA, SNAKE_CASE)
"""What the setting may be; the first one is its default."""
_PROPERTIES: Final = "properties"


@dataclass(frozen=True)
class ColumnNames:
    """What the properties of a stream's records are called.

    Attributes:
        root: By the names that ChakraHQ has for them.
        inner: The same for the members of those that are objects, by ChakraHQ's name of these.
    """

    root: Mapping[str, str]
    inner: Mapping[str, Mapping[str, str]]

    @cached_property
    def are_changed(self) -> bool:
        """Whether any is another than ChakraHQ's."""
        return any(
            name != called
            for each in (self.root, *self.inner.values())
            for name, called in each.items()
        )

    def schema(self, schema: Mapping[str, Any]) -> Row:
        """A schema of ChakraHQ's names with these in their place."""
        return {**schema, _PROPERTIES: dict(self._called(schema[_PROPERTIES]))}

    def record(self, record: Mapping[str, Any]) -> Row:
        """A record of ChakraHQ's names with these in their place."""
        root, inner = self.root, self.inner
        made = {root[name]: value for name, value in record.items()}
        for group, names in inner.items():
            if isinstance(value := record.get(group), dict):
                made[root[group]] = {names[name]: each for name, each in value.items()}
        return made

    def paths(self) -> Iterator[tuple[Path, Path]]:
        """The path of each property: as ChakraHQ has it, and as it is called."""
        for name, called in self.root.items():
            yield (name,), (called,)
            for member, called_member in self.inner.get(name, {}).items():
                yield (name, member), (called, called_member)

    def _called(self, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, schema in properties.items():
            members = self.inner.get(name)
            if members is not None:
                held = schema[_PROPERTIES].items()
                schema = {**schema, _PROPERTIES: {members[each]: inner for each, inner in held}}  # noqa: PLW2901
            yield self.root[name], schema


def column_names(setting: str, schema: Mapping[str, Any]) -> ColumnNames:
    """What the setting calls the properties of a schema.

    Args:
        setting: One of `SPELLINGS`.
        schema: Of the stream's records, in ChakraHQ's names.
    """
    properties: Mapping[str, Any] = schema[_PROPERTIES]
    members = {
        name: tuple(each[_PROPERTIES])
        for name, each in properties.items()
        if isinstance(each.get(_PROPERTIES), dict)
    }
    if setting == CHAKRA:
        own = {group: {name: name for name in names} for group, names in members.items()}
        return ColumnNames({name: name for name in properties}, own)
    inner = {group: snake_columns(names, group)[0] for group, names in members.items()}
    return ColumnNames(snake_columns(tuple(properties))[0], inner)


def attribute_warnings(procedure: Procedure, setting: str) -> list[str]:
    """A sentence for each attribute of a procedure whose name is that of another one.

    Args:
        procedure: The procedure.
        setting: One of `SPELLINGS`.
    """
    if setting == CHAKRA:
        return loader_warnings(procedure)
    said: list[str] = []
    groups: list[tuple[Attribute, ...]] = []
    for group, attributes in (
        ("data", procedure.attributes),
        ("derivedData", procedure.derived_attributes),
    ):
        called, clashes = snake_columns([each.short_id for each in attributes], group)
        groups.append(tuple(replace(each, short_id=called[each.short_id]) for each in attributes))
        said += [_clash(procedure.short_id, group, each, called) for each in clashes]
    renamed = replace(procedure, attributes=groups[0], derived_attributes=groups[1])
    return said + loader_warnings(renamed)


def _clash(procedure: str, group: str, clash: Clash, called: Mapping[str, str]) -> str:
    first, name = (each.removeprefix(f"{group}{SEPARATOR}") for each in (clash.first, clash.name))
    return (
        f"'{procedure}' has the attributes '{first}' and '{name}', which are one name in snake"
        f" case: '{name}' is called {called[name]}, in every run"
    )
