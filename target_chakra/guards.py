"""What ChakraHQ must still hold for a change to be carried out.

A change that was decided on earlier (by a plan, or to take a run back) is looked up once more, and
written only over what it was decided on: see `planning/guarded.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Guard:
    """What a change was decided on; the process that it was decided on is the change's own.

    Attributes:
        since: What decided it, for messages: `the plan`, `run 12`.
        expected: What the process must hold, by destination. A field that is not named must hold
            what is wanted already; `isDeleted` must be false unless it is named.
        creates: Whether it is a create: no process may have its key.
        load: The load whose earlier runs may have carried it out already; it tells apart what has
            no key.
        keeps_others: Whether a field of an update that holds something else is left alone, and the
            others are written; otherwise nothing of the change is.
        untouched: Of a delete: when the process was written last, epoch milliseconds of ChakraHQ;
            one that was touched later is left alone. None if that does not matter.
        whole: Of a delete: whether `expected` is all that the process held, so that it also tells
            who wrote an attribute that is not named. It counts where ChakraHQ shows no `updatedAt`.
    """

    since: str
    expected: Mapping[str, object] = field(default_factory=dict)
    creates: bool = False
    load: str = ""
    keeps_others: bool = False
    untouched: int | None = None
    whole: bool = False
