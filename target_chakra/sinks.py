"""The Singer adapter of one stream: compiles its mapping, hands its rows on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import Sink

if TYPE_CHECKING:
    from target_chakra.target import TargetChakra


class ChakraSink(Sink):
    """Rows of one stream on their way to ChakraHQ.

    The SDK's own validation is not asked: rows are checked against the account's configuration,
    with checks compiled once per stream.
    """

    target: TargetChakra

    def setup(self) -> None:
        """Compile the mapping of the stream."""
        columns = tuple(self.original_schema.get("properties", {}))
        self._session = self._target.open_session()
        self._session.open_stream(self.stream_name, columns)

    def __init__(self, target: TargetChakra, *args: Any, **options: Any) -> None:  # noqa: ANN401 - the SDK's signature
        super().__init__(target, *args, **options)
        self._target = target

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Hand a row on."""
        self._session.row(self.stream_name, self._target.line, record, context.get("version"))

    def process_batch(self, context: dict[str, Any]) -> None:
        """Hand on the rows of a BATCH message's file."""
        for record in context.get("records", ()):
            self._session.row(self.stream_name, self._target.line, record, None)
