"""A run leaves the process that it is in as it found it."""

from __future__ import annotations

import gc
from contextlib import ExitStack

import pytest

from chakra_plugin.rare_gc import RARE_THRESHOLDS, rare_collections


def test_the_last_of_several_runs_puts_back_what_was_before_the_first() -> None:
    before = gc.get_threshold()
    first, second = ExitStack(), ExitStack()
    first.enter_context(rare_collections())
    second.enter_context(rare_collections())
    assert gc.get_threshold() == RARE_THRESHOLDS
    first.close()
    assert gc.get_threshold() == RARE_THRESHOLDS
    second.close()
    assert gc.get_threshold() == before


def test_a_run_that_fails_puts_it_back_too() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="no"), rare_collections():
        raise ValueError("no")
    assert gc.get_threshold() == before
