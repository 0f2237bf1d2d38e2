"""Keeps the totals of the campaigns, and writes `docs/faults.md` from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.campaigns import Total

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "output" / "faults"
PAGE = ROOT / "docs" / "faults.md"


def keep(total: Total, seconds: float) -> None:
    """Store a campaign's total."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    body = {
        "name": total.name,
        "cases": total.cases,
        "rows": total.rows,
        "runs": total.runs,
        "unknown": total.unknown,
        "faults": dict(sorted(total.faults.items())),
        "lost": total.lost,
        "doubled": total.doubled,
        "wrong": total.wrong,
        "failed": total.failed,
        "seconds": round(seconds),
    }
    (FOLDER / f"{total.name}.json").write_text(json.dumps(body, indent=1))


def report() -> None:
    """Write the page from what was kept last."""
    kept = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
    PAGE.write_text(page(kept))


def page(kept: list[dict[str, Any]]) -> str:
    raise NotImplementedError
