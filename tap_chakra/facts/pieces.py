"""The pieces of time that the answers of a scan were about, few enough to be kept and drawn.

Where there would be more than twice `MOST_PIECES`, each two neighbours become one, which then spans
both. Which time was read for good is not told by them but by what a scan has covered.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_chakra.timeline.windows import Window

MOST_PIECES: Final = 300
PieceKind = Literal["window", "cut", "walk", "dense"]
"""`window`: an answer held all of it. `cut`: it held more than an answer, and was cut. `walk`: a
page of a listing in a proven order. `dense`: an instant with more rows than an answer holds."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of time that one answer was about, or several neighbouring ones.

    Attributes:
        kind: What the answers were.
        lower: Where it begins, epoch milliseconds; None for no lower bound.
        upper: Where it ends; None for no upper bound.
        rows: Rows that were taken of it.
        answers: How many answers it stands for.
    """

    kind: PieceKind
    lower: int | None
    upper: int | None
    rows: int
    answers: int = 1


class Pieces:
    """Takes the pieces of a scan's time, answer by answer."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []

    def note_window(self, kind: PieceKind, window: Window, rows: int) -> None:
        """An answer was about a window."""
        self._note(Piece(kind, window.lower, window.upper, rows))

    def note_page(self, created: Sequence[int], rows: int) -> None:
        """A page of a walk held rows of these instants."""
        dated = [at for at in (created[0], created[-1]) if at] if created else []
        if dated:
            self._note(Piece("walk", min(dated), max(dated) + 1, rows))

    def _note(self, piece: Piece) -> None:
        self._pieces.append(piece)
        if len(self._pieces) >= 2 * MOST_PIECES:
            self._pieces = halved(self._pieces)

    def all(self) -> tuple[Piece, ...]:
        """The pieces, by kind and in order of time."""
        found = sorted(self._pieces, key=_place)
        while len(found) > MOST_PIECES:
            found = halved(found)
        return tuple(found)


def halved(pieces: Iterable[Piece]) -> list[Piece]:
    """Each two neighbours of a kind as one."""
    found: list[Piece] = []
    for _, alike in groupby(sorted(pieces, key=_place), key=lambda each: each.kind):
        found += _in_pairs(list(alike))
    return found


def _in_pairs(pieces: list[Piece]) -> Iterator[Piece]:
    for first, second in zip(pieces[::2], pieces[1::2], strict=False):
        uppers = [each for each in (first.upper, second.upper) if each is not None]
        upper = max(uppers) if len(uppers) == len((first, second)) else None
        rows, answers = first.rows + second.rows, first.answers + second.answers
        yield Piece(first.kind, first.lower, upper, rows, answers)
    if len(pieces) % 2:
        yield pieces[-1]


def _place(piece: Piece) -> tuple[str, float]:
    return piece.kind, float("-inf") if piece.lower is None else piece.lower
