"""How ChakraHQ spells the keys of an attribute: it may store `+91…` without the plus.

What is known comes from pairs: a key as it was sent, and as it is stored. The shortest sequence of
known rules that explains all pairs is taken for what ChakraHQ does; look-ups ask for that spelling
too, from then on. As long as nothing is proven they ask for each spelling that is not refuted.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.values import exact_json
from chakra_api.values.coercion import MISFIT, to_string
from target_chakra.mapping.destination_names import destination_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from target_chakra.changes import Key
    from target_chakra.mapping.destinations import Destinations

Rules: TypeAlias = "tuple[str, ...]"
"""Names of rules, in the order that they are applied in."""

_PHONE: Final = re.compile(r"\s*(?:\+|(?=(?:\D*\d){7}))[\d\s().-]+", re.ASCII)
_BETWEEN_DIGITS: Final = re.compile(r"[\s().-]+")
MOST_RULES: Final = 3
"""Rules of one sequence."""
MOST_PAIRS: Final = 50
"""Pairs that a sequence is tried on."""


def _compact(text: str) -> str:
    return _BETWEEN_DIGITS.sub("", text) if _PHONE.fullmatch(text) else text


RULES: Final[Mapping[str, Callable[[str], str]]] = {
    "trim": str.strip,
    "lower": str.lower,
    "upper": str.upper,
    "drop_plus": lambda text: text.removeprefix("+"),
    "compact": _compact,
}
"""By name, the likeliest first."""
_CASES: Final = {
    (False, False): frozenset[str](),
    (True, False): frozenset({"lower"}),
    (False, True): frozenset({"upper"}),
    (True, True): frozenset({"lower", "upper"}),
}
"""The rules that change a text, by whether small letters do, and capitals."""
_SAID: Final[Mapping[str, str]] = {
    "trim": "without outer blanks",
    "lower": "in small letters",
    "upper": "in capitals",
    "drop_plus": "without the leading plus",
    "compact": "without what separates digits",
}


def applied(rules: Rules, text: str) -> str:
    """A key after these rules."""
    for name in rules:
        text = RULES[name](text)
    return text


def said_of(rules: Rules) -> str:
    """What rules do, for a person: `without outer blanks, in small letters`; empty for none."""
    return ", ".join(_SAID[name] for name in rules)


@cache
def sequences(without: frozenset[str]) -> tuple[Rules, ...]:
    """All sequences of rules but some, the shortest first."""
    names = [name for name in RULES if name not in without]
    return tuple(
        each
        for length in range(1, MOST_RULES + 1)
        for each in permutations(names, length)
        if not {"lower", "upper"} <= set(each)
    )


def _reached(text: str, without: frozenset[str]) -> list[str]:
    """The texts that sequences of rules but some make of a text, by the shortest first."""
    rules = [rule for name, rule in RULES.items() if name not in without]
    found = dict.fromkeys([text])
    last = [text]
    for _ in range(MOST_RULES):
        made = dict.fromkeys(rule(each) for each in last for rule in rules)
        last = [each for each in made if each not in found]
        found |= dict.fromkeys(last)
    return list(found)


def changing(text: str) -> frozenset[str]:
    """The rules that change a key."""
    if text[:1].isalpha() and text == text.strip():
        # what most keys are: no rule but of letters changes one that begins with a letter
        return _CASES[text != text.lower(), text != text.upper()]
    return frozenset(name for name, rule in RULES.items() if rule(text) != text)


def folded(text: str) -> str:
    """One text for all spellings of a key."""
    return _compact(text.strip().lower()).removeprefix("+")


@dataclass(frozen=True, slots=True)
class _Learned:
    """What is known.

    Attributes:
        rules: What ChakraHQ does, proven; empty if nothing is.
        untrue: Rules that it does not apply: a key was stored as it was sent.
        unlikely: Rules that keys which it holds speak against.
        irregular: Whether a key was stored in a spelling that no rule explains.
    """

    rules: Rules = ()
    untrue: frozenset[str] = frozenset()
    unlikely: frozenset[str] = frozenset()
    irregular: bool = False


class KeySpelling:
    """How ChakraHQ spells the keys of one attribute; threads that read back share it.

    Args:
        name: Procedure and attribute, as messages name them.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._learned = _Learned()
        self._stored = _Learned()
        self._pairs: list[tuple[str, str]] = []
        self._example = ("", "")

    @property
    def is_proven(self) -> bool:
        """Whether the rules are known by which keys are stored."""
        return bool(self._learned.rules)

    @property
    def is_irregular(self) -> bool:
        """Whether some key is stored in a spelling that no rule explains."""
        return self._learned.irregular

    def others(self, value: object) -> tuple[str, ...]:
        """The spellings beside its own in which a key may be stored."""
        if type(value) is not str:
            return ()
        known = self._learned
        if known.rules:
            stored = applied(known.rules, value)
            return (stored,) if stored != value else ()
        if changing(value) <= known.untrue:
            return ()
        return tuple(each for each in _reached(value, known.untrue) if each and each != value)

    def is_unlikely(self, sent: object, stored: object) -> bool:
        """Whether keys that ChakraHQ holds speak against its making one spelling of the other."""
        barred = self._learned.untrue | self._learned.unlikely
        if not (isinstance(sent, str) and isinstance(stored, str)):
            return True
        return not any(applied(each, sent) == stored for each in sequences(barred))

    def stored(self, key: Key) -> Key:
        """A key as ChakraHQ stores it, as far as that is known."""
        if not isinstance(key.value, str) or not self._learned.rules:
            return key
        return key._replace(value=applied(self._learned.rules, key.value))

    def explains(self, sent: str, stored: str) -> Rules | None:
        """The rules that make one spelling of the other; None if none do."""
        barred = self._learned.untrue
        fitting = (each for each in sequences(barred) if applied(each, sent) == stored)
        return next(fitting, None)

    # Learning

    def listed(self, values: Iterable[object]) -> None:
        """Keys that ChakraHQ holds: what a rule would change, it was hardly applied to."""
        speaks = frozenset[str]().union(*(changing(v) for v in values if isinstance(v, str)))
        with self._lock:
            known = self._learned
            self._learned = replace(known, unlikely=speaks - set(known.rules))

    def learn(self, sent: object, stored: object) -> None:
        """A key was stored, in that spelling."""
        if not (isinstance(sent, str) and isinstance(stored, str)):
            return
        with self._lock:
            known = self._learned
            if sent == stored:
                untrue = known.untrue | changing(sent)
                rules = () if applied(known.rules, sent) != sent else known.rules
                self._learned = replace(known, rules=rules, untrue=untrue)
            elif not known.rules or applied(known.rules, sent) != stored:
                self._learned = self._with(known, (sent, stored))

    def _with(self, known: _Learned, pair: tuple[str, str]) -> _Learned:
        pairs = [*self._pairs[-MOST_PAIRS:], pair]
        for each in sequences(known.untrue):
            fits = all(applied(each, sent) == stored for sent, stored in pairs)
            if fits and set(known.rules) <= set(each):
                self._pairs = pairs
                return replace(known, rules=each, unlikely=known.unlikely - set(each))
        self._example = pair
        return replace(known, irregular=True)

    # Keeping

    def recall(self, text: str) -> None:
        """Take on what an earlier run learned."""
        value = exact_json.loads(text.encode())
        if isinstance(value, dict):
            rules = tuple(name for name in value.get("rules", ()) if name in RULES)
            untrue = frozenset(name for name in value.get("untrue", ()) if name in RULES)
            self._learned = _Learned(rules, untrue, irregular=bool(value.get("irregular")))
            self._stored = self._learned

    def news(self) -> str | None:
        """What was learned and is not in the journal yet, as its text; None if nothing."""
        known = self._learned
        if known == replace(self._stored, unlikely=known.unlikely):
            return None
        self._stored = known
        kept = {
            "rules": known.rules,
            "untrue": sorted(known.untrue),
            "irregular": known.irregular,
        }
        return exact_json.dumps(kept).decode()

    def said_rules(self) -> str:
        """How keys are stored, for a person; empty if as they are sent."""
        return said_of(self._learned.rules)

    def said(self) -> str:
        """What was learned, for a person; empty if keys are stored as they are sent."""
        known = self._learned
        if known.irregular:
            sent, stored = self._example
            return (
                f"ChakraHQ stores keys of {self._name} in a spelling of its own by no rule known"
                f" here: {sent!r} as {stored!r}. Such processes are found again by the journal"
                " alone: keep it"
            )
        if not known.rules:
            return ""
        how = self.said_rules()
        sent, stored = self._pairs[-1] if self._pairs else ("", "")
        return (
            f"ChakraHQ stores keys of {self._name} {how} ({sent!r} as {stored!r}): look-ups ask"
            " for that spelling, too, from now on"
        )


class KeyText:
    """Makes a key's value comparable: `105` and `"105"` name the same process.

    Args:
        destinations: Of the procedure.
        attribute: ShortId of the attribute, or `id`.
        spelling: How its keys are stored.
    """

    def __init__(self, destinations: Destinations, attribute: str, spelling: KeySpelling) -> None:
        found = destinations.find(destination_of(attribute)) if attribute != "id" else None
        self._comparable = found.comparable if found else to_string
        self._is_text = self._comparable is to_string
        self.spelling = spelling

    def __call__(self, value: object) -> str:
        """The text of a key."""
        if self._is_text and type(value) is str:
            return value  # as nearly all are
        comparable = self._comparable(value)
        return str(value if comparable is MISFIT else comparable)
