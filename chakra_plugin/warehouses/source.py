"""Opens a source by what its user wrote: a URL, or the path of files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlparse

from chakra_api.errors import SettingsError
from chakra_api.redaction import mask_likely, redact_logs
from chakra_plugin.warehouses.columnar_files import ColumnarFiles
from chakra_plugin.warehouses.databases import Database
from chakra_plugin.warehouses.duckdb_files import SCHEME, DuckdbFile
from chakra_plugin.warehouses.faults import Secrets

if TYPE_CHECKING:
    from chakra_plugin.warehouses.result import Warehouse

_URL: Final = re.compile(r"[A-Za-z][\w+.-]*://")
FORMS: Final = (
    "duckdb:///warehouse.duckdb, postgresql://user@host/database (or any URL of SQLAlchemy), or the"
    " path of a parquet or CSV file or folder"
)


def open_warehouse(url: str) -> Warehouse:
    """Open a source; close it, or use it as a context.

    Args:
        url: `duckdb:///file` (four slashes for a whole path; `duckdb://` for DuckDB without a
            file), a URL of SQLAlchemy, or the path (or `file://` URL) of a parquet or CSV file, or
            of a folder of them.

    Raises:
        SettingsError: It names nothing that can be read.
    """
    url = url.strip()
    secrets = Secrets(url)
    for each in secrets:
        redact_logs(each)
    if not url:
        raise SettingsError("The source is empty", f"Name one: {FORMS}")
    if url.startswith(SCHEME):
        return DuckdbFile(url, secrets)
    if url.startswith("file://"):
        return ColumnarFiles(unquote(urlparse(url).path), secrets)
    if not _URL.match(url):
        if "@" in url or "=" in url:
            # A URL that was mistyped, which may hold a password.
            raise SettingsError(
                f"The source '{mask_likely(url)}' is no URL and no path", f"Name one: {FORMS}"
            )
        return ColumnarFiles(url, secrets)
    return Database(url, secrets)
