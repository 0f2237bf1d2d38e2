"""The request of a list (contract 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.endpoints.paths import processes_path
from chakra_api.wire.transport import Request
from chakra_api.wire.wire_json import encode

if TYPE_CHECKING:
    from chakra_api.endpoints.answers import Row
    from chakra_api.endpoints.where import Where


def list_request(
    procedure: str, where: Where | None, skip: int, limit: int, most_bytes: int | None
) -> Request:
    """The request of one page of a procedure's processes; its answer may weigh so many bytes."""
    body: Row = {"skip": skip, "limit": limit}
    if where:
        body["where"] = where
    path = f"{processes_path(procedure)}/list"
    return Request("POST", path, encode(body), repeatable=True, many=True, most_bytes=most_bytes)
