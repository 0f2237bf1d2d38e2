"""Makes Arrow arrays of whole columns of the wire's values.

A column whose values all have the wire's own type becomes an array at once, without a call per
value. Any other goes through its coercer value by value, and what does not fit is null in the
array and named by its place. Both ways say the same, as the tests of `table_builder.py` show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from chakra_api.values.coercion import INT64, MISFIT, to_json
from chakra_api.values.spelled import SpelledFloat, holds_nul
from chakra_api.values.times import UTC
from chakra_api.values.timestamps import (
    DAY_MS,
    FIRST_MS,
    LAST_MS,
    USUAL_FROM,
    iso_ms,
    parse_timestamp,
)
from tap_chakra.records.row_typer import spelling_of

if TYPE_CHECKING:
    from chakra_api.values.coercion import Coercer
    from chakra_api.values.times import Times

Values = Sequence[object]
AtOnce = Callable[[Values, set[type]], "pa.Array | None"]

_ISO: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$"
_NOTHING: Final = type(None)
_MICROSECONDS: Final = 1000
INSTANT: Final = pa.timestamp("us", tz="UTC")
"""Times count microseconds, as dlt's own do: it takes any other unit as a wish, of which DuckDB
then warns that it can't fulfil it."""
_TYPES: Final = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date32": pa.date32(),
    "timestamp": INSTANT,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a column holds.

    Attributes:
        arrow_name: Name of its Arrow type, as the table of attribute types spells it.
        reads: Makes what reads its values in an account, as the table of attribute types has it.
        wire: Types that a value has on the wire by the documents; others are counted as coerced.
        zero_is_unset: Whether the number 0 means nothing, as in root times (contract 1.5).
        times: What times mean in the account.
        coerce: Makes a value of the wire fit, or says that it doesn't.
    """

    arrow_name: str
    reads: Callable[[Times], Coercer]
    wire: tuple[type, ...] = ()
    zero_is_unset: bool = False
    times: Times = UTC
    coerce: Coercer = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "coerce", self.reads(self.times))

    @property
    def is_time(self) -> bool:
        """Whether it holds times or days."""
        return self.arrow_name in ("timestamp", "date32")

    @property
    def is_usual(self) -> bool:
        """Whether its values may be taken without its coercer: not where times are seconds."""
        return not self.is_time or self.times.unit_ms == 1


@dataclass(frozen=True, slots=True)
class Column:
    """A column as an array.

    Attributes:
        array: One value a row; null where there is none, or where it does not fit.
        misfits: Places of the values that do not fit.
        coerced: How many values were spelled otherwise than their type.
        zoneless: How many of them are times that named no zone.
        nul: Places of values of which texts lost U+0000.
    """

    array: pa.Array
    misfits: tuple[int, ...] = ()
    coerced: int = 0
    zoneless: int = 0
    nul: tuple[int, ...] = ()


@lru_cache
def column_type(arrow_name: str) -> pa.DataType:
    """The Arrow type of that name, as the table of attribute types spells it."""
    if arrow_name.startswith("list<"):
        return pa.list_(column_type(arrow_name[5:-1]))
    return _TYPES[arrow_name]


def column(values: Values, kind: Kind) -> Column:
    """The column of these values."""
    kinds = _kinds(values)
    if not kinds:
        return Column(pa.nulls(len(values), column_type(kind.arrow_name)))
    if kind.coerce is to_json:
        nul = tuple(
            place for place, value in enumerate(values) if value is not None and holds_nul(value)
        )
        return Column(pa.array(list(map(to_json, values)), pa.string()), nul=nul)
    array = _at_once(values, kinds, kind) if kind.is_usual else None
    if array is not None:
        return Column(array)
    return _mended(values, kind) or _one_by_one(values, kind)


def _kinds(values: Values) -> set[type]:
    return set(map(type, values)) - {_NOTHING}


def _at_once(values: Values, kinds: set[type], kind: Kind) -> pa.Array | None:
    try:
        if kind.arrow_name == "timestamp":
            return _instants(values, kinds, zero_is_unset=kind.zero_is_unset)
        if kind.arrow_name.startswith("list<"):
            return _lists(values, kinds, kind.arrow_name[5:-1])
        return _SCALARS[kind.arrow_name](values, kinds)
    except (pa.ArrowInvalid, OverflowError):
        # Some value is out of the type's range: the coercer says which.
        return None


def _texts(values: Values, kinds: set[type]) -> pa.Array | None:
    return pa.array(values, pa.string()) if kinds == {str} else None


def _integers(values: Values, kinds: set[type]) -> pa.Array | None:
    return pa.array(values, pa.int64()) if kinds == {int} else None


def _numbers(values: Values, kinds: set[type]) -> pa.Array | None:
    if not kinds <= {int, float, SpelledFloat}:
        return None
    array = pa.array(values, pa.float64())
    return array if _all(pc.is_finite(array)) else None


def _booleans(values: Values, kinds: set[type]) -> pa.Array | None:
    return pa.array(values, pa.bool_()) if kinds == {bool} else None


def _days(values: Values, kinds: set[type]) -> pa.Array | None:
    if kinds != {int}:
        return None
    instants = pa.array(values, pa.int64())
    if not _are_within(instants, USUAL_FROM, LAST_MS):
        return None
    days = pc.divide(instants, DAY_MS)
    if not pc.multiply(days, DAY_MS).equals(instants):
        return None
    return days.cast(pa.int32()).view(pa.date32())


def _instants(values: Values, kinds: set[type], *, zero_is_unset: bool) -> pa.Array | None:
    if kinds == {int}:
        instants = pa.array(values, pa.int64())
        if zero_is_unset:
            instants = pc.if_else(pc.equal(instants, 0), None, instants)
        return _from_ms(instants) if _are_within(instants, USUAL_FROM, LAST_MS) else None
    if kinds != {str}:
        return None
    texts = pa.array(values, pa.string())
    if not _all(pc.match_substring_regex(texts, _ISO)):
        return None
    times = texts.cast(INSTANT)
    first, last = FIRST_MS * _MICROSECONDS, LAST_MS * _MICROSECONDS
    return times if _are_within(times.view(pa.int64()), first, last) else None


def _from_ms(instants: pa.Array) -> pa.Array:
    return pc.multiply(instants, _MICROSECONDS).view(INSTANT)


_SCALARS: Final[dict[str, AtOnce]] = {
    "string": _texts,
    "int64": _integers,
    "float64": _numbers,
    "bool": _booleans,
    "date32": _days,
}


def _lists(values: Values, kinds: set[type], inner: str) -> pa.Array | None:
    """Lists whose items all have the wire's type: the items are an array of their own."""
    if kinds != {list}:
        return None
    items = list(chain.from_iterable(each for each in values if isinstance(each, list)))
    kinds = _kinds(items)
    if kinds and _SCALARS[inner](items, kinds) is None:
        return None
    return pa.array(values, column_type(f"list<{inner}>"))


