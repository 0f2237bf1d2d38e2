"""A plain target, the way singer-sdk's own template begins one: a BatchSink that calls the API.

    python write_batch_sink.py --config config.json --input ROWS.singer

A stream with a key is written over what is there, of one without each row is created. What is
refused is logged by key; to raise would stop the pipeline at the same row every night.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from chakra_calls import BATCH, Chakra, plain
from singer_sdk import BatchSink, Target
from singer_sdk import typing as th


class Leads(BatchSink):
    """Writes leads."""

    max_size = BATCH

    @cached_property
    def chakra(self) -> Chakra:
        """The API."""
        return Chakra(self.config["api_url"], self.config["auth_token"])

    def process_batch(self, context: dict[str, Any]) -> None:
        """Write a batch, and wait until it is done."""
        rows = [plain(row) for row in context["records"]]
        keys = self.key_properties
        refused = self.chakra.upsert(rows, keys[0]) if keys else self.chakra.append(rows)
        for each in refused:
            self.logger.error("Refused: %s", each)


class PlainTarget(Target):
    """A target for leads."""

    name = "target-plain"
    default_sink_class = Leads
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("auth_token", th.StringType, required=True, secret=True),
    ).to_dict()


if __name__ == "__main__":
    PlainTarget.cli()
