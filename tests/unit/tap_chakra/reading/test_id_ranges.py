"""Ranges of id read every row, where ids are seen to be compared as we do, and else nothing."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chakra_api.endpoints.answers import ProcessPage
from chakra_api.errors import ServerFault
from tap_chakra.reading import id_ranges
from tap_chakra.reading.id_ranges import by_ids
from tests.support import listing as server
from tests.support.listing import NOW, Listing, make_rows

FORMS = {
    "uuid": lambda *_: None,
    "hex": lambda rng, _: f"{rng.getrandbits(96):024x}",
    "numbers of one width": lambda _, number: f"{number:08d}",
    "words": lambda rng, number: f"lead-{rng.choice('abcxyz')}{number}",
}


def rows_of(count: int, form: str = "uuid", seed: int = 0) -> list[server.Row]:
    rng = random.Random(seed)
    rows = make_rows([NOW] * count, seed)
    for number, row in enumerate(rows):
        row["id"] = FORMS[form](rng, number) or row["id"]
    return rows


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(sorted(FORMS)),
    st.integers(1, 1200),
    st.integers(0, 10**6),
    st.sampled_from(["id", "random", "unstable"]),
)
def test_every_row_is_read_once_and_none_besides(
    form: str, count: int, seed: int, order: str
) -> None:
    rows = rows_of(count, form, seed)
    other = make_rows([NOW - 5] * 30, seed + 1)
    listing = Listing([*rows, *other], order=order, seed=seed)
    found = by_ids(listing, {"createdAt": {"=": "2026-09-21T14:13:20.000Z"}})
    assert found is not None
    assert sorted(found) == sorted(row["id"] for row in rows)


@pytest.mark.parametrize("count", [1_000, 5_000])
def test_uuids_cost_few_requests(count: int) -> None:
    listing = Listing(rows_of(count), order="random")
    found = by_ids(listing, {})
    assert found is not None
    assert len(found) == count
    assert listing.requests / (count / 100) < 2


@pytest.mark.parametrize("kind", ["refused", "ignored", "finds nothing"])
@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_server_that_does_not_filter_by_id_is_noticed(kind: str, form: str) -> None:
    listing = Listing(rows_of(400, form), order="random")
    if kind == "refused":
        listing.refuses = frozenset({"id"})
    elif kind == "ignored":
        listing.honours = lambda key: key != "id"
    else:
        for row in listing.rows:
            row["id"] = {"not": "compared"}
    if kind == "finds nothing":
        with pytest.raises(TypeError):
            by_ids(listing, {})
        return
    assert by_ids(listing, {}) is None


class Otherwise(Listing):
    """Compares ids in an order of its own: by their last characters first."""

    def _found(self, where: dict[str, object]) -> list[server.Row]:
        tests = list(server._tests(where))  # noqa: SLF001 - a server of the same kind
        rows = self.rows
        for _, op, value in tests:
            rows = [row for row in rows if server.OPERATORS[op](row["id"][::-1], value[::-1])]
        return rows


@pytest.mark.parametrize("form", ["uuid", "hex"])
def test_ids_that_are_compared_in_another_order_are_noticed(form: str) -> None:
    assert by_ids(Otherwise(rows_of(400, form), order="random"), {}) is None


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(100, 600))
def test_rows_that_come_and_go_meanwhile_hide_no_other(seed: int, count: int) -> None:
    rng = random.Random(seed)
    listing = Listing(rows_of(count, seed=seed), order="unstable", seed=seed)
    throughout = {row["id"] for row in listing.rows}

    def churn(it: Listing) -> None:
        throughout.discard(it.delete(rng.randrange(len(it.rows)))["id"])
        it.insert(make_rows([NOW], rng.randrange(10**9))[0])

    listing.churn = churn
    found = by_ids(listing, {})
    assert found is None or throughout <= found.keys()


def test_another_failure_is_not_taken_for_a_filter_that_is_not_offered() -> None:
    def fails(_where: object, **_: object) -> ProcessPage:
        raise ServerFault("the server fell over", status=502)

    with pytest.raises(ServerFault):
        by_ids(fails, {})


@pytest.mark.parametrize("wide", [0, 1 << 100], ids=["in any range", "in ranges that are not wide"])
def test_a_server_that_invents_ids_is_left(monkeypatch: pytest.MonkeyPatch, wide: int) -> None:
    """Between any two uuids there is one more: ranges of them are not read for ever."""
    monkeypatch.setattr(id_ranges, "MOST_IDS", 5_000)
    asked = 0

    def endless(where: Any, **_: object) -> ProcessPage:
        nonlocal asked
        asked += 1
        assert asked < 1000, "it reads on and on"
        bounds = where["id"]
        low = uuid.UUID(bounds.get(">=", str(uuid.UUID(int=0)))).int
        high = uuid.UUID(bounds["<"]).int if "<" in bounds else 1 << 128
        count = 100 if high - low > wide else 50
        step = max(1, (high - low) // count)
        keys = [low + n * step for n in range(min(count, high - low))]
        rows = [{"id": str(uuid.UUID(int=key)), "createdAt": NOW} for key in keys]
        return ProcessPage(rows, has_more=count == 100, server_time=NOW)

    assert by_ids(endless, {"createdAt": {"=": "2026-09-21T14:13:20.000Z"}}) is None
