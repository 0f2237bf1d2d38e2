"""One message to one lead: shown before it leaves, sent once, and not sent again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chakra_sandbox.whatsapp.made_templates import PHONE_NUMBER_ID, PLUGIN_ID, WABA_ID
from demo.pipeline import OUTPUT, WAREHOUSE, check, receipt, shown
from demo.target import target

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox

SOURCE = f"duckdb:///{shown(WAREHOUSE)}"
BEST = """
select data__lead_id as lead_id, split_part(data__name, ' ', 1) as first_name,
       'visit ' || data__lead_id as visit
from chakra.process_lead
where data__lead_id in (select lead_id from lead_scores)
order by data__score desc, data__lead_id
limit 1
"""
SETTINGS = {
    "whatsapp": {"plugin": PLUGIN_ID, "sender": PHONE_NUMBER_ID, "waba_id": WABA_ID},
    "streams": [
        {
            "stream": "visits",
            "kind": "whatsapp_template_message",
            "once_by": "visit",
            "procedure": "lead",
            "process": "lead_id",
            "template": "visit_reminder",
            "language": "en",
            "parameters": {"1": "first_name"},
            "max_messages": 1,
        }
    ],
}


def send_one(sandbox: Sandbox) -> None:
    """Show a message, send it, and send it again, which sends nothing."""
    mapping = OUTPUT / "visits.json"
    mapping.write_text(json.dumps(SETTINGS, indent=2))
    print(
        "9. A WhatsApp message to the best lead: first how it will read (dry_run) ...", flush=True
    )
    dry = OUTPUT / "visits-dry.json"
    dry.write_text(json.dumps({**SETTINGS, "dry_run": True}))
    text = next(
        line.rpartition("text: ")[2]
        for line in _sync(sandbox, "message-dry", str(dry)).splitlines()
        if "text: " in line
    )
    check(not sandbox.arrived(), "a dry run sent a message")
    print(f"   {text}")
    print("   then for good, and once more:", flush=True)
    for name in ("message", "message-again"):
        outcomes = receipt(_sync(sandbox, name, str(mapping)))["outcomes"]
        print(f"   {', '.join(f'{count} {what}' for what, count in outcomes.items() if count)}")
    (message,) = sandbox.arrived()
    print(f"   the sandbox has one message, to {message['to']}: {message['text']}")


def _sync(sandbox: Sandbox, name: str, config: str) -> str:
    args = ("sync", "--source", SOURCE, "--sql", BEST, "--stream", "visits")
    return target(sandbox, name, "--config", config, *args)
