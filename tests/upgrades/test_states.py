"""A later tap goes on from the STATE of an older one, and writes what that one wrote."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.upgrades.journals import in_order
from tests.upgrades.kept import DATA
from tests.upgrades.states import (
    CASES,
    GOLDEN,
    INSTANT_MS,
    Tap,
    account,
    answer,
    golden,
    states_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.upgrades.states import StateCase

VERSIONS = in_order(path.parents[1].name for path in DATA.glob("*/states/states.json"))
NEWEST = VERSIONS[-1]
THIS = "this"
ACCOUNT = re.compile(r'"account":"[0-9a-f-]{36}",')
OTHERWISE = ("walks", "versions", "several", "ids")
"""Written down anew: walks take a row less of each page, since its last one proves nothing."""


def kept(version: str, file: str) -> Any:
    return json.loads((states_folder(version) / file).read_text())


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tap]:
    """A tap over the account as it was when the STATEs were kept."""
    folder = tmp_path_factory.mktemp("first")
    with account(folder) as sandbox:
        yield Tap(folder, sandbox)


@pytest.fixture(scope="module")
def later_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tap]:
    """The same where rows were changed and created since."""
    folder = tmp_path_factory.mktemp("later")
    with account(folder, INSTANT_MS) as sandbox:
        yield Tap(folder, sandbox)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_every_state_is_byte_for_byte_what_the_last_version_wrote(
    first_day: Tap, case: StateCase
) -> None:
    kept_by = states_folder(THIS) if case.name in OTHERWISE else states_folder(NEWEST)
    expected = (kept_by / f"{case.name}.jsonl").read_text()
    # Versions after 0.3.0 say of an unfinished scan if ids go out: without, it is begun anew. And
    # they say of which account a bookmark is.
    written = ACCOUNT.sub("", golden(first_day, case))
    assert written.replace('"ids":true,', "") == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_tap_goes_on_from_the_state_of_an_older_one(
    later_day: Tap, version: str, case: StateCase
) -> None:
    state = kept(version, "states.json")[case.name]
    told = answer(later_day, case, state)
    accounts = [each.pop("account") for name, each in told["state"]["bookmarks"].items()
                if name.startswith("process_")]  # fmt: skip
    assert accounts
    assert len(set(accounts)) == 1
    assert told == kept(version, "answers.json")[case.name]
