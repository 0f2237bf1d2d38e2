"""Draws what `make demo` says: `make terminal-picture` runs it, and writes a picture of a terminal.

Of three tables one is shown, and addresses of this machine are not. All else is as it was said.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT: Final = Path(__file__).parent.parent
PICTURE: Final = ROOT / "docs" / "pictures" / "demo.svg"
WIDTH: Final = 100
LEFT_OUT: Final = ("Leads by city", "Leads by owner")
THEME: Final = TerminalTheme(
    (13, 17, 23),
    (230, 237, 243),
    [(13, 17, 23), (255, 123, 114), (63, 185, 80), (210, 153, 34)] * 2,
)
FORM: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""
"""As rich has it, but for the fonts that it fetches."""


def shown(said: str) -> str:
    """What is shown of what the demo said.

    Args:
        said: All of it.
    """
    parts = said.strip().split("\n\n")
    kept = [part for part in parts if not part.startswith(LEFT_OUT)]
    if len(kept) < len(parts):
        kept.insert(kept.index(next(part for part in kept if part.startswith("Leads by"))) + 1, "…")
    text = "\n\n".join(kept)
    return re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:8765", text)


def picture(text: str) -> str:
    """A terminal in which `make demo` was typed, as SVG.

    Args:
        text: What it said.
    """
    console = Console(record=True, width=WIDTH, file=io.StringIO(), color_system="truecolor")
    console.print(Text("$ make demo", style="bold green"))
    for line in text.splitlines():
        step = re.match(r"\d+\. ", line) is not None
        console.print(Text(line, style="bold" if step else ""))
    svg = console.export_svg(title="make demo", theme=THEME, code_format=FORM, unique_id="demo")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> int:
    """Run the demo and draw it; the exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        return done.returncode
    PICTURE.write_text(picture(shown(done.stdout)))
    print(f"wrote {PICTURE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
