"""Writes the pictures of documents: pages of real runs, as a browser shows them.

python -m tests.browser.pictures
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.browser.chromium import had
from tests.browser.devtools import Browser, Tab
from tests.browser.real_pages import real_pages

FOLDER: Final = Path(__file__).parent.parent.parent / "docs" / "pictures"
PICTURES: Final = {
    "target-report": ("target", 1000, 1500, False),
    "tap-report": ("tap", 1000, 1500, False),
    "dashboard": ("dashboard", 1000, 1500, False),
    "tap-report-dark": ("tap", 390, 844, True),
}
"""By name: which page, how wide, how high, and whether dark."""


def main() -> None:
    """Write them."""
    path = had()
    if path is None:
        sys.exit("There is no Chromium")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = real_pages(folder, rows=3_000)
        browser = Browser(path, folder / "profile")
        try:
            for picture, (page, width, height, dark) in PICTURES.items():
                tab = Tab(browser, pages[page], width=width, dark=dark)
                (FOLDER / f"{picture}.png").write_bytes(tab.picture(height))
                tab.close()
        finally:
            browser.close()


if __name__ == "__main__":
    main()
