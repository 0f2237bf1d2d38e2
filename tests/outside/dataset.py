"""The data set of the outside tests: an account that no other test uses, small and odd."""

from __future__ import annotations

import json
from typing import Any, Final

LEADS: Final = 230
TICKETS: Final = 40


def _lead(number: int) -> dict[str, Any]:
    return {
        "lead_id": f"L-{number:05}",
        "name": ("Asha Rao", "Zoë Müller", "O'Brien, Pat", "山田 太郎")[number % 4],
        "email": f"person{number}@example.org",
        "phone": f"+91555{number:07}",
        "city": ("Pune", "Goa", "", None)[number % 4],
        "score": number if number % 5 else None,
        "budget": round(number * 1.1, 2),
        "remarks": f'line one\nline "two" of {number}',
        "joined": f"20{10 + number % 15}-03-{1 + number % 28:02}",
        "is_vip": number % 2 == 0,
    }


def _ticket(number: int) -> dict[str, Any]:
    return {"ticket_no": number, "title": f"Ticket {number}", "tags": ["a", "b"][: number % 3]}


ACCOUNT: Final = json.dumps(
    [
        {
            "shortId": "lead",
            "primaryKey": "lead_id",
            "attributes": {
                "lead_id": "string",
                "name": "name",
                "email": "email",
                "phone": "phone",
                "city": "string",
                "score": "integer",
                "budget": "float",
                "remarks": "text",
                "joined": "date",
                "is_vip": "boolean",
            },
            "states": ["NEW", "TRIED", "WON"],
            "rows": [{"data": _lead(number)} for number in range(LEADS)],
        },
        {
            "shortId": "ticket",
            "attributes": {"ticket_no": "integer", "title": "string", "tags": "multiString"},
            "rows": [{"data": _ticket(number)} for number in range(TICKETS)],
        },
    ]
)
