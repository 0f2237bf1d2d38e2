"""Which of the kept journals a test goes on with, and the check itself.

All of them, in each course, take some minutes: `UPGRADES=all` asks for that.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.upgrades.cases import COURSES
from tests.upgrades.kept import DATA, numbers
from tests.upgrades.played import answers, folder_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from _pytest.mark import ParameterSet

    from tests.upgrades.cases import Course
    from tests.upgrades.kept import Journal

ALL: Final = os.environ.get("UPGRADES") == "all"


def versions(place: str) -> list[str]:
    """The versions of which journals are kept in a place, the newest last."""
    return in_order(path.parents[1].name for path in DATA.glob(f"*/journals/{place}"))


def in_order(names: Iterable[str]) -> list[str]:
    """Versions, each once, the newest last."""
    return sorted(set(names), key=numbers)


def courses(version: str, place: str, some: Collection[str] = ()) -> list[ParameterSet]:
    """The courses of a version's journals: those of some names, or all."""
    found = []
    for course in COURSES:
        kept, name = folder_of(version, place, course.case), f"{course.case}: {course.name}"
        holds = kept.exists() and numbers(version) >= course.since
        if holds and (ALL or name in some or not (some or course.is_extra)):
            found.append(pytest.param(kept, course, id=f"{version} {name}"))
    return found


def _short(value: Any) -> Any:
    """Answers whose reasons do not say what would be taken: versions before this one did not."""
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_short(each) for each in value]
    return value.partition("; ChakraHQ's ")[0] if isinstance(value, str) else value


def _worded(value: Any) -> Any:
    """Answers in the words of this version: those before it said `Mend it` for `Correct it`."""
    if isinstance(value, dict):
        return {name: _worded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_worded(each) for each in value]
    return value.replace("Mend ", "Correct ") if isinstance(value, str) else value


def goes_on(journal: Journal, kept: Path, course: Course, folder: Path) -> None:
    """Check that a kept journal is gone on with as the version that knew it did."""
    expected = json.loads((kept / "answers.json").read_text())[course.name]
    found = _short(answers(course, journal, kept, folder))
    assert _worded(found) == _worded(_unknown_now(expected))


def _unknown_now(expected: dict[str, Any]) -> dict[str, Any]:
    """Answers whose list of unknown rows has none that the same run settled.

    Versions before this one went on listing them; the receipt did not count them.
    """
    outcomes, lists = expected["run"]["outcomes"], dict(expected["lists"])
    keyless = [each for each in lists.get("unknown", ()) if not each["key"]]
    if keyless and "not sent" not in outcomes and outcomes.get("unknown", 0) == len(keyless):
        lists["unknown"] = keyless
    return {**expected, "lists": lists}
