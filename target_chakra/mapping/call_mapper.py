"""A row → a `Change` that asks for calls of its own (a task, a message …), or a `Reject`: why not.

The key of such a change is the value that its call is made once for, or the name of the thing that
is to be as the row says; its procedure is the *scope* within which that counts, as
`task lead/CALL`. Its fields are the content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chakra_api.values.writing import Unfit, write_text
from target_chakra.changes import Change, Key, Mode, Reject
from target_chakra.mapping.destinations import shown
from target_chakra.mapping.routes import Route, said
from target_chakra.mapping.stream_columns import refuse_missing
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from chakra_api.values.writing import Writer
    from target_chakra.mapping.destinations import Destination
    from target_chakra.stream_mapping import StreamMapping


SEPARATOR: Final = "/"
"""Stands between the names of a thing that has several: `visit_reminder/en`."""


class ContentPart(NamedTuple):
    """A part of a call's content that a column fills, or a constant.

    Attributes:
        column: The column; empty for a constant.
        route: Its name in the content, and what makes its value.
        required: Whether a row without it is a reject.
        constant: What all calls say there.
        is_private: Whether no reason says what a row has there.
    """

    column: str
    route: Route
    required: bool = False
    constant: str = ""
    is_private: bool = False

    def value_in(self, row: Mapping[str, object]) -> object:
        """What a row says there; None, or an empty text, for nothing."""
        return row.get(self.column) if self.column else self.constant

    def misfit(self, value: object, unfit: Unfit) -> str:
        """Why a value can't be sent."""
        if self.is_private:
            return f"{self.column} {unfit.reason}"
        return said(self.column, shown(value), self.route, unfit)


def part_of(column: str, destination: Destination) -> ContentPart:
    """The part of a column that goes to a destination, left out where a row has no value."""
    name, bare_name = destination.name, destination.bare_name
    return ContentPart(
        column, Route(name, destination.write, bare_name=bare_name, takes=destination.takes)
    )


def named_part(column: str, name: str, write: Writer, takes: str = "") -> ContentPart:
    """The part of a column that every row must fill.

    Args:
        column: The column.
        name: Its name in the content.
        write: Makes its value.
        takes: What it takes, for messages.
    """
    return ContentPart(column, Route(name, write, bare_name=name, takes=takes), required=True)


def constant_part(constant: str, name: str, write: Writer) -> ContentPart:
    """A part that is the same in all calls.

    Args:
        constant: What they say there.
        name: Its name in the content.
        write: Makes its value.
    """
    return ContentPart("", Route(name, write, bare_name=name), required=True, constant=constant)


class CallMapper:
    """Makes changes of the rows of one stream, each of which asks for calls of its own.

    Args:
        stream: The stream's name.
        mapping: What the user wants of it.
        scope: Within which a key counts; with a blank in it, so that it is no procedure's.
        parts: The parts of the content.
        columns: The columns that the stream declares; empty if it declares none.

    Raises:
        SettingsError: The mapping names a column that the stream does not have.
    """

    def __init__(
        self,
        stream: str,
        mapping: StreamMapping,
        scope: str,
        parts: Sequence[ContentPart],
        columns: Collection[str],
    ) -> None:
        self.stream = stream
        self.mapping = mapping
        self.scope = scope
        self._parts = tuple(parts)
        if mapping.call is None:
            raise ValueError("A mapping of processes")
        self._named_by = mapping.call.named_by
        self._naming_step = mapping.call.naming_step
        refuse_missing(mapping, columns, f"The mapping of stream '{stream}'")

    def __call__(
        self, seq: int, line: int, row: Mapping[str, object], origin: str = ""
    ) -> Change | Reject:
        """The change that a row asks for."""
        fields: dict[str, object] = {}
        problems: dict[str, str] = {}
        for part in self._parts:
            value, column = part.value_in(row), part.column
            if value is None or value == "":
                if part.required:
                    problems[column] = f"{column} is null or missing"
                continue
            wire = part.route.write(value)
            if isinstance(wire, Unfit):
                problems[column] = part.misfit(value, wire)
            else:
                fields[part.route.name] = wire
        names = {option: _text(row.get(column)) for option, column in self._named_by.items()}
        key = self._key(tuple(names.values()))
        change = Change(
            seq,
            line,
            self.stream,
            self.scope,
            key,
            Mode.INSERT,
            deletes=False,
            fields=fields,
            row=row,
            alone=True,
            origin=origin,
        )
        if key is None:
            option = next(option for option, text in names.items() if text is None)
            column = self._named_by[option]
            return Reject(
                change,
                f"{option}: {column} is null, missing or no text",
                self._naming_step,
                is_hidden=True,
                kind=RejectKind.NO_KEY,
                about=column,
            )
        if problems:
            return Reject(
                change,
                "; ".join(problems.values()),
                "Correct it in the source",
                is_hidden=True,
                kind=RejectKind.UNFIT,
                about=", ".join(problems),
            )
        return change

    def _key(self, names: tuple[str | None, ...]) -> Key | None:
        texts = [each for each in names if each is not None]
        if len(texts) < len(names):
            return None
        column = next(iter(self._named_by.values()))
        return Key(self.scope, column, SEPARATOR.join(texts))


def _text(value: object) -> str | None:
    """A value as a name; None if it is none."""
    text = None if value is None or isinstance(value, bool) else write_text(value)
    is_name = isinstance(text, str) and text.strip() and "\0" not in text
    return str(text) if is_name else None
