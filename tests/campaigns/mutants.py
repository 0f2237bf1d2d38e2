"""Mutation testing of what decides: which changed lines no test notices.

    python -m tests.campaigns.mutants [--report-only]

Mutmut changes the modules that `pyproject.toml` lists, one place at a time, and runs the unit tests
of each. Writes `docs/mutants.md`: the share that is found out by module, and every change that is
not, as a diff. Ends with 1 where a module is below the bar.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "mutants.md"
BAR = 0.90
MUTMUT = Path(sys.executable).with_name("mutmut")
FOUND_OUT = frozenset({"killed", "timeout", "caught by type check", "segfault"})
RESULT = re.compile(r"\s*(\S+): (.+)")


def results() -> dict[str, str]:
    """What became of each mutant, by its name."""
    told = mutmut("results", "--all", "true")
    return {m[1]: m[2] for line in told.splitlines() if (m := RESULT.fullmatch(line))}


def mutmut(*words: str) -> str:
    """What the tool prints."""
    done = subprocess.run([MUTMUT, *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout


def module_of(name: str) -> str:
    """The module that a mutant's name begins with: `a.b.x_f__mutmut_1` or `a.b.xǁCǁf__mutmut_1`."""
    return name.rpartition(".")[0]


def counted(found: dict[str, str]) -> dict[str, Counter[str]]:
    """What became of the mutants of each module."""
    by_module: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, what in found.items():
        by_module[module_of(name)][what] += 1
    return by_module


def page(found: dict[str, str], diffs: dict[str, str]) -> str:
    """The page: a table by module, then each survivor."""
    lines = [
        "# Mutants",
        "",
        "Written by `make mutants`. Mutmut changes one place of the modules that decide; the unit",
        f"tests must notice. The bar is {BAR:.0%} of each module.",
        "",
        "| module | mutants | found out | share |",
        "|---|---:|---:|---:|",
    ]
    for module, counts in sorted(counted(found).items()):
        count, caught = counts.total(), caught_of(counts)
        lines.append(f"| `{module}` | {count} | {caught} | {caught / count:.1%} |")
    lines += ["", "## Not found out", ""]
    for name in sorted(diffs):
        lines += [f"`{name}` ({found[name]})", "", "```diff", diffs[name], "```", ""]
    return "\n".join(lines)


def caught_of(counts: Counter[str]) -> int:
    """How many of them a test noticed."""
    return sum(counts[what] for what in FOUND_OUT)


def diff_of(name: str) -> str:
    """The lines that a mutant changes."""
    lines = mutmut("show", name).splitlines()
    return "\n".join(x for x in lines if x[:1] in "+-" and x[:3] not in ("+++", "---"))


def main() -> None:
    """Run it, write the page, say which modules miss the bar."""
    if "--report-only" not in sys.argv[1:]:
        subprocess.run([MUTMUT, "run"], cwd=ROOT, check=False)
    found = results()
    diffs = {name: diff_of(name) for name, what in found.items() if what not in FOUND_OUT}
    PAGE.write_text(page(found, diffs))
    modules = counted(found).items()
    low = [m for m, counts in modules if caught_of(counts) < BAR * counts.total()]
    print(f"{len(found):,} mutants, {len(diffs):,} not found out; see {PAGE.relative_to(ROOT)}")
    if low or not found:
        sys.exit(f"below the bar: {', '.join(sorted(low)) or 'nothing was tried'}")


if __name__ == "__main__":
    main()
