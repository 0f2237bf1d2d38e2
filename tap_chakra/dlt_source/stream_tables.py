"""What makes the tables of one procedure: this process, and a second one once it is worth it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa

from chakra_api.values.zones import name_of
from tap_chakra.masking.masked_procedure import spelled_mask
from tap_chakra.second.beginning import Beginning
from tap_chakra.tables.page_tables import PageTables
from tap_chakra.tables.table_builder import TableBuilder
from tap_chakra.tables.table_process import spelled_layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chakra_api.account.account import Procedure
    from chakra_api.endpoints.answers import ProcessPage
    from tap_chakra.run.source import Source
    from tap_chakra.tables.table_builder import AttributeLayout
    from tap_chakra.tables.table_process_client import HandedOver, TableProcess


class StreamTables:
    """Types the rows of one procedure. It is made when it is known what times mean.

    Args:
        source: The account.
        procedure: Its attributes and states, under its mask.
        layout: Of its attributes.
        second: The second process, if there is to be one by now; so many rows more have come.
    """

    def __init__(
        self,
        source: Source,
        procedure: Procedure,
        layout: AttributeLayout,
        second: Callable[[int], TableProcess | None],
    ) -> None:
        self._source = source
        self._procedure = procedure
        self._second = second
        self._layout = spelled_layout(layout)
        self._builder = TableBuilder(procedure, source.directory, layout, source.times)
        self._here = PageTables(self._builder)
        self._there: HandedOver | None = None
        self._counted: dict[str, dict[str, int]] | None = None

    def __len__(self) -> int:
        """How many rows there are that are no table yet."""
        return len(self._here) + (0 if self._there is None else len(self._there))

    def add(self, page: ProcessPage, positions: Sequence[int], size: int) -> None:
        """Take rows of a page; see `Tables`."""
        if self._there is None and self._layout is not None:
            process = self._second(len(positions))
            if process is not None:
                self._there = process.begin(self._beginning(), self._layout)
        taker = self._here if self._there is None else self._there
        taker.add(page, positions, size)

    def taken(self) -> pa.Table:
        """All rows that are no table yet as one table; there are none then."""
        if self._there is None or not len(self._there):
            return self._here.taken()
        there = self._there.taken()
        return pa.concat_tables([self._here.taken(), there]) if len(self._here) else there

    def ended(self) -> None:
        """All tables were taken: what was counted is final."""
        self._counted = None if self._there is None else self._there.counts()

    @property
    def misfits(self) -> Counter[str]:
        """Values that went to `_extra_data`, by attribute or root field."""
        return self._all("misfits")

    @property
    def coerced(self) -> Counter[str]:
        """Values that were spelled otherwise than their type, by the same."""
        return self._all("coerced")

    @property
    def zoneless(self) -> Counter[str]:
        """Times that named no zone, by the same."""
        return self._all("zoneless")

    @property
    def nul(self) -> Counter[str]:
        """Texts that lost U+0000, by the same."""
        return self._all("nul")

    def _all(self, name: str) -> Counter[str]:
        here: Counter[str] = getattr(self._builder, name)
        return here if self._counted is None else here + Counter(self._counted[name])

    def _beginning(self) -> Beginning:
        source, naive = self._source, self._source.settings.naive_timezone
        return Beginning(
            config=source.config,
            users=source.user_rows,
            procedure=self._procedure.short_id,
            stream=source.streams[self._procedure.short_id],
            deselected=(),
            naive=None if naive is None else name_of(naive),
            unit_ms=source.times.unit_ms,
            mask=spelled_mask(self._procedure),
        )
