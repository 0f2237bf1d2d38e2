"""A PostgreSQL for the journals that were kept there, and checks that say what differs."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.upgrades.journals", "tests.upgrades.played")
