"""Where a thing is not as a row wants it, and whether it was so when that was decided on. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from target_chakra.mapping.destinations import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.calls.thing_writer import Sight
    from target_chakra.changes import Change, Fields

_EMPTY: Final = (None, "")


class Difference(NamedTuple):
    """A field that does not hold what is wanted.

    Attributes:
        before: What it holds.
        after: What it is to hold.
    """

    before: object
    after: object


def differing(sight: Sight, made: Fields | None = None) -> dict[str, Difference]:
    """The fields of a thing that do not hold what is wanted.

    Args:
        sight: The thing.
        made: What was, or would be, made of it since, by field.
    """
    holds = {**sight.holds, **(made or {})}
    return {
        name: Difference(holds.get(name), value)
        for name, value in sight.wants.items()
        if not _same(holds.get(name), value)
    }


def changed_since(change: Change, sight: Sight, unlike: Mapping[str, Difference]) -> str:
    """Why a change that was decided on before is not carried out; empty if it is.

    Args:
        change: What is to be done; its guard says what that was decided on, if anything was.
        sight: The thing as it is now.
        unlike: What differs of it now.
    """
    guard = change.guard
    if guard is None:
        return ""
    since = f"Changed since {guard.since}"
    if guard.creates and sight.thing_id:
        return f"{since}: it is there by now"
    if not guard.creates and sight.thing_id != (change.process_id or sight.thing_id):
        return f"{since}: {change.key} names another one by now"
    if not guard.creates and not sight.thing_id:
        return f"{since}: it is gone"
    others = [
        f"{name} was {shown(guard.expected.get(name))} and is {shown(each.before)}"
        for name, each in unlike.items()
        if not _same(guard.expected.get(name), each.before)
    ]
    others += [
        f"{name} would be {shown(each.after)} now, and not {shown(change.fields[name])}"
        for name, each in unlike.items()
        if name in change.fields and not _same(change.fields[name], each.after)
    ]
    return f"{since}: {'; '.join(others)}" if others else ""


def left_as_it_was(left: Mapping[str, Difference]) -> str:
    """What is said of a write that ChakraHQ took and did not carry out."""
    said = "; ".join(f"{name} is {shown(each.before)}" for name, each in left.items())
    return f"ChakraHQ says that it was done, and it was not: {said}"


def _same(one: object, other: object) -> bool:
    return one == other or (one in _EMPTY and other in _EMPTY)
