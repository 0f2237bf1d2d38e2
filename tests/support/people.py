"""People who work in a sandbox's ChakraHQ beside the runs: they edit and delete processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox


def edit(sandbox: Sandbox, key: str, **data: Any) -> None:
    """Change attributes of the lead with that key."""
    _call(sandbox, "PUT", f"lead_id/{key}", {"data": data})


def edit_by_id(sandbox: Sandbox, process_id: str, **data: Any) -> None:
    """Change attributes of the lead with that id."""
    _call(sandbox, "PUT", process_id, {"data": data})


def clear(sandbox: Sandbox, key: str, name: str) -> None:
    """Empty an attribute of the lead with that key."""
    edit(sandbox, key, **{name: None})


def delete(sandbox: Sandbox, process_id: str) -> None:
    """Delete the lead with that id."""
    _call(sandbox, "DELETE", process_id, None)


def _call(sandbox: Sandbox, method: str, path: str, body: object) -> None:
    url = f"{sandbox.url}/v1/ext/procedure/lead/process/{path}"
    key = {"Authorization": f"Bearer {sandbox.api_key}"}
    requests.request(method, url, json=body, headers=key, timeout=30).raise_for_status()
