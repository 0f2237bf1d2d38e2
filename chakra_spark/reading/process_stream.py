"""A procedure as a stream: each batch is what was changed from one instant on and before another.

The offset is the bookmark of the tap, an instant by ChakraHQ's clock. It stays `lookback_seconds`
behind, so that what is committed late is there when its time is read: so batches need no overlap,
and a change is in one of them. A batch that comes again after a crash is of the same time; what
was changed once more since is in a later one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyspark.sql.datasource import DataSourceStreamReader, InputPartition

from chakra_api.errors import SettingsError
from chakra_api.values.timestamps import iso_ms, parse_timestamp
from chakra_spark.reading.account_source import opened
from chakra_spark.reading.pieces import Asked
from chakra_spark.reading.process_reader import planned, read_piece
from tap_chakra.scanning.known import KnownAccount
from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from chakra_api.endpoints.client import Row
    from chakra_spark.read_options import ReadOptions

BOOKMARK: Final = "replication_key_value"
"""What the bookmark is called in an offset, as in STATE."""


class ProcessStreamReader(DataSourceStreamReader):
    """Reads the changes of a procedure.

    Args:
        options: What the user wants read.
        config: The configuration of the account, as the schema was made of it.
    """

    def __init__(self, options: ReadOptions, config: Row) -> None:
        self._options = options
        self._config = config

    def initialOffset(self) -> dict[str, str]:  # noqa: N802 - Spark's name
        """Before all changes: the first batch is everything."""
        return {}

    def latestOffset(  # noqa: N802 - Spark's name
        self,
        start: dict[str, str] | None = None,
        limit: Any = None,  # noqa: ANN401, ARG002 - Spark's; a batch is all there is to read
    ) -> dict[str, str]:
        """Up to where everything that was changed can be read now.

        Args:
            start: Up to where batches were read; Spark 4.0 and 4.1 do not say.
            limit: How much Spark wants of it.

        Raises:
            ChakraError: ChakraHQ does not answer.
        """
        with opened(self._options, KnownAccount(self._config)) as source:
            page = source.lister(source.procedures[0])(None, limit=1)
            until = source.begins(page.server_time).began - source.settings.lookback_ms
        since = _instant(start or {})
        return {BOOKMARK: iso_ms(until if since is None else max(since, until))}

    def partitions(self, start: dict[str, str], end: dict[str, str]) -> list[InputPartition]:
        """The pieces of a batch, a task each.

        Args:
            start: Up to where earlier batches were read.
            end: Up to where this one is.

        Raises:
            ChakraError: A request failed for good.
        """
        changed = Window(_instant(start), _instant(end))
        if changed.width == 0:
            return []
        with opened(self._options, KnownAccount(self._config)) as source:
            settings = source.settings
            created = Window(settings.created_after, settings.created_before)
            asked = Asked(created, changed=changed)
            return planned(source, source.procedures[0], asked, self._options.tasks)

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """The rows of a piece, on its task.

        Raises:
            ChakraError: A request failed for good.
            ScanIncomplete: Rows may be missing, and the options do not allow that.
        """
        yield from read_piece(self._options, partition.value)


def _instant(offset: dict[str, str]) -> int | None:
    """The bookmark in an offset; None for the first one.

    Raises:
        SettingsError: Nobody here has written it.
    """
    text = offset.get(BOOKMARK)
    instant = None if text is None else parse_timestamp(text)
    if text is not None and instant is None:
        raise SettingsError(
            f"The offset of this stream holds {BOOKMARK}={text!r:.60}, which is no instant",
            "Begin with a new checkpoint: everything is read once more",
        )
    return instant
