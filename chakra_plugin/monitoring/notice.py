"""What a notice says, and in which form its receiver takes it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from chakra_api.printable import printable

if TYPE_CHECKING:
    from chakra_plugin.monitoring.run_facts import RunFacts

_SLACK: Final = ("slack.com", "slack-gov.com")
_TEAMS: Final = ("logic.azure.com", "powerplatform.com", "powerautomate.com", "webhook.office.com")
"""Hosts of Microsoft's workflows, which take a card for Teams."""


def notice_text(facts: RunFacts, pipeline: str = "") -> str:
    """What a person reads, in one line.

    Args:
        facts: The run.
        pipeline: What runs it, as its user knows it; empty for nothing more than the command.
    """
    kind = "" if facts.kind == "run" else f" {facts.kind}"
    of = f" ({pipeline})" if pipeline else ""
    parts = [f"{facts.command}{kind}{of}: {facts.ending}.", f"{facts.code.means}."]
    if facts.said:
        parts.append(f"{facts.said}.")
    if facts.reason:
        parts.append(f"Rejected most often: {facts.reason}.")
    if facts.next_command:
        parts.append(f"Next: {facts.next_command}")
    return printable(" ".join(parts))


def notice_body(facts: RunFacts, url: str, pipeline: str = "") -> dict[str, object]:
    """The JSON of a notice.

    Args:
        facts: The run.
        url: Where it goes: Slack takes `text`, Teams a card, whoever else `text` and the receipt.
        pipeline: As for `notice_text`.
    """
    text, host = notice_text(facts, pipeline), (urlsplit(url).hostname or "").lower()
    if _is_of(host, _SLACK):
        return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
    if _is_of(host, _TEAMS):
        return _card(text)
    return {"text": text, **facts.to_json()}


def _is_of(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == each or host.endswith(f".{each}") for each in domains)


def _card(text: str) -> dict[str, object]:
    """A message of Teams: an adaptive card with one text."""
    block = {"type": "TextBlock", "text": text, "wrap": True}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [block],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}
