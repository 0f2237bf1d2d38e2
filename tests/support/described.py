"""A sandbox whose procedures a test describes: any names, attributes and rows, down to none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chakra_sandbox.launch import start_sandbox

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox


def served(
    folder: Path, account: list[dict[str, Any]], *more: str
) -> AbstractContextManager[Sandbox]:
    """The sandbox of an account; its description is kept in the folder.

    Args:
        folder: Where.
        account: Its procedures, as `--account` takes them.
        more: Further arguments of the sandbox.
    """
    path = folder / "account.json"
    path.write_text(json.dumps(account))
    return start_sandbox(["--account", str(path), *more])
