"""Judges: each reads a history and says what breaks one promise; they know nothing of the writer.

They compare the server's own rows with the input, the STATE lines, the rows on record and the
receipts. `test_judges.py` shows for each of them a history that it condemns.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.campaigns.simulated.history import Ended, History, Kept, Name, Passed, Wish

    Judge = Callable[[History], list[str]]

OUTCOMES = frozenset(
    {
        "created",
        "merged",
        "updated",
        "deleted",
        "unchanged",
        "superseded",
        "kept",
        "rejected",
        "unknown",
        "in flight",
        "not sent",
    }
)
LEFT = ("unknown", "in flight", "not sent")
"""What a run that ended well has none of."""
DONE, REJECTS = 0, 7
CLOSED_WELL = frozenset({"sent again"})


def alike(wanted: Any, held: Any) -> bool:
    """Whether a value is what was asked for, whatever case, blanks or plus the server dropped."""
    return _plain(wanted) == _plain(held)


def _plain(value: Any) -> str:
    return str(value).strip().lower().removeprefix("+")


def _is_there(wish: Wish, kept: Kept) -> bool:
    return all(alike(value, kept.data.get(name)) for name, value in wish.data.items())


def _by_name(kept: Iterable[Kept]) -> dict[Name, list[Kept]]:
    found: dict[Name, list[Kept]] = defaultdict(list)
    for each in kept:
        found[each.name].append(each)
    return found


def _wishes_of(history: History, *, keyed: bool) -> dict[Name, list[tuple[int, Wish]]]:
    """By name: the rows about it that can be written, with their place in the input."""
    found: dict[Name, list[tuple[int, Wish]]] = defaultdict(list)
    for at, wish in enumerate(history.wishes):
        if wish.keyed is keyed and wish.fits:
            found[wish.name].append((at, wish))
    return found


def _acceptable(wishes: Sequence[tuple[int, Wish]], optional: frozenset[int]) -> list[Wish | None]:
    """What a process may be like: as its last row says, or as one on record behind it does.

    None stands for "as it was", where every row about it is on record.
    """
    found: list[Wish | None] = []
    for at, wish in reversed(wishes):
        found.append(wish)
        if at not in optional:
            return found
    return [*found, None]


def _fits(wish: Wish | None, living: Sequence[Kept]) -> bool:
    if wish is None:
        return True
    if wish.deletes:
        return not living
    return len(living) == 1 and _is_there(wish, living[0])


def _unwritten(history: History) -> frozenset[int]:
    """Rows that are on record as rejected, and were not written when they were sent again."""
    return frozenset(r.line - 1 for r in history.rejects if r.closed not in CLOSED_WELL)


# The rows at the end


def last_value_wins(history: History) -> list[str]:
    """Nothing is lost: each process is as the last row about it says; deleted ones stay deleted."""
    if not _came_to_an_end(history):
        return [f"the input was never finished: {_codes(history)}"]
    optional, kept = _unwritten(history), _by_name(k for k in history.kept if k.lives)
    found = []
    for name, wishes in _wishes_of(history, keyed=True).items():
        allowed = _acceptable(wishes, optional)
        if not any(_fits(wish, kept[name]) for wish in allowed):
            held = [dict(each.data) for each in kept[name]]
            found.append(f"{name} should be {_said(allowed[0])} and is {held}")
    return found


def _said(wish: Wish | None) -> str:
    return "as before" if wish is None else "deleted" if wish.deletes else str(dict(wish.data))


def keyless_rows_are_there_once(history: History) -> list[str]:
    """Each row without a key is there as often as the input brings it."""
    if not _came_to_an_end(history):
        return []
    optional, kept = _unwritten(history), _by_name(k for k in history.kept if k.lives)
    found = []
    for name, wishes in _wishes_of(history, keyed=False).items():
        count, most = len(kept[name]), len(wishes)
        least = most - sum(at in optional for at, _ in wishes)
        if not least <= count <= most:
            found.append(f"{name} is there {count} times, not {most}")
    return found


def nothing_is_created_twice(history: History) -> list[str]:
    """No process that a row names with a key was ever made a second time."""
    old = Counter(each.name for each in history.before)
    ever = Counter(each.name for each in history.kept)
    found = []
    for name, wishes in _wishes_of(history, keyed=True).items():
        most = max(1, old[name])
        if ever[name] > most:
            what = "deleted and made again" if any(w.deletes for _, w in wishes) else "made"
            found.append(f"{name} was {what}: {ever[name]} processes had the key, not {most}")
    return found


def others_are_left_alone(history: History) -> list[str]:
    """Processes that no row is about are as they were."""
    if history.merges:
        return []
    wished = {wish.name for wish in history.wishes}
    after = {each.id: each for each in history.kept}
    return [
        f"{each.name} was changed, and no row is about it"
        for each in history.before
        if each.name not in wished and after.get(each.id) != each
    ]


# The accounts


def rows_add_up(history: History) -> list[str]:
    """Each run that could still speak accounts for every row that it took, however it ended."""
    found = []
    for ended in history.ended:
        if ended.code is None:
            continue
        if "rows_in" not in ended.receipt:
            if ended.fed:
                found.append(f"run {ended.run} ended with {ended.code} and gave no receipt")
            continue
        rows, outcomes = ended.receipt["rows_in"], ended.receipt["outcomes"]
        if set(outcomes) - OUTCOMES:
            found.append(f"run {ended.run} names outcomes that there are not: {outcomes}")
        if rows != ended.fed or sum(outcomes.values()) != rows:
            found.append(
                f"run {ended.run} took {ended.fed} rows and accounts for {rows}: {outcomes}"
            )
    return found


def unknown_is_never_silent(history: History) -> list[str]:
    """Exit code 0 means that nothing is unknown or unsent, and that all of the input is settled."""
    found = []
    for ended in history.ended:
        if ended.code != DONE or not ended.receipt:
            continue
        outcomes = ended.receipt["outcomes"]
        if ended.receipt.get("unknown") or any(map(outcomes.get, LEFT)):
            found.append(f"run {ended.run} ended with 0 and leaves rows: {outcomes}")
        if ended.covered < len(history.wishes):
            found.append(
                f"run {ended.run} ended with 0, its last STATE covers {ended.covered} rows"
            )
    return found


def unknown_rows_are_listed(history: History) -> list[str]:
    """`unknown` lists what a receipt counts, and nothing that a run has settled since.

    A row that is unknown holds STATE back, so that its source brings it until it is settled: once
    a run has ended well with all of the input, none is left.
    """
    found = []
    for ended in history.ended:
        if ended.listed is None:
            continue
        unknown = ended.receipt.get("unknown", 0)
        if len(ended.listed) < unknown:
            found.append(f"run {ended.run} has {unknown} unknown rows: {len(ended.listed)} listed")
        all_settled = ended.code in (DONE, REJECTS) and ended.covered == len(history.wishes)
        if all_settled and not unknown and ended.listed:
            found.append(f"run {ended.run} ended with {ended.code} and leaves {ended.listed}")
    return found


def exits_are_documented(history: History) -> list[str]:
    """No run ends in a fault of its own (1) or with a code that no table has."""
    known = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10}
    return [
        f"run {ended.run} ended with {ended.code}: {ended.receipt.get('error', '')}"
        for ended in history.ended
        if ended.code is not None and ended.code not in known
    ]


# The STATE lines


def states_are_covered(history: History) -> list[str]:
    """When a STATE was printed, every row before it was settled: there, gone, or on record."""
    found, before = [], 0
    wishes = _wishes_of(history, keyed=True)
    for passed in history.passed:
        for at in range(before, passed.rows):
            wish = history.wishes[at]
            if not wish.fits and at not in passed.rejected:
                found.append(f"STATE {passed.rows} covers row {at + 1}, bad and not on record")
            elif wish.fits and wish.keyed:
                found += _ahead(passed, wish.name, wishes[wish.name])
        found += _keyless_ahead(history, passed)
        before = max(before, passed.rows)
    return found


def _ahead(passed: Passed, name: Name, wishes: Sequence[tuple[int, Wish]]) -> list[str]:
    living = passed.kept.get(name, ())
    due = [(at, wish) for at, wish in wishes if at < passed.rows]
    later = [wish for at, wish in wishes if passed.rows <= at < passed.fed]
    allowed = [*_acceptable(due, passed.rejected), *later]
    if any(_fits(wish, living) for wish in allowed):
        return []
    held = [dict(each.data) for each in living]
    return [f"STATE {passed.rows} is ahead: {name} is {held}, not {_said(allowed[0])}"]


def _keyless_ahead(history: History, passed: Passed) -> list[str]:
    wanted = Counter(
        wish.name
        for at, wish in enumerate(history.wishes[: passed.rows])
        if not wish.keyed and wish.fits and at not in passed.rejected
    )
    return [
        f"STATE {passed.rows} is ahead of {name}: there {len(kept)} times, not {wanted[name]}"
        for name, kept in passed.kept.items()
        if len(kept) < wanted[name]
    ]


# The rejects


def rejects_hold_the_row(history: History) -> list[str]:
    """What is on record is the row as it came, with a reason."""
    found = []
    for reject in history.rejects:
        wish = history.wishes[reject.line - 1]
        if dict(reject.row) != dict(wish.row) or reject.stream != wish.stream:
            found.append(f"the reject of line {reject.line} is not its row: {reject.row}")
        if not reject.reason:
            found.append(f"the reject of line {reject.line} has no reason")
    return found


def bad_rows_are_on_record(history: History) -> list[str]:
    """A row that can't be written is on record, and no other row of its place is lost by it."""
    if not _came_to_an_end(history):
        return []
    lines = {reject.line - 1 for reject in history.rejects}
    return [
        f"row {at + 1} can't be written and is not on record"
        for at, wish in enumerate(history.wishes)
        if not wish.fits and at not in lines
    ]


