"""Rows of Arrow's record batches and of parquet files, as JSON has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chakra_plugin.warehouses.plain_values import AS_THEY_ARE, json_of, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS_AT_ONCE: Final = 1_000
"""Rows of a file or an answer that are held."""
_ENDLESS: Final = {2**63 - 1: "infinity", 1 - 2**63: "-infinity"}
"""Numbers of instants that stand for no end."""


def parquet_rows(file: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - whatever pyarrow reads
    """The rows of a parquet file, in order; never the whole file at once.

    Args:
        file: Open for reading.

    Raises:
        Exception: Any of pyarrow's: it is not whole, or not what it should be.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import

    for batch in pq.ParquetFile(file).iter_batches(ROWS_AT_ONCE):
        yield from batch_rows(batch)


def batch_rows(batch: Any, of_json: frozenset[str] = frozenset()) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - pyarrow ships no types
    """The rows of a record batch.

    Args:
        batch: The pyarrow.RecordBatch.
        of_json: Its columns whose texts are JSON.
    """
    names = batch.schema.names
    columns = [
        _values(batch.column(at), json_of if name in of_json else plain)
        for at, name in enumerate(names)
    ]
    for row in zip(*columns, strict=True):
        yield dict(zip(names, row, strict=True))


def is_json(kind: Any) -> bool:  # noqa: ANN401 - pyarrow ships no types
    """Whether an Arrow type is that of JSON's texts."""
    return getattr(kind, "extension_name", "") == "arrow.json"


def _values(column: Any, made: Callable[[object], object]) -> list[object]:  # noqa: ANN401 - pyarrow ships no types
    coarse = _no_finer_than_python(column.type)
    if coarse != column.type:
        column = column.cast(coarse, safe=False)
    made = json_of if is_json(column.type) else made
    try:
        held = column.to_pylist()
    except (OverflowError, ValueError):
        held = [_held(each) for each in column]
    if made is plain:
        return [value if type(value) in AS_THEY_ARE else plain(value) for value in held]
    return [made(value) for value in held]


def _held(scalar: Any) -> object:  # noqa: ANN401 - pyarrow ships no types
    """A value, or the text of a time that Python has none for: before year 1, after 9999, endless.

    Raises:
        Exception: It has no text either.
    """
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        number: int = scalar.value
        return _ENDLESS.get(number) or f"{scalar.type} {number}"


def _no_finer_than_python(kind: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """An Arrow type whose times Python holds: what is finer than a microsecond is cut."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    if pa.types.is_struct(kind):
        parts = [kind.field(at) for at in range(kind.num_fields)]
        return pa.struct([part.with_type(_no_finer_than_python(part.type)) for part in parts])
    if pa.types.is_map(kind):
        return pa.map_(kind.key_type, _no_finer_than_python(kind.item_type))
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_no_finer_than_python(kind.value_type)))
    return _in_microseconds(kind) if getattr(kind, "unit", "") == "ns" else kind


def _in_microseconds(kind: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return pa.duration("us") if pa.types.is_duration(kind) else pa.time64("us")
