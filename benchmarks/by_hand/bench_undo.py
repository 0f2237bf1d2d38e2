"""Takes a large run back: `python benchmarks/by_hand/bench_undo.py --rows 10000`.

Of the rows 60 % are updates, 20 % deletes and 20 % creates; people edit or delete a tenth of them.
The undo is killed (SIGKILL) when half of it is submitted, and said again. Prints seconds and peak
memory of each, and ends with 1 where the sandbox's own rows are not as they must be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from chakra_sandbox.launch import start_sandbox
from tests.support.taken_back import Ended, Sizes, TakenBack

BATCH = 500


def sizes_of(rows: int) -> Sizes:
    """How much of everything."""
    fifth = rows // 5
    return Sizes(rows - 2 * fifth, fifth, fifth, edits=rows // 10, batch=BATCH)


def tell(what: str, rows: int, ended: Ended) -> None:
    """Print what a command took."""
    counts = ended.told.receipt.get("outcomes", {})
    print(
        f"{what}: {rows:,} rows in {ended.seconds:.1f} s, {rows / ended.seconds:,.0f} rows/s,"
        f" peak memory {ended.peak_mb:.0f} MB; exit code {ended.told.code};"
        f" { ({name: count for name, count in counts.items() if count}) }",
        flush=True,
    )


def measure(sizes: Sizes, job_ms: int) -> list[str]:
    """Write, edit, kill and take back; what is not as it must be."""
    options = ["--rows", str(sizes.updates + sizes.deletes + 1000), "--tickets", "0"]
    with start_sandbox([*options, "--orders", "0"]) as sandbox, tempfile.TemporaryDirectory() as of:
        sandbox.knobs(delete_mode="soft_listed", job_duration_ms=job_ms)
        story = TakenBack(sandbox, Path(of), sizes)
        tell("run", sizes.written, story.write())
        time.sleep(2.1)  # who edits what was created is told by a clock that counts seconds
        story.touch()
        print(f"{len(story.wrong()):,} processes are not as they are to be after undo", flush=True)
        back = story.kill_an_undo(sizes.written // BATCH // 2)
        print(f"undo, killed: {back:,} of {sizes.written:,} are back", flush=True)
        last = story.undo()
        tell("undo, again", sizes.written, last)
        kept = len(story.kept())
        print(f"{len(story.people):,} were changed by people; {kept:,} fields are kept", flush=True)
        return story.wrong() + ([] if last.told.code == 0 else [last.told.stderr[-2000:]])


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--job-ms", type=int, default=300)
    options = parser.parse_args()
    wrong = measure(sizes_of(options.rows), options.job_ms)
    for each in wrong[:10]:
        print(f"wrong: {each}")
    print(f"{len(wrong):,} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
