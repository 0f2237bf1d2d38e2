"""The metrics of a run as Prometheus reads them from a text file. Pure.

Each value is of the last run: a gauge. A file that is read as it is has one time for all of them,
that of the reading; so the time of the run is a metric of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chakra_api.exit_codes import ExitCode
from chakra_plugin.monitoring.run_facts import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_plugin.monitoring.run_facts import RunFacts

SUCCESS: Final = "last_success_timestamp_seconds"
BEGINS: Final = "# HELP chakra_"
"""How a file of ours begins."""


def metrics_text(facts: RunFacts, pipeline: str, before: str = "") -> str:
    """The text of a file.

    Args:
        facts: The run.
        pipeline: Tells this file's metrics from those of others.
        before: The file as the run before left it: when a run succeeded last is kept from it.
    """
    prefix = f"chakra_{facts.command.split('-')[0]}_"
    lines: list[str] = []
    for metric in (*_of_every_run(facts, prefix, before), *facts.metrics):
        if not metric.values:
            continue
        name = prefix + metric.name
        lines += [f"# HELP {name} {_help(metric.means)}", f"# TYPE {name} gauge"]
        for labels, value in metric.values:
            lines.append(f"{name}{_labels({'pipeline': pipeline, **labels})} {_number(value)}")
    return "\n".join(lines) + "\n"


def _of_every_run(facts: RunFacts, prefix: str, before: str) -> Iterator[Metric]:
    ended = facts.ended_ms / 1000
    succeeds = facts.code is ExitCode.DONE and facts.kind == "run"
    success = ended if succeeds else _last_success(before, prefix)
    kind = {"kind": facts.kind}
    yield Metric("run_exit_code", "Exit code of the last run; 0 is done.", [(kind, facts.code)])
    yield Metric("run_timestamp_seconds", "When the last run ended.", [(kind, ended)])
    yield Metric(
        SUCCESS,
        "When a run last ended with exit code 0; a retry or another run of an operator is none.",
        [] if success is None else [({}, success)],
    )
    yield Metric("run_duration_seconds", "How long the last run took.", [(kind, facts.seconds)])


def _last_success(before: str, prefix: str) -> float | None:
    pattern = rf"^{re.escape(prefix + SUCCESS)}\{{.*\}} (\d+(?:\.\d+)?)$"
    found = re.search(pattern, before, re.MULTILINE)
    return None if found is None else float(found[1])


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.3f}"
