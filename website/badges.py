"""Badges of the README: what the build itself knows, as pictures, so that no service is asked.

They stand in docs/pictures, are made by `make reference`, and a test compares them.
"""

from __future__ import annotations

import re
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parent.parent
FOLDER: Final = ROOT / "docs" / "pictures"
_LETTER: Final = 6.6
"""How wide a letter is, about."""


def badge(label: str, value: str) -> str:
    """A badge, as SVG.

    Args:
        label: What it is about, on the left.
        value: What is so, on the right.
    """
    left, right = (round(len(text) * _LETTER) + 14 for text in (label, value))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20"'
        f' role="img" aria-label="{label}: {value}">'
        f"<title>{label}: {value}</title>"
        f'<rect width="{left + right}" height="20" rx="3" fill="#444c56"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-{right - 3}z"'
        ' fill="#0969da"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"'
        ' text-anchor="middle">'
        f'<text x="{left / 2}" y="14">{label}</text>'
        f'<text x="{left + right / 2}" y="14">{value}</text></g></svg>\n'
    )


def badges() -> Mapping[str, str]:
    """Each badge, by its name."""
    project = metadata("chakra-connectors")
    minors = re.findall(r"Python :: 3\.(\d+)", "\n".join(project.get_all("Classifier") or ()))
    return {
        "version": badge("version", project["Version"]),
        "python": badge("python", f"3.{minors[0]} to 3.{minors[-1]}"),
        "licence": badge("licence", project["License-Expression"]),
        "types": badge("types", "mypy strict"),
    }


def files() -> dict[Path, str]:
    """Each badge as a file."""
    return {FOLDER / f"badge-{name}.svg": text for name, text in badges().items()}
