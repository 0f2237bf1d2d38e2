"""Where a file of ours may lie: found out before a run, not at its end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chakra_plugin.monitoring.own_file import refuse_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


@pytest.fixture
def nobody() -> Iterator[None]:
    """Whoever may write everywhere is nobody for a while."""
    own = os.geteuid()
    if own:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(own)


@pytest.mark.usefixtures("nobody")
def test_a_folder_that_takes_no_file_is_refused() -> None:
    with pytest.raises(PermissionError):
        refuse_folder(Path("/"))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(NotADirectoryError):
        refuse_folder(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        refuse_folder(tmp_path / "y")
    refuse_folder(tmp_path)