def _all(mask: pa.Array) -> bool:
    """Whether something holds for all values that are not null."""
    return pc.all(mask, min_count=0).as_py() is not False


def _are_within(instants: pa.Array, least: int, most: int) -> bool:
    """Whether all lie in bounds between which their coercer would not think twice."""
    bounds = pc.min_max(instants).as_py()
    return bounds["min"] is None or least <= bounds["min"] <= bounds["max"] <= most


def _mended(values: Values, kind: Kind) -> Column | None:
    """A column of which only some values have to be coerced one by one."""
    trusts = _TRUSTS.get(kind.arrow_name)
    if trusts is None or not kind.is_usual:
        return None
    doubtful = [
        place for place, value in enumerate(values) if value is not None and not trusts(value)
    ]
    mended = list(values)
    for place in doubtful:
        mended[place] = kind.coerce(values[place])
    return _column(values, mended, doubtful, kind)


def _is_ms(value: object) -> bool:
    return type(value) is int and FIRST_MS <= value <= LAST_MS and value != 0


def _is_day(value: object) -> bool:
    return type(value) is int and _is_ms(value) and value % DAY_MS == 0


_TRUSTS: Final[dict[str, Callable[[object], bool]]] = {
    "string": lambda value: type(value) is str,
    "int64": lambda value: type(value) is int and -INT64 <= value < INT64,
    "bool": lambda value: type(value) is bool,
    "date32": _is_day,
    "timestamp": _is_ms,
}
"""What no coercer would change, or only into a text of the same instant."""


def _one_by_one(values: Values, kind: Kind) -> Column:
    return _column(values, list(map(kind.coerce, values)), range(len(values)), kind)


def _column(values: Values, coerced: list[object], doubtful: Iterable[int], kind: Kind) -> Column:
    """The column of values that were coerced, at the places that are doubtful."""
    misfits, nul, loose, zoneless = [], [], 0, 0
    for place in doubtful:
        stored, value = coerced[place], values[place]
        if stored is MISFIT:
            misfits.append(place)
            coerced[place] = None
        elif stored is not None and (type(value) not in kind.wire or type(value) in (str, list)):
            spelling = spelling_of(value, kind.wire, is_time=kind.is_time)
            loose += spelling.coerced
            zoneless += spelling.zoneless
            if spelling.nul:
                nul.append(place)
    array = stored_array(coerced, kind.arrow_name)
    return Column(array, tuple(misfits), loose, zoneless, tuple(nul))


def stored_array(values: Values, arrow_name: str) -> pa.Array:
    """The array of values as coercers make them; times and days may be milliseconds, too."""
    if arrow_name not in ("timestamp", "date32"):
        return pa.array(values, column_type(arrow_name))
    instants = pa.array(list(map(_instant, values)), pa.int64())
    if arrow_name == "date32":
        return pc.divide(instants, DAY_MS).cast(pa.int32()).view(pa.date32())
    return _from_ms(instants)


def mapped(texts: pa.Array, make: Callable[[str], object]) -> pa.Array:
    """The column of what is made of texts, once of each that there is.

    Args:
        texts: The texts.
        make: Makes another one of a text; None for none.
    """
    distinct = texts.dictionary_encode()
    made = pa.array(list(map(make, distinct.dictionary.to_pylist())), pa.string())
    return made.take(distinct.indices)


def masked(array: pa.Array, treat: Callable[[object], object]) -> pa.Array:
    """The column of what leaves in place of values: of times, in place of their texts.

    Args:
        array: The values.
        treat: Makes of a value what leaves.
    """
    if pa.types.is_timestamp(array.type):
        instants = array.cast(pa.int64()).to_pylist()
        values = [None if at is None else iso_ms(at // _MICROSECONDS) for at in instants]
    else:
        values = array.to_pylist()
    return pa.array(list(map(treat, values)), pa.string())


def _instant(value: object) -> int | None:
    return value if value is None or type(value) is int else parse_timestamp(value)
