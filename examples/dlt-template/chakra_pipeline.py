"""Loads ChakraHQ into a warehouse with dlt: what changed since the last run, or everything.

CHAKRA_DESTINATION names the destination (duckdb, postgres, snowflake, …); keys come from
.dlt/secrets.toml or the environment. dlt keeps bookmarks by the name of the pipeline, whatever
folder it runs in: each account, and each copy of this project, needs a name of its own.
"""

from __future__ import annotations

import os
import sys

import dlt

from tap_chakra.dlt_source import chakra_source, incomplete_scans


def main() -> int:
    """Load once; the exit code."""
    pipeline = dlt.pipeline(
        "chakra_pipeline",
        destination=os.environ.get("CHAKRA_DESTINATION", "duckdb"),
        dataset_name="chakra",
    )
    # columns: an attribute is a column, data__lead_score. emit_scan_ids: what was deleted is known.
    source = chakra_source(nested="columns", emit_scan_ids=True)
    print(pipeline.run(source))
    return 1 if incomplete_scans(pipeline) else 0


if __name__ == "__main__":
    sys.exit(main())
