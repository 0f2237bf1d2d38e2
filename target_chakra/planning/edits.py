"""`keep_edits`: which fields of a process a person changed, and so are left alone. Pure.

A field was changed by a person where ChakraHQ holds neither what is wanted now nor what was
written last, in whatever form ChakraHQ stores that. It is left alone for as long as the source
wants what it wanted then: what it wants anew is written. Where the journal does not know what was
written last there is no proof of an edit, and the row is written as any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_chakra.lookups.comparison import same
from target_chakra.mapping.destination_names import is_for_creates

if TYPE_CHECKING:
    from target_chakra.changes import Change, Fields, Known
    from target_chakra.lookups.comparison import Comparable


@dataclass(frozen=True, slots=True)
class EditsKept:
    """The destinations at which what people change is kept.

    Attributes:
        everywhere: Whether it is, but for the exceptions; else it is at the exceptions alone.
        exceptions: Destinations.
    """

    everywhere: bool = False
    exceptions: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        return (name in self.exceptions) != self.everywhere

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.exceptions)


def is_edited(name: str, wanted: object, known: Known | None, comparable: Comparable) -> bool:
    """Whether a field was changed by a person, as far as that is proven.

    Args:
        name: Its destination.
        wanted: What the row wants there, and ChakraHQ holds in no form.
        known: What the journal knows of the process.
        comparable: How values are compared.
    """
    if known is None:
        return False
    written = known.written
    return name in written and same(name, wanted, written[name], comparable)


def tells_more(
    change: Change, known: Known | None, kept: Fields, keeps: EditsKept, comparable: Comparable
) -> bool:
    """Whether a row that is not sent tells more than the journal knows of what was written last.

    Without that an edit of it could not be told from a value of old.

    Args:
        change: What the row wants.
        known: What the journal knows of its process.
        kept: What was edited, by destination.
        keeps: Where edits are kept.
        comparable: How values are compared.
    """
    held: Fields = known.fields if known is not None else {}
    replaced: Fields = known.replaced if known is not None else {}
    for name, value in change.values.items():
        last = replaced if name in kept else held
        if name not in keeps or is_for_creates(name):
            continue
        if name not in last or not same(name, value, last[name], comparable):
            return True
    return False
