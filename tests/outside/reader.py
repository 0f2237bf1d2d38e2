"""A reader of the documents: has the files that they speak of, and types what they say."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb

from chakra_sandbox.whatsapp.made_templates import PLUGIN_ID
from tests.outside import documents
from tests.outside.places import ROOT
from tests.support.loaders import flattened, store

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.outside.places import Ended, Places

ROWS: Final = (
    '{"type":"SCHEMA","stream":"lead_scores","schema":{"properties":{"lead_id":{"type":"string"},'
    '"score":{"type":"integer"},"owner":{"type":"string"},"stage":{"type":"string"}}},'
    '"key_properties":["lead_id"]}\n'
    '{"type":"RECORD","stream":"lead_scores",'
    '"record":{"lead_id":"L-00001","score":77,"owner":"asha.k","stage":"TRIED"}}\n'
)
"""What a tap says: one lead has another score."""
PLANNED: Final = ROWS.replace("L-00001", "L-00002").replace("77", "78")
"""The same of another lead."""
SCORES: Final = """
    CREATE SCHEMA marts;
    CREATE TABLE marts.lead_scores AS
    SELECT data__lead_id AS lead_id, 990 AS score, 'asha.k' AS owner, 'TRIED' AS stage
    FROM raw.process_lead ORDER BY 1 LIMIT 50
"""
MADE: Final = (
    (r"tap-something|tap-postgres …", "cat rows.singer"),
    (r"(undo|report|--run) 12\b", r"\1 1"),
    (r"(apply (?:plan|undo)\.parquet|undo 1)$", r"\1 --yes"),
    # A server is started, and ended as its host would end it: that is no failure.
    (
        r"^(tap-chakra --config )config(.json listen) --port \d+$",
        r"timeout --preserve-status 20 \1webhooks\2 --port 0",
    ),
    (r"^(tap-chakra .*)config\.json", r"\1tap.json"),
    (r"/var/lib/node_exporter", "."),
    (r"^duckdb -c", "python -c 'import duckdb, sys; print(duckdb.sql(sys.argv[1]))'"),
)
"""What a reader makes of a line: names of their own; and a yes, since nobody sits here."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who types.

    Attributes:
        outside: Where the commands are.
        account: Their account.
        folder: Where they sit; it holds the files that the documents name.
    """

    outside: Places
    account: Sandbox
    folder: Path

    def prepare(self) -> None:
        """Have the settings, rows of every kind, a run that was done, and a plan."""
        settings: dict[str, Any] = {"api_key": self.account.api_key, "api_url": self.account.url}
        report = {"report_path": str(self.folder / "tap-report.json")}
        mapping = {"streams": documents.mapping_of_the_documents()}
        (self.folder / "config.json").write_text(json.dumps(settings | mapping))
        webhooks = {"webhook_store": "events.db", "webhook_secrets": ["the HMAC secret"]}
        (self.folder / "tap.json").write_text(json.dumps(settings | report))
        (self.folder / "webhooks.json").write_text(json.dumps(webhooks))
        (self.folder / "state.json").write_text("{}")
        lead = next(row for row in self.account.oracle("lead") if row.died_ms is None)
        (self.folder / "ids.txt").write_text(f"lead\t{lead.id}\n")
        (self.folder / "rows.singer").write_text(ROWS)
        (self.folder / "planned.singer").write_text(PLANNED)
        (self.folder / "lead_scores.sql").write_text("SELECT * FROM marts.lead_scores")
        with (self.folder / "lead_scores.csv").open("w", newline="") as file:
            names = ("lead_id", "score", "owner", "stage", "changed_at")
            writer = csv.writer(file)
            writer.writerows([names, ("L-00003", 991, "asha.k", "TRIED", "2026-11-01T09:00:00Z")])
        self._write_messages(settings)
        self._has("target-chakra --config config.json < rows.singer")
        self._has("target-chakra --config config.json --plan plan.parquet < planned.singer")
        self.load()

    def _write_messages(self, settings: dict[str, Any]) -> None:
        """Have what docs/messages.md begins with."""
        page = (ROOT / "docs" / "messages.md").read_text()
        (told,) = re.findall(
            r"^`messages.json`:\n\n```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL
        )
        (rows,) = re.findall(r"^`visits.csv`:\n\n```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        given = json.loads(told)
        given |= settings | {"whatsapp": {**given["whatsapp"], "plugin": PLUGIN_ID}}
        (self.folder / "messages.json").write_text(json.dumps(given))
        (self.folder / "visits.csv").write_text(rows)

    def load(self) -> None:
        """Have the leads in the warehouse as they are now, and scores made of them."""
        out = self._has("tap-chakra --config tap.json --discover > all.json"
                        " && tap-chakra --config tap.json --catalog all.json").out  # fmt: skip
        lines = [json.loads(line) for line in out.splitlines()]
        leads = [each["record"] for each in lines
                 if (each["type"], each.get("stream")) == ("RECORD", "process_lead")]  # fmt: skip
        path = self.folder / "warehouse.duckdb"
        store(path, [flattened(lead) for lead in leads])
        with duckdb.connect(str(path)) as warehouse:
            warehouse.execute(SCORES)

    def types(self, line: str) -> Ended:
        """Type a line of a document; it goes well."""
        for pattern, with_ in MADE:
            line = re.sub(pattern, with_, line)
        return self._has(line)

    def _has(self, line: str) -> Ended:
        key = {"TARGET_CHAKRA_API_KEY": self.account.api_key}
        url = {"TARGET_CHAKRA_API_URL": self.account.url}
        streams = {"TARGET_CHAKRA_STREAMS": json.dumps(documents.mapping_of_the_documents())}
        return self.outside.shell(line, self.folder, key | url | streams).well()
