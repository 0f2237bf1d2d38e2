"""Rows of a file to ChakraHQ through dlt and `chakra_destination`: ours, beside `write_dlt.py`.

python write_dlt_chakra.py SETTINGS.json ROWS.jsonl [KEY]
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt

from target_chakra.dlt_destination import chakra_destination

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS, PATH, *KEY = sys.argv[1:]
BATCH = 1000


@dlt.resource(name="leads", primary_key=KEY or None, write_disposition="merge" if KEY else "append")
def leads() -> Iterator[list[dict[str, Any]]]:
    """The rows of the file."""
    with Path(PATH).open() as lines:
        while rows := [json.loads(line) for line in islice(lines, BATCH)]:
            yield rows


if __name__ == "__main__":
    to = chakra_destination(**json.loads(Path(SETTINGS).read_text()))
    print(dlt.pipeline("leads", destination=to, pipelines_dir=".").run(leads()))
