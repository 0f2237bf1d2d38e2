"""A row → a `Change`, by the user's mapping or by name; or a `Reject` that says why not.

Without any mapping, what the tap emits is what the target accepts: nested `data`, or flattened
`data__city`, goes back by `id`, and the columns that the tap adds are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chakra_api.values.writing import OnlyHeld, Unfit, write_json, write_text
from target_chakra.changes import Change, Key, Mode, Reject
from target_chakra.mapping.delete_marks import DeleteMarks, is_marked
from target_chakra.mapping.destination_names import destination_of
from target_chakra.mapping.destinations import shown
from target_chakra.mapping.routes import UNSEEN, Route, Routes, said
from target_chakra.mapping.stream_columns import EXTRA, ColumnReader
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from target_chakra.mapping.destinations import Destinations
    from target_chakra.stream_mapping import StreamMapping


class RowMapper:
    """Makes changes of the rows of one stream.

    Args:
        stream: The stream's name.
        mapping: What the user wants of it.
        destinations: Where values may go.
        columns: The columns that the stream declares; empty if it declares none.
        timely: Those of them that are declared as times.

    Raises:
        SettingsError: The mapping names a column or an attribute that does not exist, no column
            names the process, or two columns go to one destination.
    """

    def __init__(
        self,
        stream: str,
        mapping: StreamMapping,
        destinations: Destinations,
        columns: Collection[str],
        timely: Collection[str] = (),
    ) -> None:
        self.stream = stream
        self.mapping = mapping
        self.destinations = destinations
        reader = ColumnReader(stream, mapping, destinations, columns)
        self.columns = reader.columns
        times = destinations.rules.times
        self._marks = DeleteMarks(self.columns.marks_deleted, times, timely)
        self._nests = mapping.fields is None
        self._routes = Routes(reader, columns)
        self._expected = self._routes.expected
        self._only_held = False
        self._is_compared = mapping.mode not in (Mode.INSERT, Mode.DELETE)

    def __call__(
        self, seq: int, line: int, row: Mapping[str, object], origin: str = ""
    ) -> Change | Reject:
        """The change that a row asks for."""
        fields: dict[str, object] = {}
        problems: list[Problem] = []
        routes, clears = self._routes.by_column, self.mapping.clears
        self._only_held = False
        if self._nests and "data" in row:
            self._map_nested(row["data"], fields, problems)
        for column, value in row.items():
            route = routes.get(column, UNSEEN)
            if route is UNSEEN:
                route = self._routes.discovered(column)
            if route is None:
                continue
            kind = type(value)
            if value and (kind in route[2] or (kind is str and value in route[3])):
                fields[route[0]] = value
            elif value is None or (value == "" and not route.keeps_blanks):
                if clears:
                    fields[route[0]] = None
            elif type(wire := route[1](value)) is Unfit:
                self._refuse(column, route, (value, wire), fields, problems)
            else:
                fields[route[0]] = wire
        if clears:
            self._clear_absent(row, fields)
        return self._change(Raw(seq, line, row, origin), fields, problems)

    def _clear_absent(self, row: Mapping[str, object], fields: dict[str, object]) -> None:
        """A column that the stream has and a row has not is as a null, but for what was odd."""
        if not self._expected.keys() <= row.keys():
            for column in self._expected.keys() - row.keys():
                fields[self._expected[column]] = None
        if row.get(EXTRA):
            _keep(fields, self._beside(row[EXTRA]))

    def _refuse(
        self,
        label: str,
        route: Route,
        refused: tuple[object, Unfit],
        fields: dict[str, object],
        problems: list[Problem],
    ) -> None:
        """A value that is not written: no fault if ChakraHQ may hold it, and it is compared."""
        value, unfit = refused
        why = said(label, shown(value), route, unfit)
        if unfit.held is not None and self._is_compared:
            fields[route.name] = OnlyHeld(unfit.held, why)
            self._only_held = True
        else:
            problems.append(Problem(label, why))

    def _write(
        self,
        label: str,
        route: Route,
        value: object,
        fields: dict[str, object],
        problems: list[Problem],
    ) -> None:
        wire = route.write(value)
        if isinstance(wire, Unfit):
            self._refuse(label, route, (value, wire), fields, problems)
        else:
            fields[route.name] = wire

    def _map_nested(
        self, value: object, fields: dict[str, object], problems: list[Problem]
    ) -> None:
        attributes = _object(value)
        if attributes is None:
            if value not in (None, ""):
                problems.append(Problem("data", "data is not an object of attributes"))
            return
        for short_id, given in attributes.items():
            route = self._routes.nested(short_id, attributes.keys())
            kind = type(given)
            if given and (kind in route.as_is or (kind is str and given in route.choices)):
                fields[route.name] = given
            elif given is None or (given == "" and not route.keeps_blanks):
                if self.mapping.clears:
                    fields[route.name] = None
            else:
                self._write(f"data.{short_id}", route, given, fields, problems)

    def _beside(self, extra: object) -> set[str]:
        """Destinations whose values the tap put into `_extra_data`: null there means nothing."""
        values = _object(extra) or {}
        data = values.get("data")
        attributes: Mapping[str, object] = data if isinstance(data, dict) else {}
        # The keys of data may be the attributes' ids (Q36).
        by_id = {each.id: each.short_id for each in self.destinations.procedure.attributes}
        return {*values, *(destination_of(by_id.get(key, key)) for key in attributes)}

    def _change(
        self, raw: Raw, fields: dict[str, object], problems: list[Problem]
    ) -> Change | Reject:
        row, names = raw.row, self.columns
        deletes = self._marks.deletes(row) if self._marks.columns else False
        if isinstance(deletes, tuple):
            column, problem = deletes
            mark = shown(row.get(column))
            why = f"{column} is {mark}, which {problem.reason}, and deletes nothing"
            problems.append(Problem(column, why))
        key, wrong = self._key(row, fields)
        change = Change(
            raw.seq,
            raw.line,
            self.stream,
            self.destinations.procedure.short_id,
            key,
            self.mapping.mode,
            deletes is True or self.mapping.mode is Mode.DELETE,
            fields,
            row,
            alone=self._only_held,
            origin=raw.origin,
        )
        if key is None and names.attribute is not None:
            named = [each.said for each in problems if names.attribute in each.said]
            return Reject(
                change,
                wrong
                or "; ".join(named)
                or f"The key {names.key or names.attribute} is null or missing",
                "Give each row its key, or leave such rows out of the source",
                kind=RejectKind.NO_KEY,
                about=names.key or names.attribute,
            )
        return self._checked(change, problems, is_misread=isinstance(deletes, tuple))

    def _checked(
        self, change: Change, problems: list[Problem], *, is_misread: bool
    ) -> Change | Reject:
        if is_misread or (problems and not change.deletes):
            others = [each.reason for each in change.fields.values() if isinstance(each, OnlyHeld)]
            return Reject(
                change,
                "; ".join((*(each.said for each in problems), *others)),
                self._mending(is_misread=is_misread),
                kind=RejectKind.UNFIT,
                about=", ".join(dict.fromkeys(each.column for each in problems)),
            )
        mark = self._loaders_mark(change)
        if mark is not None:
            return Reject(
                change,
                f"{mark} marks the row as deleted, and the mapping does not say what that means",
                f"Set delete_when: {mark} in the mapping to delete such processes, or leave such"
                " rows out of the source",
                kind=RejectKind.MARKED,
                about=mark,
            )
        return change

    def _mending(self, *, is_misread: bool) -> str:
        """What to do about a row that does not fit; `is_misread`: its mark of deletion neither."""
        if is_misread and self.mapping.delete_when:
            return "Correct it in the source, or name another column as delete_when"
        return "Correct it in the source, or leave it out with fields"

    def _loaders_mark(self, change: Change) -> str | None:
        """The column in which a tap or a loader marks the row as deleted; None if none does."""
        if not self._routes.loaders_marks or self.mapping.delete_when or change.deletes:
            return None
        marks = self._routes.loaders_marks - self.columns.marks_deleted
        return next((each for each in marks if is_marked(change.row.get(each))), None)

    def _key(
        self, row: Mapping[str, object], fields: Mapping[str, object]
    ) -> tuple[Key | None, str]:
        """The name of the process, or what is wrong with it."""
        names, procedure = self.columns, self.destinations.procedure.short_id
        if names.attribute is None:
            return None, ""
        if names.key is not None:
            return self._id(names.key, row.get(names.key))
        held = fields.get(destination_of(names.attribute))
        if isinstance(held, bool) or not isinstance(held, (str, int)):
            return None, ""
        return Key(procedure, names.attribute, held), ""

    def _id(self, column: str, value: object) -> tuple[Key | None, str]:
        if value is None or value == "":
            return None, ""
        text = write_text(value)
        if not isinstance(text, str) or not text.strip() or "\0" in text:
            return None, f"{column} is {shown(value)}, which is no process's id"
        return Key(self.destinations.procedure.short_id, "id", text), ""


class Problem(NamedTuple):
    """What is wrong with a row: the column, and a sentence that quotes its value."""

    column: str
    said: str


@dataclass(frozen=True, slots=True)
class Raw:
    """A row as it came in.

    Attributes:
        seq: Its number in the run.
        line: The input line.
        row: Its columns.
        origin: The file that it came in, if that may come again.
    """

    seq: int
    line: int
    row: Mapping[str, object]
    origin: str = ""


def _keep(fields: dict[str, object], kept: Collection[str]) -> None:
    for name in kept:
        if name in fields and fields[name] is None:
            del fields[name]


def _object(value: object) -> Mapping[str, object] | None:
    """An object, or the text of one."""
    held = write_json(value) if isinstance(value, str) else value
    return held if isinstance(held, dict) else None
