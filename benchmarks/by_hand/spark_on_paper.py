"""What tasks of Spark take on paper: answers that wait for each other, and the limit of requests.

    seconds = max(answers in turn * seconds of an answer, requests ÷ requests per second)

A reader waits for one answer after the other. A page brings 98 rows that are new, and a reader's
last ones bring few. So `tasks` of `readers` each wait for

    rows ÷ (98 * tasks * readers) + 2

answers in turn. (Counted in process, 60,000 rows and 8 readers: 41 for two tasks, 21 for four, 11
for eight; and 86 for one process, where one reader begins and one ends.) An answer takes what it
takes one process in the same run. Start-up is apart: a plan takes about twelve answers in turn,
whatever the number of tasks.
"""

from __future__ import annotations

from typing import NamedTuple

NEW_ROWS = 98
"""Rows of a page that no other page brings."""
LAST_ANSWERS = 2
"""Answers in turn that bring few rows."""
PLANNING = 51
"""Requests of a plan, its cuts apart: one for each part."""
READERS = 8
MANY = 1_000_000
TASKS = (1, 2, 4, 10, 100)
LIMITS = (60, 300)
"""Requests per second that ChakraHQ may allow."""


class Paper(NamedTuple):
    """A read on paper.

    Attributes:
        in_turn: Answers for which a reader waits, one after the other.
        requests: All that are asked for.
    """

    in_turn: float
    requests: int

    def seconds(self, answer: float, limit: float = float("inf")) -> float:
        """How long it takes.

        Args:
            answer: Seconds of an answer.
            limit: Requests per second that are allowed, of all tasks together.
        """
        return max(self.in_turn * answer, self.requests / limit)


def on_paper(rows: int, tasks: int, readers: int) -> Paper:
    """What so many tasks with so many readers each take to read so many rows."""
    parts = tasks * readers
    requests = rows / NEW_ROWS + parts / 2 + parts + PLANNING
    return Paper(rows / (NEW_ROWS * parts) + LAST_ANSWERS, round(requests))


def paper_table(answer: float) -> str:
    """How long a million rows take, as a Markdown table.

    Args:
        answer: Seconds of an answer.
    """
    head = "| executors | no limit |"
    head += "".join(f" {limit} requests/s |" for limit in LIMITS)
    lines = [head, "|---" * (len(LIMITS) + 2) + "|"]
    for tasks in TASKS:
        paper = on_paper(MANY, tasks, READERS)
        cells = [paper.seconds(answer), *(paper.seconds(answer, limit) for limit in LIMITS)]
        lines.append(f"| {tasks} | " + " | ".join(f"{each:,.0f} s" for each in cells) + " |")
    return (
        f"On paper, {MANY:,} rows, executors of one task with {READERS} readers,"
        f" {answer * 1000:.0f} ms per answer:\n\n" + "\n".join(lines)
    )
