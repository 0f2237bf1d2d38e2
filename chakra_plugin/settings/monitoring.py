"""The settings of what a run leaves for whoever watches it, declared once for tap and target.

Their meaning: `chakra_plugin/monitoring/channels.py`.
"""

from __future__ import annotations

from typing import Final

from singer_sdk import typing as th

from chakra_plugin.monitoring.channels import NOTIFY_WHEN

MONITORING: Final = (
    th.Property(
        "receipt_path",
        th.StringType,
        title="Receipt file",
        description="File for the receipt of the last run, one JSON object: counts, outcome, next"
        " command. It holds no value of a row.",
    ),
    th.Property(
        "metrics_path",
        th.StringType,
        title="Metrics file",
        description="File for the metrics of the last run in the text format of Prometheus, for the"
        " textfile collector of node_exporter: a file of its own for each pipeline, its name"
        " ending in .prom.",
    ),
    th.Property(
        "notify_url",
        th.StringType,
        secret=True,
        title="Notice URL",
        description="Address that gets a JSON POST when a run ends: a webhook of Slack or of Teams"
        " (Workflows), or one of your own. https, or this machine. A notice that does not arrive"
        " is a warning.",
    ),
    th.Property(
        "notify_when",
        th.StringType,
        allowed_values=list(NOTIFY_WHEN),
        default=NOTIFY_WHEN[0],
        title="When to notify",
        description="failure: of runs whose exit code is not 0. always: of each run.",
    ),
)
