"""The result of what gives Arrow itself: DuckDB, parquet, CSV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chakra_plugin.warehouses.arrow_rows import batch_rows, is_json
from chakra_plugin.warehouses.faults import broken_off
from chakra_plugin.warehouses.result import Column, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True, slots=True)
class ArrowResult:
    """Rows of a source that gives Arrow itself.

    Attributes:
        columns: Of what is read.
        source: What messages call it.
        given: The record batches, as they come.
        said: What an error of the source says, in one line.
    """

    columns: tuple[Column, ...]
    source: str
    given: Iterable[Any]
    said: Callable[[BaseException], str]

    def batches(self) -> Iterator[Any]:
        """As `Result` says."""
        ahead = iter(self.given)
        while True:
            try:
                batch = next(ahead, None)
            except MemoryError:
                raise
            except Exception as error:
                # DuckDB's and pyarrow's errors have no base in common.
                raise broken_off(self.source, self.said(error)) from error
            if batch is None:
                return
            yield batch

    def rows(self) -> Iterator[dict[str, Any]]:
        """As `Result` says."""
        json = frozenset(each.name for each in self.columns if each.kind is Kind.JSON)
        for batch in self.batches():
            yield from batch_rows(batch, json)


def kind_of(arrow: Any) -> Kind:  # noqa: ANN401 - pyarrow ships no types
    """What values of an Arrow type are."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    types = pa.types
    if types.is_dictionary(arrow):
        return kind_of(arrow.value_type)
    if is_json(arrow):
        return Kind.JSON
    tests: tuple[tuple[Callable[[Any], bool], Kind], ...] = (
        (types.is_boolean, Kind.BOOLEAN),
        (types.is_integer, Kind.INTEGER),
        (types.is_floating, Kind.NUMBER),
        (types.is_decimal, Kind.NUMBER),
        (types.is_timestamp, Kind.TIME),
        (types.is_date, Kind.DATE),
        (lambda kind: types.is_string(kind) or types.is_large_string(kind), Kind.TEXT),
        (lambda kind: types.is_binary(kind) or types.is_large_binary(kind), Kind.BYTES),
    )
    return next((kind for holds, kind in tests if holds(arrow)), Kind.OTHER)
