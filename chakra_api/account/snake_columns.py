"""What the members of one object are called as columns in snake case, each another. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.account.loader_names import told_apart
from chakra_api.account.snake_case import SEPARATOR, snake_path

if TYPE_CHECKING:
    from collections.abc import Collection

    from chakra_api.account.loader_names import Clash


def snake_columns(names: Collection[str], group: str = "") -> tuple[dict[str, str], list[Clash]]:
    """What names become in snake case, each another; and those that would have become one.

    Args:
        names: Each once.
        group: The object that they are members of; empty for columns of their own.
    """
    before = f"{group}{SEPARATOR}" if group else ""
    # A suffix is made of the whole path, as that of dlt's columns is.
    paths = [f"{before}{name}" for name in names]
    given, clashes = told_apart(paths, folds=lambda path: (spelled_path(path, before),))
    skipped = len(f"{snake_path(group)}{SEPARATOR}") if group else 0
    return {
        path.removeprefix(before): spelled_path(name, before)[skipped:]
        for path, name in given.items()
    }, clashes


def spelled_path(path: str, before: str) -> str:
    """A path in snake case, `derivedData__leadScore` → `derived_data__lead_score`.

    Args:
        path: The path.
        before: How it begins, up to the name of the member, which is never empty then.
    """
    member = snake_path(path.removeprefix(before))
    return f"{snake_path(before)}{SEPARATOR}{member}" if before else member
