"""What a scan asks the server next (`division.py`), for whoever has it answered (`scan.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tap_chakra.windows import Window

Kind = Literal["window", "page", "hint", "crowd"]


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask.

    Attributes:
        kind: `window`: all of it; `page`: the listing of it from `skip` on; `hint`: one row of
            that listing; `crowd`: all of it, known to be more than an answer holds.
        window: The window.
        skip: Rows of its listing to leave out.
    """

    kind: Kind
    window: Window
    skip: int = 0
