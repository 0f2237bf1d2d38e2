"""The tap with as many readers as its setting says, whatever comes of it.

python benchmarks/fixed_readers.py --config config.json --catalog catalog.json
"""

from __future__ import annotations

from chakra_api import crew_size
from chakra_api.crew_size import CrewSize, Round
from tap_chakra.__main__ import main


def _unmoved(size: CrewSize, _round: Round) -> CrewSize:
    return size


def _undaunted(size: CrewSize, _now: float) -> CrewSize:
    return size


def _all(most: int) -> CrewSize:
    return CrewSize(most, most, most, most)


if __name__ == "__main__":
    crew_size.CrewSize.after = _unmoved  # type: ignore[method-assign]
    crew_size.CrewSize.complained = _undaunted  # type: ignore[method-assign]
    crew_size.CrewSize.at_first = staticmethod(_all)  # type: ignore[method-assign, assignment]
    main()
