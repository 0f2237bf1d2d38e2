"""The sandbox's README names what there is."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import chakra_sandbox
from chakra_sandbox.faults import FaultKind
from chakra_sandbox.rows.access import default_tokens
from chakra_sandbox.rows.made_data import DISTRIBUTIONS


def test_every_key_fault_and_distribution_is_in_the_readme() -> None:
    text = (Path(chakra_sandbox.__file__).parent / "README.md").read_text()
    names = [*default_tokens(), *get_args(FaultKind), *DISTRIBUTIONS]
    assert [name for name in names if f"`{name}`" not in text] == []
