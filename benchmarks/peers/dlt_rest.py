"""Leads through dlt's rest_api source, as far as the extract step goes.

    python dlt_rest.py whole URL KEY START
    python dlt_rest.py days URL KEY START

`whole` is one resource with an offset paginator. `days` lists days first and fetches the leads of
each with a dependent resource that is parallelized. Prints the number of rows that were extracted;
normalize and load do not run.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import dlt
from dlt.sources.rest_api import rest_api_resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt.sources.rest_api.typing import EndpointResource, RESTAPIConfig

LIMIT = 100
DAY = timedelta(days=1)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _leads(created_at: dict[str, str]) -> EndpointResource:
    return {
        "name": "lead",
        "primary_key": "id",
        "max_table_nesting": 0,
        "endpoint": {
            "path": "/v1/ext/procedure/lead/process/list",
            "method": "POST",
            "json": {"where": {"createdAt": created_at}},
            "data_selector": "_data",
            "paginator": {
                "type": "offset",
                "limit": LIMIT,
                "offset_body_path": "skip",
                "limit_body_path": "limit",
                "total_path": None,
                "has_more_path": "_meta.hasMore",
            },
        },
    }


@dlt.resource(selected=False)
def days(start: str) -> Iterator[list[dict[str, str]]]:
    """Each day since then."""
    day = datetime.fromisoformat(start.replace("Z", "+00:00"))
    end = datetime.now(timezone.utc)
    while day < end:
        yield [{"from": _iso(day), "to": _iso(day + DAY)}]
        day += DAY


def main() -> None:
    """Extract, and say how many rows it were."""
    how, url, key, start = sys.argv[1:]
    config: RESTAPIConfig = {
        "client": {"base_url": url, "auth": {"type": "bearer", "token": key}},
        "resources": [],
    }
    if how == "whole":
        config["resources"] = [_leads({">=": start})]
    else:
        between = {">=": "{resources.days.from}", "<": "{resources.days.to}"}
        leads = _leads(between)
        leads["parallelized"] = True
        config["resources"] = [days(start), leads]
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("bench", destination="duckdb", pipelines_dir=folder)
        done = pipeline.extract(rest_api_resources(config))
        tables = [step["table_metrics"] for steps in done.metrics.values() for step in steps]
        print(f"records: {sum(each['lead'].items_count for each in tables if 'lead' in each)}")


if __name__ == "__main__":
    main()
