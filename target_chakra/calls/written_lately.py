"""What was written to things so lately that ChakraHQ may not show it yet (Q32), by any run.

Lists may lag behind a write, single looks too. Who believes a thing to be as a row wants it, while
its own earlier write is only not shown yet, leaves that one in place of the last row's. So each
write is stored in the journal before it leaves, and once more when it is done, for as long as looks
may lag.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from chakra_api.values.coercion import json_text
from target_chakra.moments import Moment, seconds_until

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from target_chakra.calls.thing_writer import Sight
    from target_chakra.changes import Fields
    from target_chakra.context import RunContext

_MARK: Final = "written "
"""How the names of its findings begin."""
_LONGEST: Final = 64
"""Characters of the longest name of a thing that is stored itself."""
_FORGOTTEN_AT_A_TIME: Final = 100
"""Findings that have become old before they are deleted: each time is a transaction."""


_Finding: TypeAlias = "tuple[str, str]"
"""The scope of a thing, and the name of its finding."""
_Held: TypeAlias = "dict[str, tuple[str, float]]"
"""By field: the digest of what was written, and until when looks may not show it."""


class _Intent(NamedTuple):
    """A write that is under way.

    Attributes:
        before: What was held of its thing.
        digests: Of what it writes, by field.
    """

    before: _Held
    digests: Mapping[str, str]


class WrittenLately:
    """The fields that were written to things, for as long as looks may not show them.

    Args:
        context: Of the run.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._lag = context.settings.patience.lag
        self._fields: dict[_Finding, _Held] = {}
        self._intended: dict[_Finding, _Intent] = {}
        self._in_order: deque[tuple[float, _Finding]] = deque()
        self._old: list[_Finding] = []

    def recall(self, scope: str) -> None:
        """Take on what earlier runs wrote just now, and forget what they wrote before that."""
        for (of, name), value in self._context.journal.findings().items():
            if of != scope or not name.startswith(_MARK):
                continue
            ours, server, digests = json.loads(value)
            since = Moment(ours, server).after(self._lag)
            left = min(seconds_until(since, self._context.now()), self._lag)
            if left:
                self._hold((scope, name), digests, left)
            else:
                self._old.append((scope, name))

    def intend(self, scope: str, thing: str, fields: Fields) -> None:
        """A thing is about to be written.

        Args:
            scope: Within which the name of the thing counts.
            thing: Its name.
            fields: What it is given, by field.
        """
        name = _finding(scope, thing)
        digests = {field: _digest(value) for field, value in fields.items()}
        self._intended[name] = _Intent(dict(self._fields.get(name, {})), digests)
        self._note(name, digests)

    def done(self, scope: str, thing: str) -> None:
        """It was written as intended: from now on looks may not show it yet."""
        name = _finding(scope, thing)
        self._note(name, self._intended.pop(name).digests)
        self._forget(self._context.clock.monotonic())

    def take_back(self, scope: str, thing: str) -> None:
        """It was not written after all; what was before that is still known."""
        name = _finding(scope, thing)
        intent = self._intended.pop(name, None)
        if intent is None:
            return
        if intent.before:
            self._fields[name] = intent.before
            self._store(name)
        else:
            del self._fields[name]
            self._context.journal.forget(*name)

    def _note(self, name: _Finding, digests: Mapping[str, str]) -> None:
        self._hold(name, digests, self._lag)
        self._store(name)

    def _store(self, name: _Finding) -> None:
        now = self._context.stamp()
        digests = {field: digest for field, (digest, _) in self._fields[name].items()}
        self._context.journal.found(*name, json.dumps([now.ours, now.server, digests]))

    def _forget(self, now: float) -> None:
        """Forget what looks show by now."""
        while self._in_order and self._in_order[0][0] <= now:
            _, name = self._in_order.popleft()
            held = self._fields.get(name)
            if name in self._intended:
                continue  # it is noted anew when it is done
            if held is not None and all(until <= now for _, until in held.values()):
                del self._fields[name]
                self._old.append(name)
        if len(self._old) >= _FORGOTTEN_AT_A_TIME:
            gone = [each for each in self._old if each not in self._fields]
            self._old.clear()
            for scope in dict.fromkeys(of for of, _ in gone):
                self._context.journal.forget(scope, *(name for of, name in gone if of == scope))

    def _hold(self, name: _Finding, digests: Mapping[str, str], left: float) -> None:
        until = self._context.clock.monotonic() + left
        self._in_order.append((until, name))
        held = self._fields.setdefault(name, {})
        held.update({field: (digest, until) for field, digest in digests.items()})

    def pause(
        self, scope: str, thing: str, sight: Sight, unlike: Container[str], asked: float
    ) -> float | None:
        """Seconds until a thing is to be looked at again; None if what was seen can be believed.

        It can't where it differs from what is wanted though just that was written, or is as wanted
        though something else was; nor where it is not there.

        Args:
            scope: Within which the name of the thing counts.
            thing: Its name.
            sight: As it was seen, beside what a row wants of it.
            unlike: The fields that hold something else than is wanted.
            asked: When it was looked at, by the monotonic clock.
        """
        held = self._fields.get(_finding(scope, thing))
        if held is None:
            return None
        left = [
            until - asked
            for field, (written, until) in held.items()
            if until > asked and _is_doubtful(field, written, sight, unlike)
        ]
        return max(left, default=None)


def _is_doubtful(field: str, written: str, sight: Sight, unlike: Container[str]) -> bool:
    """Whether a look contradicts what was written to a field."""
    if sight.is_missing:
        return True
    wants = sight.wants
    return field in wants and (_digest(wants[field]) == written) is (field in unlike)


def _finding(scope: str, thing: str) -> _Finding:
    return scope, f"{_MARK}{thing if len(thing) <= _LONGEST else _digest(thing)}"


def _digest(value: object) -> str:
    text = json_text(value)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
