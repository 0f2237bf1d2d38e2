"""What is said of attributes that loaders take for one column. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chakra_api.account.loader_names import MOST_BYTES, loader_names, told_apart

if TYPE_CHECKING:
    from chakra_api.account.account import Procedure


def loader_warnings(procedure: Procedure) -> list[str]:
    """A sentence for each two attributes of a procedure that loaders take for one column."""
    groups = (("data", procedure.attributes), ("derivedData", procedure.derived_attributes))
    return [
        f"'{procedure.short_id}' has the attributes '{each.first}' and '{each.name}', which are one"
        f" column for loaders that write names small, in snake case or in {MOST_BYTES} bytes:"
        " deselect one, or rename it in ChakraHQ; dlt's columns give the second one a suffix"
        for prefix, attributes in groups
        for each in told_apart(
            [attribute.short_id for attribute in attributes],
            folds=partial(_column_folds, prefix),
        )[1]
    ]


def _column_folds(prefix: str, name: str) -> frozenset[str]:
    return loader_names(f"{prefix}__{name}") | {name.lower()}
