"""When the rows of a test were created: the seven distributions of the benchmark, in small.

Written independently of `chakra_sandbox`. Each takes a count and a seeded generator, and returns
that many epoch milliseconds before `NOW`, in no order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.listing import NOW

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

DAY = 86_400_000
HOUR = 3_600_000
YEAR = 365 * DAY
END = NOW - HOUR


def uniform(count: int, rng: random.Random) -> list[int]:
    return [END - rng.randrange(YEAR) for _ in range(count)]


def daily(count: int, rng: random.Random) -> list[int]:
    """Nine to six on working days."""
    instants: list[int] = []
    while len(instants) < count:
        day = END // DAY - rng.randrange(1, 365)
        if day % 7 not in {2, 3}:  # the epoch began on a Thursday
            instants.append(day * DAY + 9 * HOUR + rng.randrange(9 * HOUR))
    return instants


def recent(count: int, rng: random.Random) -> list[int]:
    """Half of the rows in the last twentieth of the year."""
    return [END - int(YEAR * rng.random() ** 4) for _ in range(count)]


def bursts(count: int, rng: random.Random) -> list[int]:
    """A few busy hours and single milliseconds, and some rows anywhere."""
    instants: list[int] = []
    while len(instants) < count:
        at, kind = END - rng.randrange(DAY, YEAR), rng.random()
        if kind < 0.02:
            instants += [at] * rng.randrange(90, 350)
        elif kind < 0.1:
            instants += [at + rng.randrange(HOUR) for _ in range(60)]
        else:
            instants.append(at)
    return instants[:count]


def imports(count: int, rng: random.Random) -> list[int]:
    """Batches of hundreds of rows 3 ms apart, nothing else."""
    instants: list[int] = []
    while len(instants) < count:
        at = END - rng.randrange(DAY, YEAR)
        instants += [at + 3 * number for number in range(rng.randrange(200, 900))]
    return instants[:count]


def one_millisecond(count: int, rng: random.Random) -> list[int]:
    """From a twentieth to a half of the rows in one millisecond, the others anywhere."""
    together = int(count * rng.choice([0.05, 0.2, 0.5]))
    return [END - rng.randrange(YEAR)] * together + uniform(count - together, rng)


def sparse(count: int, rng: random.Random) -> list[int]:
    """Clusters of a few days, years of nothing between."""
    return [END - 3 * YEAR * rng.randrange(5) - rng.randrange(3 * DAY) for _ in range(count)]


DISTRIBUTIONS: dict[str, Callable[[int, random.Random], list[int]]] = {
    shape.__name__: shape
    for shape in (uniform, daily, recent, bursts, imports, one_millisecond, sparse)
}
