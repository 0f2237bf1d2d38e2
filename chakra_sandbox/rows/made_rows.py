"""The attributes of made leads, tickets and orders."""

from __future__ import annotations

from collections.abc import Callable

from chakra_sandbox.messages import Row
from chakra_sandbox.rows.making import Draw
from chakra_sandbox.rows.model import uid
from chakra_sandbox.rows.moments import DAY_MS, iso_offset
from chakra_sandbox.rows.people import USERS
from chakra_sandbox.rows.procedures import CITIES, SOURCES, TAGS

MakeData = Callable[[Draw, int, int], Row]
"""Makes `data` from a draw, the row's number and its `createdAt` in ms."""

_FIRST = ("Mira", "Ivo", "Noor", "Zoë", "Åke", "李雷", "Ana", "Ravi", "Søren", "Fátima", "O'Neil")
_LAST = ("Rao", "Lang", "Okafor", "Müller", "Silva", "Patel", "Жуков", "Ek", "de la Cruz", "García")
_WORDS = (
    "asked for a call back", "prefers the evening", "compares two offers", "met at the fair",
    "wants an invoice with tax number", "moved to another city", "schreibt lieber E-Mails",
    "no answer 📞", "will decide after the holidays", "referred by a colleague", "价格太高",
)  # fmt: skip
_MONTHS = ("January", "March", "7", "12", "October")
_LONG = 0.002


def _text(draw: Draw, most: int) -> str:
    count = 400 if draw.chance(_LONG) else 1 + draw.below(most)
    return "; ".join([draw.of(_WORDS) for _ in range(count)])


def _number(draw: Draw, value: float) -> float | str:
    """Return the number, now and then as a string, as the API has been seen to do."""
    return str(value) if draw.chance(0.03) else value


def lead_data(draw: Draw, number: int, created_ms: int) -> Row:
    """Make a lead's `data`; about 1 kB with the rest of the row."""
    first, last = draw.of(_FIRST), draw.of(_LAST)
    data: Row = {
        "lead_id": f"L-{number:06d}",
        "name": f"{first} {last}",
        "phone_number": f"+91{5_550_000_000 + number}",
        "email": f"lead{number}@Example.com",
        "city": draw.of(CITIES),
        "source": draw.of(SOURCES),
        "score": _number(draw, draw.below(100)),
        "remarks": _text(draw, 7),
    }
    if draw.chance(0.8):
        data["budget"] = _number(draw, draw.below(10_000_000) / 100)
        data["is_hot"] = draw.chance(0.2)
        data["consent"] = "yes" if draw.chance(0.5) else "no"
        data["tags"] = draw.some(TAGS, 3)
    if draw.chance(0.6):
        data["rating"] = round(draw.fraction() * 5, 2)
        data["last_contacted"] = created_ms + draw.below(DAY_MS)
        data["follow_up"] = iso_offset(created_ms + draw.below(9 * DAY_MS), 330)
        data["birth_date"] = (draw.below(20_000) - 5_000) * DAY_MS
    if draw.chance(0.4):
        data["call_time"] = draw.below(24 * 60) * 60_000
        data["renewal_month"] = draw.of(_MONTHS)
        data["location"] = [round(draw.fraction() * 30, 6), round(70 + draw.fraction() * 20, 6)]
        data["address"] = {
            "formatted": f"{draw.below(200)} MG Road",
            "pin": str(411_000 + number % 60),
        }
    if draw.chance(0.3):
        data["website"] = f"https://example.com/{number}"
        data["utm"] = {"medium": draw.of(SOURCES), "clicks": draw.below(9), "path": ["a", None]}
        data["introduced_by"] = draw.of(USERS).id
        data["summary"] = _text(draw, 3)
    if draw.chance(0.04):
        data["utm_campaign"] = f"spring-{draw.below(5)}"
        data["legacy_ref"] = draw.below(10**6)
    return data


def ticket_data(draw: Draw, number: int, _created_ms: int) -> Row:
    """Make a ticket's `data`."""
    data: Row = {
        "ticket_id": number,
        "subject": draw.of(_WORDS),
        "body": f"<p>{_text(draw, 4)}</p>",
        "severity": 1 + draw.below(4),
        "reporter": draw.of(USERS).username,
    }
    if draw.chance(0.6):
        data["weight"] = draw.of((0.5, 1.0, 2.5))
        data["labels"] = draw.some(TAGS, 3)
        data["levels"] = draw.some((1, 2, 3), 3)
        data["ratios"] = draw.some((0.1, 0.5, 0.9), 2)
        data["front_photo"] = draw.uuid()
        data["photos"] = [draw.uuid() for _ in range(draw.below(3))]
    if draw.chance(0.4):
        data["recording"] = f"https://media.example.com/{draw.uuid()}.ogg"
        data["contract"] = draw.uuid()
        data["files"] = [draw.uuid()]
        data["customer"] = draw.uuid()
        data["callback"] = draw.uuid()
        data["login_code"] = f"{draw.below(10**6):06d}"
    if draw.chance(0.3):
        data["lead"] = uid("made", "lead", str(number))
        data["phase"] = draw.of(("OPENED", "WAITING"))
        data["outcome"] = draw.of(("OPEN", "COMPLETED"))
        data["related"] = [draw.uuid()]
        data["steps"] = []
        data["parties"] = [draw.uuid(), draw.uuid()]
    return data


def order_data(draw: Draw, number: int, created_ms: int) -> Row:
    """Make an order's `data`."""
    quantity = 1 + draw.below(9)
    price = draw.below(99_999) / 100
    data: Row = {
        "order_id": f"O/{number:05d}" if number % 50 == 0 else f"O-{number:05d}",
        "quantity": _number(draw, quantity),
        "total": _number(draw, round(quantity * price, 2)),
        "items": [{"sku": f"SKU-{draw.below(500)}", "price": price, "count": quantity}],
    }
    if draw.chance(0.5):
        data["buyer"] = {"name": draw.of(_FIRST), "vip": draw.chance(0.1), "since": created_ms}
        data["gift"] = {"wrap": draw.of(("red", "gold")), "card": draw.of(_WORDS)}
        data["extras"] = [{"code": draw.below(5)}, {"code": None}]
    if draw.chance(0.3):
        data["slot"] = {"start": created_ms, "end": created_ms + DAY_MS}
        data["basket"] = {"lines": quantity}
        data["signature"] = {"strokes": [[1, 2], [3, 4]]}
    return data


MAKERS: dict[str, MakeData] = {"lead": lead_data, "ticket": ticket_data, "order": order_data}
