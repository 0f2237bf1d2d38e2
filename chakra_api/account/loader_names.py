"""Names that loaders take for one, and names in their place that no loader does. Pure.

Loaders change names: to lower case, to snake case, and cut to the 63 bytes that PostgreSQL has. Of
names that become one, the first keeps its own: one that a loader leaves as it is, then in the order
of their letters, never in that of the configuration. Each other gets a suffix that is made of
itself alone, so that it is the same in each run, whoever else comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

MOST_BYTES: Final = 63
_SUFFIX: Final = 8
_BREAKS: Final = (re.compile(r"([^_])([A-Z][a-z]+)"), re.compile(r"([a-z0-9])([A-Z])"))
_REDUCED: Final = str.maketrans("+-*@|", "x_xal")


def _bytes(name: str) -> bytes:
    """In UTF-8, half a surrogate pair too, which JSON can hold."""
    return name.encode(errors="surrogatepass")


def _cut(name: str) -> str:
    return _bytes(name)[:MOST_BYTES].decode(errors="ignore")


def _snake(name: str) -> str:
    """As dlt's `snake_case` does, but for its leading and trailing underscores."""
    made = re.sub(r"[^a-zA-Z0-9_]+", "_", name.strip().translate(_REDUCED))
    for each in _BREAKS:
        made = each.sub(r"\1_\2", made)
    return re.sub(r"_+", "_", made.lower())


def _conformed(name: str) -> str:
    """As the loaders do that are built on Meltano's SDK."""
    kept = re.sub(r"[^a-zA-Z0-9_\-.\s]", "", name)
    return re.sub(r"[.\- ]", "_", kept.lower().strip())


def loader_names(name: str) -> frozenset[str]:
    """What loaders make of a name."""
    return frozenset(_cut(each(name)) for each in (str.lower, _snake, _conformed))


@dataclass(frozen=True, slots=True)
class Clash:
    """Two names that become one.

    Attributes:
        name: The later one.
        first: The one that keeps its name.
        given: What the later one is called in its place.
    """

    name: str
    first: str
    given: str


def told_apart(
    names: Collection[str],
    *,
    folds: Callable[[str], Iterable[str]] = loader_names,
    held: Mapping[str, str] | None = None,
    taken: Iterable[str] = (),
) -> tuple[dict[str, str], list[Clash]]:
    """What each name is called, and the clashes among them.

    Args:
        names: Each once.
        folds: What becomes of a name; two names clash where any of it is the same.
        held: What names were called before, which stays.
        taken: Names of others, which none of these may have.
    """
    before = held or {}
    folded = {name: tuple(folds(name)) for name in names}
    owners = {fold: name for name in taken for fold in folds(name)}
    called: dict[str, str] = {}
    clashes: list[Clash] = []
    for name in sorted(
        names, key=lambda each: (each not in before, each not in folded[each], each)
    ):
        given = before.get(name, name)
        becomes = folded[name] if given == name else tuple(folds(given))
        first = next((owners[fold] for fold in becomes if fold in owners), None)
        if first is not None:
            given = with_suffix(name)
            while not owners.keys().isdisjoint(becomes := tuple(folds(given))):
                given = with_suffix(given)
            clashes.append(Clash(name, first, given))
        called[name] = given
        owners |= dict.fromkeys(becomes, name)
    return {name: called[name] for name in names}, clashes


def with_suffix(name: str) -> str:
    """The name with a suffix that is made of it alone, short enough for every loader."""
    suffix = sha256(_bytes(name)).hexdigest()[:_SUFFIX]
    return f"{_fitting(name, MOST_BYTES - len('derived_data__') - _SUFFIX - 1)}_{suffix}"


def _fitting(name: str, most: int) -> str:
    """As much of a name as stays within so many bytes as snake case, which may be longer."""
    kept = name[:most]
    while len(_bytes(_snake(kept))) > most or len(_bytes(kept)) > most:
        kept = kept[:-1]
    return kept
