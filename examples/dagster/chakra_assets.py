"""ChakraHQ as an asset of Dagster: its tables, loaded into PostgreSQL with dlt every hour.

Dagster reads the annotation of `context` itself: do not import `annotations` from `__future__`.
"""

import dlt
from dagster import (
    AssetExecutionContext,
    Definitions,
    RetryPolicy,
    ScheduleDefinition,
    asset,
    define_asset_job,
)

from tap_chakra.dlt_source import chakra_source


@asset(retry_policy=RetryPolicy(max_retries=1, delay=300), group_name="chakra")
def chakra_tables(context: AssetExecutionContext) -> None:
    """Processes, users and the configuration: what changed since the last run."""
    pipeline = dlt.pipeline("chakra_assets", destination="postgres", dataset_name="chakra")
    pipeline.run(chakra_source(nested="columns", emit_scan_ids=True))
    info = pipeline.last_trace.last_normalize_info
    context.add_output_metadata({"rows": dict(info.row_counts) if info else {}})


job = define_asset_job("chakra", selection=[chakra_tables])
definitions = Definitions(
    assets=[chakra_tables],
    schedules=[ScheduleDefinition(job=job, cron_schedule="7 * * * *")],
)
