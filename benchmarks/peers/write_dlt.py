"""Rows of a file to ChakraHQ through a custom destination of dlt, as its page has it.

    python write_dlt.py URL TOKEN ROWS.jsonl [KEY]

With a key rows are written over what is there, without one each is created. What is refused is
printed; to raise would have dlt try the same batch again. What a run left pending the next one
loads first, by dlt itself.
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
from chakra_calls import BATCH, Chakra, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt.common.schema import TTableSchema
    from dlt.common.typing import TDataItems

URL, TOKEN, PATH, *KEY = sys.argv[1:]
CHAKRA = Chakra(URL, TOKEN)


@dlt.destination(batch_size=BATCH)
def chakra(items: TDataItems, _table: TTableSchema) -> None:
    """Write a batch, and wait until it is done."""
    rows = [plain(row) for row in items]
    for each in CHAKRA.upsert(rows, *KEY) if KEY else CHAKRA.append(rows):
        print(each, file=sys.stderr)


@dlt.resource(name="leads", primary_key=KEY or None, write_disposition="merge" if KEY else "append")
def leads() -> Iterator[list[dict[str, Any]]]:
    """The rows of the file."""
    with Path(PATH).open() as lines:
        while rows := [json.loads(line) for line in islice(lines, BATCH)]:
            yield rows


if __name__ == "__main__":
    print(dlt.pipeline("leads", destination=chakra, pipelines_dir=".").run(leads()))
