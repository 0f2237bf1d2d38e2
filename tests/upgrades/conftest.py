"""A PostgreSQL for the journals that were kept there."""

from __future__ import annotations

from tests.integration.conftest import postgres

__all__ = ["postgres"]
