"""Rows of a file to ChakraHQ by a bare loop, a thousand at a time.

    python write_loop.py URL TOKEN ROWS.jsonl [KEY]

With a key rows are written over what is there, without one each is created. What was refused is
printed, and then the exit code is 1. It remembers nothing: run again it begins at the first row.
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path

from chakra_calls import BATCH, Chakra


def main() -> int:
    """Write all rows; 1 where some were refused."""
    url, token, path, *key = sys.argv[1:]
    chakra, failed = Chakra(url, token), 0
    with Path(path).open() as lines:
        while rows := [json.loads(line) for line in islice(lines, BATCH)]:
            refused = chakra.upsert(rows, *key) if key else chakra.append(rows)
            failed += len(refused)
            for each in refused:
                print(each, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
