"""Whether two changes of one process can be sent as one, and that one. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from target_chakra.changes import Mode

if TYPE_CHECKING:
    from target_chakra.changes import Change


def combined(earlier: Change, later: Change) -> Change:
    """One change that does what both do, in order, field by field.

    The later one's line counts; the earlier row is superseded by it.
    """
    fields = later.fields if later.deletes else {**earlier.fields, **later.fields}
    return replace(later, fields=fields, parts=(*earlier.singles, later))


def may_combine(earlier: Change, later: Change) -> bool:
    """Whether two changes of one process can be one.

    A delete takes the place of a write that was not sent; a write never that of a delete.
    """
    return (
        earlier.key is not None
        and earlier.key == later.key
        and (_is_alike(earlier, later) or _overtakes(earlier, later))
        and not any(each.alone or each.guard is not None for each in (earlier, later))
    )


def _is_alike(earlier: Change, later: Change) -> bool:
    return earlier.mode is later.mode and earlier.deletes == later.deletes


def _overtakes(write: Change, delete: Change) -> bool:
    # An insert of what is there already is a reject, and must be one whatever follows it.
    return delete.deletes and not write.deletes and write.mode is not Mode.INSERT
