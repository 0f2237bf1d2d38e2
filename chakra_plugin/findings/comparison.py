"""What has changed between two looks at one account. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chakra_plugin.findings.finding import Finding


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact that is another one than at the earlier look.

    Attributes:
        topic: As the finding's.
        about: As the finding's.
        before: The fact at the earlier look.
        now: The fact of today.
    """

    topic: str
    about: str
    before: str
    now: str


def differences(earlier: Iterable[Finding], now: Iterable[Finding]) -> list[Difference]:
    """The facts that both looks found, and found different, in the order of the later one.

    What only one of them looked at says nothing: a look samples, and may be refused a request.
    """
    before = _facts(earlier)
    return [
        Difference(topic, about, before[topic, about], fact)
        for (topic, about), fact in _facts(now).items()
        if before.get((topic, about), fact) != fact
    ]


def _facts(findings: Iterable[Finding]) -> dict[tuple[str, str], str]:
    """Facts by topic and what they are about; of several the first."""
    facts: dict[tuple[str, str], str] = {}
    for each in findings:
        if each.fact:
            facts.setdefault((each.topic, each.about), each.fact)
    return facts
