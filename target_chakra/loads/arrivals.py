"""A file of a load, on its way: which of its rows still want work, what became of the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from target_chakra.lifecycle import SETTLED, Outcome
from target_chakra.line_ranges import LineRanges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_chakra.mapping.table_hints import Hints

    Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file that is handed over to be written.

    Attributes:
        file: Its name, which is the same each time that it comes.
        stream: The table that its rows are of.
        columns: The table's columns, each with whether it holds times.
        hints: What the table says about itself.
        rows: Begins to read it: the same rows in the same order each time.
    """

    file: str
    stream: str
    columns: Mapping[str, bool]
    hints: Hints
    rows: Callable[[], Iterator[Row]]


class Unfinished(ChakraError):
    """Rows of a file have no outcome that settles them: it must come again."""

    exit_code = ExitCode.UNKNOWN


class Arrival:
    """One file in one run.

    Args:
        delivery: The file.
        settled: Its lines that earlier runs settled.
    """

    def __init__(self, delivery: Delivery, settled: LineRanges | None = None) -> None:
        self.delivery = delivery
        self.settled = settled or LineRanges()
        self._before = bool(self.settled)
        self._rows = enumerate(delivery.rows(), 1)
        self._exhausted = False
        self._open = 0
        self._left: Counter[Outcome] = Counter()
        self._unknown: set[int] = set()
        self.changed = False
        """Whether lines were settled that the journal does not know of."""

    def take(self, most: int) -> list[tuple[int, Row]]:
        """The next lines that want work, with their numbers; none once it is read to its end."""
        wanted: Iterator[tuple[int, Row]] = self._rows
        if self._before:
            wanted = (pair for pair in self._rows if pair[0] not in self.settled)
        taken = list(islice(wanted, most))
        self._exhausted = len(taken) < most
        self._open += len(taken)
        return taken

    @property
    def is_read(self) -> bool:
        """Whether every line was taken."""
        return self._exhausted

    @property
    def is_over(self) -> bool:
        """Whether every line has an outcome."""
        return self._exhausted and not self._open

    def ended(self, line: int, outcome: Outcome) -> None:
        """A line has an outcome; or one that was unknown, another."""
        if line in self._unknown:
            self._unknown.discard(line)
            self._left[Outcome.UNKNOWN] -= 1
        else:
            self._open -= 1
        if outcome is Outcome.UNKNOWN:
            self._unknown.add(line)
        if outcome in SETTLED:
            self.settled.add(line)
            self.changed = True
        else:
            self._left[outcome] += 1

    def problem(self) -> ChakraError | None:
        """Why it must come again; None if every line is settled."""
        if self._exhausted and not self._open and not self._left.total():
            return None
        unknown, unsent = self._left[Outcome.UNKNOWN], self._left[Outcome.NOT_SENT]
        under_way = self._left[Outcome.IN_FLIGHT]
        said = [f"{unknown:,} have an unknown outcome"] if unknown else []
        said += [f"{under_way:,} are in flight"] if under_way else []
        said += [f"{unsent:,} were not sent"] if unsent else []
        said += [] if self._exhausted else ["the rest was not read"]
        return Unfinished(
            f"Of the rows of '{self.delivery.stream}' {' and '.join(said) or 'some are left'}",
            "Run the pipeline again: it reads back what it can and sends the rest; target-chakra"
            " unknown lists rows with an unknown outcome",
        )
