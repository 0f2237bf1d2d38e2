"""The Singer adapter of one stream: compiles its mapping, hands its rows to the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from singer_sdk.sinks import Sink

from chakra_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk import Target
    from singer_sdk.helpers._batch import BaseBatchFileEncoding

    from target_chakra.run.session import Session


class SinkTarget(Protocol):
    """What a sink asks of its target."""

    @property
    def line(self) -> int:
        """Number of the line of the input that is being worked on."""

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
        columns = tuple(self.original_schema.get("properties", {}))
        self._session = self._target.open_session()
        self._session.open_stream(self.stream_name, columns)

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Hand a row to the run."""
        self._session.row(self.stream_name, self._target.line, record, context.get("version"))

    def process_batch_files(self, encoding: BaseBatchFileEncoding, files: Sequence[str]) -> None:
        """Hand the rows of a BATCH message's files to the run.

        Raises:
            SettingsError: They can't be read.
        """
        self._read: list[object] = []
        try:
            super().process_batch_files(encoding, files)
        except Exception as error:
            # The readers of files, of any form and at any place, have errors of their own.
            raise SettingsError(
                f"The files of the BATCH in line {self._target.line} can't be read: {error}",
                "See whether they are there and whole; the rows before are written or recorded",
            ) from error
        for record in self._read:
            if not isinstance(record, dict):
                raise SettingsError(
                    f"A file of the BATCH in line {self._target.line} holds what is no row:"
                    f" {record!r:.60}",
                    "See what the tap wrote there",
                )
            self._session.row(self.stream_name, self._target.line, record, None)

    def process_batch(self, context: dict[str, Any]) -> None:
        """Keep the rows of a file until all are read."""
        self._read += context.get("records", ())
