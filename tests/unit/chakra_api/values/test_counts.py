"""One of a kind is named as one."""

from __future__ import annotations

import pytest

from chakra_api.values.counts import counted


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "job", "0 jobs"),
        (1, "job", "1 job"),
        (1488, "row", "1,488 rows"),
        (1, "process", "1 process"),
        (2, "updated process", "2 updated processes"),
        (3, "batch", "3 batches"),
    ],
)
def test_what_is_counted_is_named_as_one_or_many(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said