def replay_sends_exactly_those(history: History) -> list[str]:
    """Sending the rejects again takes each open one once, and sends nothing else."""
    replay = history.replay
    if replay is None:
        return []
    names = {history.wishes[each.line - 1].name[1] for each in replay.open}
    found = [f"{name} was sent again, and is no reject" for name in sorted(replay.sent - names)]
    rows = replay.receipt.get("rows_in")
    if rows != len(replay.open):
        found.append(f"{len(replay.open)} rejects were open, and {rows} rows were sent again")
    return found


# The wire


def no_request_inside_a_pause(history: History) -> list[str]:
    """Nothing leaves while a pause lasts that an answer asked for."""
    pauses = [(r.run, r.came, r.came + r.pause) for r in history.requests if r.pause]
    return [
        f"run {run}: {r.method} {r.path} left {end - r.left:.2f} s before a pause was over"
        for run, begin, end in pauses
        for r in history.requests
        if r.run == run and begin < r.left < end - 1e-6
    ]


def no_process_is_in_two_jobs(history: History) -> list[str]:
    """Two jobs never hold a process at once.

    A job holds it until its own item is done: one that was read back as written may be written
    again, though other items of a job that nobody knew of are still to come. No longer, though,
    than the time that a job is given.
    """
    held: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    most = int(history.job_timeout * 1000)
    for job in history.jobs:
        for name, until in job.until_ms.items():
            held[name].append((job.taken_ms, min(until, job.taken_ms + most), job.id))
    return [
        f"{name} was in two jobs at once: {one} and {other}"
        for name, spans in held.items()
        if len(spans) > 1
        for one, other in combinations(sorted(spans), 2)
        if other[0] < one[1]
    ]


