"""Mappings that no stream of a run has used, and the stream that each may have meant. Pure."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from chakra_api.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from target_chakra.stream_mapping import StreamMapping


def unused_said(mappings: Sequence[StreamMapping], came: Collection[str]) -> str | None:
    """One line about the mappings that no stream has used; None if all were.

    Args:
        mappings: The setting `streams`; the first that fits a stream counts.
        came: The streams that came.
    """
    used = {
        next((at for at, each in enumerate(mappings) if _fits(each, name)), None) for name in came
    }
    parts = [_said(each, came) for at, each in enumerate(mappings) if at not in used]
    if not parts:
        return None
    return f"Of the setting streams nothing used {'; '.join(parts)}"


def _said(mapping: StreamMapping, came: Collection[str]) -> str:
    named = f"the mapping of '{mapping.stream}'"
    if any(_fits(mapping, name) for name in came):
        return f"{named}: an earlier mapping fits the same streams, and the first one counts"
    names = sorted(came)
    if near := nearest(mapping.stream, names):
        return f"{named}: no such stream came; '{near}' did"
    return f"{named}: no such stream came ({', '.join(names) or 'none did'})"


def _fits(mapping: StreamMapping, name: str) -> bool:
    return fnmatch.fnmatchcase(name, mapping.stream)
