"""Rows that each ask for a WhatsApp message, by a number, a process or in Meta's form; and tasks.

The server counts the messages. From a number follow its habits, the rows, what their user allows
(how many, how fast, in which hours), and the faults and deaths of the runs. Two scenarios of all
kinds at once, undrawn, are for single faults and for pairs.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from tests.campaigns.simulated.call_cases import (
    CALM_AFTER,
    LEADS,
    MAPPING,
    RUNS,
    STREAM,
    asks,
    numbered,
    visit,
)
from tests.campaigns.simulated.call_judges import Braked
from tests.campaigns.simulated.scenarios import COLUMNS, STREAMS, lead, old, settings, small_world
from tests.campaigns.simulated.target import BEGAN, Scenario
from tests.campaigns.simulated.undo_cases import knobs_of
from tests.support.messages import BY_NUMBER, BY_PROCESS, FREE, WHATSAPP

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping

    from tests.campaigns.simulated.call_cases import CallSimulation
    from tests.campaigns.simulated.history import Wish

KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "reminders": {**BY_NUMBER, "stream": "reminders"},
    "calls back": {**BY_PROCESS, "stream": "calls back", "template": "visit_reminder"},
    "words": {**FREE, "stream": "words"},
}
"""The mappings by stream. Two by one template would be one scope of `once_by`, of other values."""
ANSWERS: Final[Mapping[str, tuple[Any, ...]]] = {
    "message_answer": ("empty",),
    "message_errors": ("envelope",),
    "through_answer": ("meta",),
}
"""How the server may answer otherwise where it sends messages."""
ZONES: Final = ("UTC", "Asia/Kolkata", "America/New_York", "Pacific/Chatham")
ROOM_FOR_ALL: Final = 1000
OTHERWISE: Final = 0.2
"""Share of the questions about messages that are answered otherwise in a case."""
QUIET: Final = 0.3
"""Share of the cases with quiet hours."""
QUIET_MOST: Final = 40
"""Minutes of the longest quiet hours."""
COLUMNS_OF_CALLS: Final = ("visit", "mobile", "lead", "name", "words")


def message(stream: str, number: int, *, fits: bool = True, process: str = "") -> Wish:
    """A row that asks for a message; one that does not fit has a number, or a process, of nobody.

    Args:
        stream: One of `KINDS`.
        number: Tells it from all others of its stream.
        fits: Whether it can be sent.
        process: Who is to get it; the same as the number if empty.
    """
    value = f"{stream} {number}"
    mobile = f"+1 555 01{number:05}" if fits else "0555 01"
    whose = (process or old(number + 1)) if fits else "L-nobody"
    return asks(stream, value, fits=fits, mobile=mobile, lead=whose, name=value, words=value)


def message_case(number: int) -> CallSimulation:
    """A case of messages."""
    return numbered("messages", number, _drawn)


def _drawn(number: int, draw: random.Random) -> tuple[Scenario, Mapping[str, Braked]]:
    stream = draw.choice(list(KINDS))
    count = draw.choice((5, 20, 40))
    asked = [message(stream, n, process=old(draw.randint(1, LEADS))) for n in range(count)]
    again = [draw.choice(asked) for _ in range(draw.choice((0, 5)))]
    bad = [message(stream, count + n, fits=False) for n in range(draw.choice((0, 2)))]
    leads = [lead(old(n), 1000 + n) for n in range(1, draw.choice((1, 10)))]
    wishes = [*asked, *again, *bad, *leads]
    draw.shuffle(wishes)
    abreast, size = draw.choice((1, 2, 4)), draw.choice((4, 11, 100))
    options, braked = _brakes(draw, len(asked) + len(bad), abreast)
    otherwise = {name: draw.choice(others) for name, others in ANSWERS.items()}
    knobs = {name: value for name, value in otherwise.items() if draw.random() < OTHERWISE}
    scenario = Scenario(
        seed=number,
        world=partial(small_world, LEADS, 2, {**knobs_of(draw), **knobs}, number),
        wishes=wishes,
        columns={**COLUMNS, stream: COLUMNS_OF_CALLS},
        states=frozenset({*range(size, len(wishes), size), len(wishes)}),
        settings=_settings(wishes, [{**KINDS[stream], **options}], concurrency=abreast),
        most_runs=RUNS,
        calm_after=CALM_AFTER,
        rests=(1.0, 30.0, 400.0, QUIET_MOST * 60.0),
    )
    return scenario, {stream: braked}


def _brakes(draw: random.Random, count: int, abreast: int) -> tuple[dict[str, Any], Braked]:
    """What the user of a stream allows: as options of its mapping, and as a judge reads it."""
    options: dict[str, Any] = {}
    most = draw.choice((ROOM_FOR_ALL, max(3, count // 4)))
    options["max_messages"] = most
    if rate := draw.choice((0, 0, 20, 90)):
        options["rate"] = rate
    apart, zone = (60.0 / rate if rate else 0.0), draw.choice(ZONES)
    quiet = None
    if draw.random() < QUIET:
        begin, minutes = draw.choice((-10, 1, 2)), draw.choice((15, QUIET_MOST))
        clocks = [_clock(begin, zone), _clock(begin + minutes, zone)]
        options["quiet_hours"] = {"from": clocks[0], "until": clocks[1], "zone": zone}
        quiet = (_minute(clocks[0]), _minute(clocks[1]))
    return options, Braked(most, apart, quiet, zone, abreast)


def _clock(minutes: int, zone: str) -> str:
    """The time of day so many minutes after a case begins."""
    began = datetime.fromtimestamp(BEGAN, timezone.utc) + timedelta(minutes=minutes)
    return began.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _settings(
    wishes: Iterable[Wish], mappings: Iterable[Mapping[str, Any]], **more: Any
) -> dict[str, Any]:
    wishes = list(wishes)
    return {
        **settings(wishes),
        "whatsapp": WHATSAPP,
        "streams": [*STREAMS, *mappings],
        "max_rejects": len(wishes),
        "stop_at_reject_percent": 100,
        **more,
    }


# Undrawn


def all_kinds() -> Scenario:
    """Every kind of call, one that came before and one that can't be made, beside a process."""
    reminders = [message("reminders", n) for n in range(3)]
    wishes = [
        *reminders,
        visit("visit 1", old(1)),
        message("calls back", 0),
        message("calls back", 1, fits=False),
        lead(old(3), 7),
        message("words", 0),
        message("words", 1, fits=False),
        visit("visit 2", old(2)),
        reminders[1],
        visit("visit 1", old(4)),
    ]
    return _undrawn(11, wishes, frozenset({4, 9, len(wishes)}))


def two_calls() -> Scenario:
    """A message and a task, one of which comes again: few steps, for pairs of faults."""
    reminder = message("reminders", 0)
    wishes = [reminder, visit("visit 1", old(1)), reminder]
    return _undrawn(12, wishes, frozenset({2, len(wishes)}))


def _undrawn(seed: int, wishes: list[Wish], states: frozenset[int]) -> Scenario:
    return Scenario(
        seed=seed,
        world=partial(small_world, 6, 2, {}, seed),
        wishes=wishes,
        columns={**COLUMNS, STREAM: ("visit", "lead"), **dict.fromkeys(KINDS, COLUMNS_OF_CALLS)},
        states=states,
        settings=_settings(wishes, [MAPPING, *KINDS.values()], concurrency=2),
        journal_exists=True,
        beside=1.0,
    )
