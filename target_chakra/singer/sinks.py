"""The Singer adapter of one stream: compiles its mapping, hands its rows to the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from singer_sdk.sinks import Sink

from chakra_api.errors import SettingsError
from chakra_api.printable import printable
from chakra_api.redaction import mask_url
from target_chakra.singer.batch_files import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_sdk import Target
    from singer_sdk.helpers._batch import BaseBatchFileEncoding

    from target_chakra.run.session import Session
    from target_chakra.singer.batch_places import BatchFile, BatchRoot


_TIMES: Final = frozenset({"date-time", "date"})
"""Formats of texts that are times."""


class SinkTarget(Protocol):
    """What a sink asks of its target."""

    @property
    def line(self) -> int:
        """Number of the line of the input that is being worked on."""

    def batch_root(self) -> BatchRoot:
        """Where files of a BATCH may lie."""

    def open_session(self) -> Session[dict[str, Any]]:
        """The run, begun if it has not."""


class ChakraSink(Sink):
    """Rows of one stream on their way to ChakraHQ.

    The SDK's own validation is not asked: rows are checked against the account's configuration,
    with checks compiled once per stream.
    """

    def __init__(self, target: SinkTarget, *args: Any, **options: Any) -> None:  # noqa: ANN401 - the SDK's signature
        super().__init__(cast("Target", target), *args, **options)
        self._target = target

    def setup(self) -> None:
        """Compile the mapping of the stream."""
        properties = self.original_schema.get("properties", {})
        columns = {name: _is_time(each) for name, each in properties.items()}
        self._session = self._target.open_session()
        self._session.open_stream(self.stream_name, columns)

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Hand a row to the run."""
        self._session.row(self.stream_name, self._target.line, record, context.get("version"))

    def take_files(
        self,
        encoding: BaseBatchFileEncoding,
        files: Sequence[str],
        mapped: Callable[[dict[str, Any]], dict[str, Any] | None],
    ) -> None:
        """Hand the rows of a BATCH message's files to the run, as if they had come as RECORDs.

        Args:
            encoding: How the files are written.
            files: Where they are.
            mapped: The stream map, flattening included; None of a row that it leaves out.

        Raises:
            SettingsError: They are not where they may be, or can't be read: the rows before that
                are handed over.
        """
        for named, file in zip(files, self._below_root(files), strict=True):
            for record in self._rows(file, encoding, _called(named)):
                self.record_counter_metric.increment()
                if not isinstance(record, dict):
                    raise SettingsError(
                        f"The file {_called(named)} of the BATCH in line {self._target.line} holds"
                        f" what is no row: {record!r:.60}",
                        "See what the tap wrote there",
                    )
                row = mapped(record)
                if row is not None:
                    self._session.row(self.stream_name, self._target.line, row, None)

    def _below_root(self, files: Sequence[str]) -> list[BatchFile]:
        try:
            root = self._target.batch_root()
            return [root.file(named) for named in files]
        except SettingsError as error:
            cause = f"{error.cause} (line {self._target.line} of the input)"
            raise SettingsError(cause, error.next_step) from None

    def _rows(
        self, file: BatchFile, encoding: BaseBatchFileEncoding, called: str
    ) -> Iterator[object]:
        try:
            with file.opened() as opened:
                yield from rows_of(opened, encoding)
        except MemoryError:
            raise
        except Exception as error:
            # The readers of files, of any form and at any place, have errors of their own.
            said = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise SettingsError(
                f"The file {called} of the BATCH in line {self._target.line} of the input can't be"
                f" read: {said}",
                "See whether it is there and whole; the receipt says what became of other rows",
            ) from error

    def process_batch(self, context: dict[str, Any]) -> None:
        """Nothing: the SDK asks for it, and rows are handed over one by one."""


def _called(named: str) -> str:
    """A file as its manifest names it, fit for a message: what signs a URL is not shown."""
    return f"'{printable(mask_url(named) if '://' in named else named):.300}'"


def _is_time(schema: object) -> bool:
    """Whether a property is declared to hold times."""
    if not isinstance(schema, dict):
        return False
    branches = [each for name in ("anyOf", "oneOf") for each in schema.get(name) or ()]
    return schema.get("format") in _TIMES or any(map(_is_time, branches))
