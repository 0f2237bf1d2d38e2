"""The Meltano project of the outside tests: an empty one, and what the documents say to type in it.

Of a stranger it has what they have: the folder `plugins`, in which `pip_url` of our own plugins
names the wheel, since no index has it yet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.outside import documents
from tests.outside.places import MELTANO, OURS, ROOT, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.outside.places import Places

ADD: Final = "meltano add "


def make(places: Places) -> Iterator[str]:
    """Make it; a line for each step, before it begins."""
    yield "making an empty Meltano project"
    run([str(MELTANO), "init", "--no-usage-stats", "project"], places.folder)
    _copy_the_plugin_files(places)
    for line in added():
        yield line
        places.shell(line, places.project).well()


def added() -> list[str]:
    """Each line of the documents that adds a plugin, once; those of the README come first."""
    pages = documents.typed()
    lines = [line for page in ("README.md", *pages) for line in pages[page]]
    return list(dict.fromkeys(line for line in lines if line.startswith(ADD)))


def _copy_the_plugin_files(places: Places) -> None:
    for path in (ROOT / "plugins").glob("*.yml"):
        text = path.read_text()
        if path.stem in OURS:
            text = _from_the_wheel(text, places)
        copied = places.project / "plugins" / path.name
        copied.parent.mkdir(exist_ok=True)
        copied.write_text(text)


def _from_the_wheel(text: str, places: Places) -> str:
    """A plugin file as its user changes it: another place to install from, on its line."""
    (line,) = re.findall(r"^pip_url: .*$", text, re.MULTILINE)
    extra = re.search(r"\[.*\]", line)
    return text.replace(line, f"pip_url: {places.wheel}{extra.group() if extra else ''}")
