"""The proof of look-ups by an array of keys: exactly those that exist must come. Pure.

An array is filled up with keys that no process has. The existing ones stand last: a server that
heeds only the first values is found out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from chakra_api.endpoints.answers import ProcessPage

PAGE: Final = 100
"""Keys of one request, and rows of one answer (contract 4.3)."""


def impossible_keys(attribute: str, count: int, like: object) -> list[object]:
    """Keys that no process has.

    Args:
        attribute: ShortId of the attribute, or `id`.
        count: How many.
        like: A key that exists: they are of its type.
    """
    if attribute == "id":
        return [f"00000000-0000-4000-8000-{number:012d}" for number in range(1, count + 1)]
    if isinstance(like, str):
        return [f"no process has this key {number}" for number in range(1, count + 1)]
    return [-(10**12) - number for number in range(count)]


def array_question(attribute: str, existing: Sequence[object]) -> list[object]:
    """An array of a hundred keys, those of existing processes last.

    Args:
        attribute: ShortId of the attribute, or `id`.
        existing: At least one key, and at most 99.
    """
    return [*impossible_keys(attribute, PAGE - len(existing), existing[0]), *existing]


def answers_exactly(
    page: ProcessPage, seen: Sequence[str], wanted: Collection[str], *, once: bool = False
) -> bool:
    """Whether an answer to such an array holds what it should, and nothing else.

    Keys that many processes share fill an answer. One that says that there is more, and is not
    full, may be of the first keys alone.

    Args:
        page: The answer.
        seen: The keys of its rows, each in the form that it is compared in.
        wanted: Those of the existing processes.
        once: Whether all of them must come in one answer, each once.
    """
    filled = page.has_more is True and len(page.rows) >= PAGE
    if once:
        return sorted(seen) == sorted(wanted)
    return set(seen) == set(wanted) or (filled and set(seen) <= set(wanted))
