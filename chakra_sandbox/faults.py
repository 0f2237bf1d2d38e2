"""Faults: which request they hit, and what they do to its answer.

A fault is chosen by counting the requests that match it, so that a seed gives the same campaign
again whatever the clock does.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, get_args

from chakra_sandbox.messages import Delivery, ResponseOut, envelope, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FaultKind = Literal[
    "refuse", "reset_before", "reset_after", "truncate", "garbage", "html", "429", "500", "502",
    "502_after", "hang", "errors_in_200",
]  # fmt: skip

_DELIVERY: Mapping[str, Delivery] = {
    "refuse": "refuse", "reset_before": "reset", "reset_after": "reset", "truncate": "truncate",
    "hang": "hang",
}  # fmt: skip
_AFTER_WORK = frozenset({"reset_after", "truncate", "garbage", "502_after"})
_HTML = {"content-type": "text/html; charset=utf-8"}
_PAGE = b"<!doctype html><html><body><h1>%s</h1><p>nginx</p></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        kind: What happens. `reset_after`, `truncate`, `garbage` and `502_after` do the work first;
            every other kind leaves the account untouched. A `429` has nothing to do with the rate;
            its Retry-After and body are those of the rate limit.
        probability: Of hitting a matching request, drawn from `seed`.
        every_nth: Hits each n-th matching request; 0 is off.
        at: Hits the matching requests with these numbers, from 1.
        match: Regular expression searched in "METHOD /path".
        seed: Of the draws.
        for_ms: For `refuse`: how long nothing listens.
    """

    kind: FaultKind
    probability: float = 0.0
    every_nth: int = 0
    at: tuple[int, ...] = ()
    match: str = ""
    seed: int = 0
    for_ms: int = 200

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Fault:
        """Read a fault, checking names, kind and expression.

        Raises:
            ValueError: Something is wrong, naming it.
        """
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(value) - known):
            raise ValueError(
                f"a fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}"
            )
        kind = str(value.get("kind"))
        if kind not in get_args(FaultKind):
            raise ValueError(
                f"a fault's kind is one of {', '.join(get_args(FaultKind))}, not {kind}"
            )
        try:
            made = cls(**_checked(value, kind))  # type: ignore[arg-type] # checked one by one
            re.compile(made.match)
        except re.error as error:
            raise ValueError(f"match is not a regular expression: {error}") from error
        return made

    def hits(self, number: int) -> bool:
        """Say whether it hits the matching request of this number (from 1)."""
        if number in self.at or (self.every_nth and number % self.every_nth == 0):
            return True
        return random.Random(f"{self.seed}:{self.kind}:{number}").random() < self.probability


def _checked(value: Mapping[str, object], kind: str) -> dict[str, object]:
    made: dict[str, object] = {**value, "kind": kind}
    for name in ("probability", "every_nth", "seed", "for_ms"):
        if not isinstance(made.get(name, 0), int | float):
            raise ValueError(f"{name} of a fault is a number")  # noqa: TRY004 - input, not code
    at = made.get("at", ())
    if not isinstance(at, list | tuple) or not all(isinstance(n, int) for n in at):
        raise ValueError("at of a fault is a list of request numbers from 1")
    return {**made, "at": tuple(at), "match": str(made.get("match", ""))}


class FaultDesk:
    """Counts matching requests and says which fault hits."""

    def __init__(self) -> None:
        self._seen: dict[Fault, int] = {}

    def choose(self, faults: Sequence[Fault], target: str) -> Fault | None:
        """Return the first fault that hits `target` ("METHOD /path"); all that match count it."""
        hit = None
        for fault in faults:
            if re.search(fault.match, target) is None:
                continue
            number = self._seen[fault] = self._seen.get(fault, 0) + 1
            if hit is None and fault.hits(number):
                hit = fault
        return hit


def works_first(fault: Fault) -> bool:
    """Say whether the account does the work before this fault shows."""
    return fault.kind in _AFTER_WORK


def delivery(fault: Fault) -> Delivery:
    """Say what happens to the connection."""
    return _DELIVERY.get(fault.kind, "whole")


def spoil(fault: Fault, answer: ResponseOut) -> ResponseOut:
    """Return what is sent in place of `answer`."""
    if fault.kind == "garbage":
        return ResponseOut(answer.status, b'{"_data": [{"id": \x00\xff oops', answer.headers)
    if fault.kind == "html":
        return ResponseOut(200, _PAGE % b"Welcome", _HTML)
    if fault.kind == "500":
        return refusal(500, "Internal server error")
    if fault.kind in ("502", "502_after"):
        return ResponseOut(502, _PAGE % b"502 Bad Gateway", _HTML)
    if fault.kind == "errors_in_200":
        return ResponseOut(200, envelope(None, None, ["Something went wrong, please try again"]))
    return answer