def no_secret_is_told(history: History) -> list[str]:
    """The key is in nothing that was printed or stored."""
    return [
        f"the key is in an output: …{text[max(0, at - 40) : at]}"
        for text in history.output
        if (at := text.find(history.secret)) >= 0
    ]


def _came_to_an_end(history: History) -> bool:
    ended = history.ended[-1] if history.ended else None
    if ended is None or ended.code not in (DONE, REJECTS):
        return False
    return ended.covered == len(history.wishes)


def _codes(history: History) -> list[int | None]:
    return [ended.code for ended in history.ended]


JUDGES: tuple[Judge, ...] = (
    last_value_wins,
    keyless_rows_are_there_once,
    nothing_is_created_twice,
    others_are_left_alone,
    rows_add_up,
    unknown_is_never_silent,
    unknown_rows_are_listed,
    exits_are_documented,
    states_are_covered,
    rejects_hold_the_row,
    bad_rows_are_on_record,
    replay_sends_exactly_those,
    no_request_inside_a_pause,
    no_process_is_in_two_jobs,
    no_secret_is_told,
)


WHATEVER_ASKS: tuple[Judge, ...] = (
    exits_are_documented,
    no_process_is_in_two_jobs,
    no_request_inside_a_pause,
    no_secret_is_told,
)
"""The judges of runs whose rows are of no input: a plan's actions, an undo's."""


def of_no_input(history: History, ended: Iterable[Ended]) -> list[str]:
    """What breaks a promise of runs whose rows are of no input.

    Args:
        history: All that was.
        ended: The runs of which 0 says that no row is left.
    """
    found = [f"{judge.__name__}: {fault}" for judge in WHATEVER_ASKS for fault in judge(history)]
    return found + [
        f"run {each.run} ended with 0 and leaves rows: {each.receipt['outcomes']}"
        for each in ended
        if each.code == DONE and any(map(each.receipt["outcomes"].get, LEFT))
    ]


def verdict(history: History) -> list[str]:
    """Everything that any judge condemns."""
    return [f"{judge.__name__}: {fault}" for judge in JUDGES for fault in judge(history)]
