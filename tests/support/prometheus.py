"""Reads a file of metrics as Prometheus does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Sample:
    """One value of a metric."""

    name: str
    labels: Mapping[str, str]
    value: float


def parsed(text: str) -> list[Sample]:
    """The samples of a file.

    Raises:
        AssertionError: A metric has no help or no type, or a sample is there twice.
        ValueError: The text is none that Prometheus reads.
    """
    found: list[Sample] = []
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for family in text_string_to_metric_families(text):
        assert family.documentation, f"{family.name} has no help"
        assert family.type == "gauge", f"{family.name} is {family.type}"
        for each in family.samples:
            name = (each.name, frozenset(each.labels.items()))
            assert name not in seen, f"{name} is there twice"
            seen.add(name)
            found.append(Sample(each.name, each.labels, each.value))
    return found
