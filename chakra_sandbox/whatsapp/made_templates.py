"""The made WhatsApp account: its ids, and templates in every status (contract 4.23-4.29)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from chakra_sandbox.rows.model import uid

if TYPE_CHECKING:
    from chakra_sandbox.messages import Row

PLUGIN_ID = uid("plugin", "whatsapp")
PHONE_NUMBER_ID = "100200300400500"
WABA_ID = "200300400500600"

Status = Literal["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED"]


def _text(text: str) -> Row:
    return {"type": "BODY", "text": text}


_REMINDER = [
    {"type": "HEADER", "format": "TEXT", "text": "Your visit on {{1}}"},
    _text("Hi {{1}}, we see you at {{2}}. Reply if that does not suit."),
    {"type": "FOOTER", "text": "Acme"},
]
_BROCHURE = [
    {"type": "HEADER", "format": "IMAGE"},
    _text("Hello {{1}}, here is what you asked for."),
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Call me"},
            {"type": "URL", "text": "Open", "url": "https://acme.example.com/b/{{1}}"},
        ],
    },
]
_LOGIN = [
    _text("{{1}} is your code."),
    {
        "type": "BUTTONS",
        "buttons": [{"type": "URL", "text": "Copy", "url": "https://wa.example.com/?code={{1}}"}],
    },
]
_MADE: tuple[tuple[str, str, Status, str, list[Row]], ...] = (
    ("visit_reminder", "en", "APPROVED", "UTILITY", [_text("Hi {{1}}")]),
    ("visit_reminder", "hi", "APPROVED", "UTILITY", [_text("नमस्ते {{1}}")]),
    ("visit_details", "en", "APPROVED", "UTILITY", _REMINDER),
    ("welcome", "en", "APPROVED", "MARKETING", [_text("Welcome to Acme.")]),
    ("brochure", "en", "APPROVED", "MARKETING", _BROCHURE),
    ("login_code", "en", "APPROVED", "AUTHENTICATION", _LOGIN),
    ("spring_offer", "en", "PENDING", "MARKETING", [_text("Spring is here, {{1}}.")]),
    ("loud_offer", "en", "REJECTED", "MARKETING", [_text("BUY NOW {{1}}!!!")]),
    ("old_offer", "en", "PAUSED", "MARKETING", [_text("We miss you, {{1}}.")]),
)


def made_templates() -> list[Row]:
    """Make the templates that the account begins with, as Meta lists them."""
    return [
        {
            "id": str(900_100_200_300 + number),
            "name": name,
            "language": language,
            "status": status,
            "category": category,
            "parameter_format": "POSITIONAL",
            "components": components,
        }
        for number, (name, language, status, category, components) in enumerate(_MADE)
    ]
