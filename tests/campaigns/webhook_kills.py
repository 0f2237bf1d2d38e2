"""Kills the real listener while it is called, and asks the store for every event that got a 200.

    python -m tests.campaigns.webhook_kills --kills 300
    python -m tests.campaigns.webhook_kills --only 17

A case is a number: from it follow how many call at a time, in which form, and when SIGKILL comes.
Callers send again what was not answered, as senders do, to the next listener on the same store. The
judge reads SQLite's file itself, and what the tap emits of it in two runs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chakra_sandbox.launch import start_sandbox
from tests.campaigns.verdicts import Fault, doubled, lost, wrong
from tests.support import tap_process as tap
from tests.support.listening import (
    HEADER,
    listening,
    message,
    passed_through,
    payloads,
    signed,
)

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox
    from tests.support.listening import Listening

WHATSAPP = "whatsapp_events"
MOST_CALLERS, MOST_SECONDS = 12, 0.8


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        number: From it follows all else.
        callers: How many call at a time.
        batch: Messages in a call of Meta's form; 0 for ChakraHQ's own.
        seconds: From the first call to the kill.
    """

    number: int
    callers: int
    batch: int
    seconds: float


@dataclass
class Sent:
    """What was sent in all cases of one store.

    Attributes:
        acknowledged: Ids of messages whose call was answered with 200.
        unanswered: Ids of those whose calls were not answered, to be sent again.
        answers: How calls ended.
        kills: Listeners that died, by whether calls were under way.
    """

    acknowledged: set[str] = field(default_factory=set)
    unanswered: list[list[str]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)


def case_of(number: int) -> Case:
    """The case of a number."""
    draw = random.Random(f"webhooks {number}")
    seconds = draw.choice([0.01, 0.05, draw.uniform(0, MOST_SECONDS)])
    return Case(number, draw.randint(1, MOST_CALLERS), draw.choice([0, 1, 3, 20]), seconds)


class Caller:
    """Somebody who sends one call behind the other until the line breaks.

    Args:
        case: Whose messages they are.
        name: What their ids begin with.
        sent: Takes what became of them.
        again: Ids to be sent again first.
    """

    def __init__(self, case: Case, name: str, sent: Sent, again: list[list[str]]) -> None:
        self._case = case
        self._name = name
        self._sent = sent
        self._again = again

    def call(self, port: int) -> None:
        """Send until the line breaks."""
        number = 0
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            while True:
                if self._again:
                    ids = self._again.pop()
                else:
                    ids = [f"{self._name}.{number}.{m}" for m in range(self._case.batch or 1)]
                    number += 1
                own = self._case.batch == 0 and len(ids) == 1
                value = message(ids[0]) if own else passed_through(*ids)
                try:
                    answer = _answer(connection, json.dumps(value).encode())
                except (OSError, http.client.HTTPException):
                    self._sent.unanswered.append(ids)
                    self._sent.answers["none"] += 1
                    return
                self._sent.answers[str(answer)] += 1
                if answer == 200:
                    self._sent.acknowledged.update(ids)
                else:
                    self._sent.unanswered.append(ids)


def _answer(connection: http.client.HTTPConnection, body: bytes) -> int:
    connection.request("POST", "/whatsapp", body, {HEADER: signed(body)})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def run_case(folder: Path, case: Case, sent: Sent) -> list[Fault]:
    """One listener, its callers, and its end; what is wrong right behind it."""
    with listening(folder, "--max-rate", "100000") as running:
        again, sent.unanswered = sent.unanswered, []
        callers = [
            threading.Thread(
                target=Caller(case, f"{case.number}.{at}", sent, again[at :: case.callers]).call,
                args=(running.port,),
            )
            for at in range(case.callers)
        ]
        before = sent.answers.total()
        for each in callers:
            each.start()
        time.sleep(case.seconds)
        _kill(running)
        for each in callers:
            each.join()
    under_way = sent.answers["none"] and sent.answers.total() > before
    sent.kills["calls under way" if under_way else "idle"] += 1
    missing = sent.acknowledged - set(_ids(folder))
    return [lost(f"{each} was answered with 200, and is not in the store") for each in missing]


def _kill(running: Listening) -> None:
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()


def _ids(folder: Path) -> list[str]:
    """The ids of the messages in the store, by its file alone."""
    return [_id(each) for each in payloads(folder)]


def _id(payload: Any) -> str:
    if "event" in payload:
        return str(payload["payload"]["messageId"])
    (item,) = payload["entry"][0]["changes"][0]["value"]["messages"]
    return str(item["id"])


def judge(folder: Path, sandbox: Sandbox, sent: Sent) -> list[Fault]:
    """What is wrong at the end: in the store, and in what the tap makes of it in two runs."""
    with listening(folder, "--max-rate", "100000") as running:
        for ids in sent.unanswered:  # the senders' last word
            if running.send("/whatsapp", passed_through(*ids)) == 200:
                sent.acknowledged.update(ids)
        code, said = running.stop()
    faults = [wrong(f"the last listener ended with {code}: {said}")] if code else []
    config = {
        "api_key": sandbox.api_key,
        "api_url": sandbox.url,
        "webhook_store": str(folder / "events.db"),
    }
    catalog = tap.catalog_of(folder, config, WHATSAPP)
    first = tap.run(folder, config, catalog=catalog)
    second = tap.run(folder, config, catalog=catalog, state=first.states[-1])
    records = [*first.records[WHATSAPP], *second.records[WHATSAPP]]
    if second.records[WHATSAPP]:
        faults.append(doubled(f"{len(second.records[WHATSAPP])} events come in the second run"))
    # A message that was sent in both forms is an event of each.
    seen = Counter((each["form"], each["message_id"]) for each in records)
    faults += [doubled(f"{name} was emitted {n} times") for name, n in seen.items() if n > 1]
    emitted = {name for _, name in seen}
    faults += [lost(f"{each} was not emitted") for each in sent.acknowledged - emitted]
    sequences = [each["sequence"] for each in records]
    if sequences != sorted(sequences):
        faults.append(wrong("events are not emitted in the order of their numbers"))
    return faults


def run_cases(folder: Path, numbers: list[int]) -> tuple[Sent, list[Fault]]:
    """Cases on one store, one behind the other, and the judge's verdict on all of them."""
    sent, faults = Sent(), list[Fault]()
    for number in numbers:
        found = run_case(folder, case_of(number), sent)
        faults += found
        for fault in found[:3]:
            print(f"FAIL case {number}: {fault}", flush=True)
    with start_sandbox(["--rows", "10"]) as sandbox:
        faults += judge(folder, sandbox, sent)
    return sent, faults


def main() -> int:
    """Run the campaign; 1 if a case failed."""
    parser = argparse.ArgumentParser(description="Kill the real listener, and judge.")
    parser.add_argument("--kills", type=int, default=300, help="how many listeners are to die")
    parser.add_argument("--only", type=int, help="one case, by its number")
    options = parser.parse_args()
    numbers = list(range(options.kills)) if options.only is None else [options.only]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="webhook-kills-") as folder:
        sent, faults = run_cases(Path(folder), numbers)
    answers = ", ".join(f"{count:,} of {name}" for name, count in sorted(sent.answers.items()))
    print(f"{sent.kills.total()} listeners died ({dict(sent.kills)}); answers: {answers}")
    print(f"{len(sent.acknowledged):,} events were answered with 200: {len(faults)} faults, in"
          f" {time.monotonic() - began:.0f} s")  # fmt: skip
    for fault in faults[:20]:
        print(f"  {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
