"""Each pair of the tap's features, tried: it works as the sandbox's own rows say, or is refused.

What is expected is worked out from the rows that the sandbox holds, feature by feature, by code
that the product does not know. A new feature is one more line of `FEATURES`.

    python -m tests.integration.feature_pairs

prints the table.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import tempfile
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chakra_sandbox.writes.changes import Mutation
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, Refuses, run_tap, world_of, written
from tests.support.strict_singer import rows_of
from tests.support.tap_process import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

STREAM: Final = "process_lead"
SELECTED: Final = frozenset({STREAM, "users", "scanned_ids", "complete_scans"})
SALT: Final = "a salt that nobody guesses, and long"
TEXTS: Final = ("lead_id", "name", "phone_number", "email", "city")
"""Attributes that the sandbox always holds as texts; all others are left out of the comparison."""
COMPARED: Final = ("id", "team", "createdBy", "status", "state", "email_hash")
BASE: Final = {"api_key": KEY, "api_url": "https://x.test", "procedures": ["lead"]}
DISCOVERED: Final[dict[bool, str]] = {}
HOUR: Final = 3_600.0
WORKS: Final = "works"
ONE: Final = "one of the two"

Record = dict[str, Any]


def _unchanged(record: Record) -> Record | None:
    return record


@dataclass(frozen=True)
class Feature:
    """A feature of the tap.

    Attributes:
        name: As the table has it.
        config: Its settings.
        expects: What it makes of a record, None of one that it leaves out; in the order of the
            features, one after the other.
        without: Features that it takes the place of.
        method: The replication method that it sets; None for none.
        deselected: Properties that it takes out of the catalog.
    """

    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    expects: Callable[[Record], Record | None] = _unchanged
    without: frozenset[str] = frozenset()
    method: str | None = None
    deselected: Sequence[tuple[str, ...]] = ()


def _fewer(record: Record) -> Record:
    data = {name: value for name, value in record["data"].items() if name != "city"}
    return {**{n: v for n, v in record.items() if n != "team"}, "data": data}


def _masked(record: Record) -> Record:
    data = {name: value for name, value in record["data"].items() if name != "phone_number"}
    for name in {"name", "email"} & data.keys():
        data[name] = hmac.new(SALT.encode(), data[name].encode(), "sha256").hexdigest()
    return {**record, "data": data}


def _mapped(record: Record) -> Record | None:
    if record["status"] == "CANCELLED":
        return None
    made = {name: value for name, value in record.items() if name != "createdBy"}
    digest = hashlib.md5(record["data"].get("email", "").encode()).hexdigest()  # noqa: S324
    return {**made, "email_hash": digest, "state": f"is {record['state']}"}


def _flat(record: Record) -> Record:
    columns = {f"data__{name}": value for name, value in record["data"].items()}
    return {**{n: v for n, v in record.items() if n != "data"}, **columns}


_MASKS: Final = {
    "process_*.email": "hash",
    "process_lead.data.name": "hash",
    "*.phone_number": "drop",
}
_MAPS: Final = {
    STREAM: {
        "email_hash": "md5(data.get('email') or '')",
        "state": "'is ' + self",
        "createdBy": None,
        "__filter__": "status != 'CANCELLED'",
    }
}
FEATURES: Final = (
    Feature("selection", expects=_fewer, deselected=(("team",), ("data", "city"))),
    Feature("mask", {"mask": _MASKS, "mask_salt": SALT}, _masked),
    Feature("stream maps", {"stream_maps": _MAPS}, _mapped),
    Feature("flattening", {"flattening_enabled": True, "flattening_max_depth": 1}, expects=_flat),
    Feature(
        "BATCH jsonl",
        {"batch_config": {"encoding": {"format": "jsonl", "compression": "none"}}},
        without=frozenset({"BATCH parquet"}),
    ),
    Feature(
        "BATCH parquet",
        {"batch_config": {"encoding": {"format": "parquet", "compression": "gzip"}}},
        without=frozenset({"BATCH jsonl"}),
    ),
    Feature("emit_scan_ids", {"emit_scan_ids": True}),
    Feature("FULL_TABLE", method="FULL_TABLE", without=frozenset({"INCREMENTAL"})),
    Feature("INCREMENTAL", method="INCREMENTAL", without=frozenset({"FULL_TABLE"})),
)
"""In the order in which they change a record."""

PAIRS: Final = [
    (one, other) for one, other in combinations(FEATURES, 2) if other.name not in one.without
]


class Account:
    """An account that changes between two runs, each an hour after the one before."""

    def __init__(self, folder: Path, rows: int = 60) -> None:
        self._folder = folder
        self._world = world_of(rows)
        self._hours = 0

    def rows(self) -> dict[str, Record]:
        """The living rows of the sandbox, by id."""
        lines = map(json.loads, self._world.oracle("lead"))
        return {line["id"]: line["row"] for line in lines if line["died_ms"] is None}

    def change(self) -> set[str]:
        """Some rows change; the ids of those that are there after it."""
        self._hours += 1
        self._world.advance(int((FakeClock().now() + self._hours * HOUR - 60) * 1000))
        done = self._world.mutate("lead", Mutation(insert=3, update=6, delete=0), self._hours)
        return {*done["inserted"], *done["updated"]}

    def run(
        self,
        features: Sequence[Feature],
        state: Any = None,
        *,
        answers: int | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> Output:
        """Run the tap with these features.

        Args:
            features: The features.
            state: From which it goes on.
            answers: Answers of the list endpoint after which the key is refused; None for no end.
            config: More settings.
        """
        config = self._config([*features, Feature("more settings", config or {})])
        catalog = self._catalog(config, features)
        files = {"config": config, "catalog": catalog, "state": state or {}}
        args = [f"--{n}={written(self._folder, f'{n}.json', each)}" for n, each in files.items()]
        now = FakeClock().now() + self._hours * HOUR
        self._world.advance(int(now * 1000))
        told = run_tap(self._world, args, Refuses(answers), clock=FakeClock(now))
        return Output(told.code, told.lines, told.stderr)

    def _discovered(self, *, ids: bool) -> str:
        """The catalog, which the same account always has."""
        if ids not in DISCOVERED:
            plain = {**BASE, "emit_scan_ids": ids}
            args = ["--config", written(self._folder, "plain.json", plain), "--discover"]
            DISCOVERED[ids] = run_tap(self._world, args).stdout
        return DISCOVERED[ids]

    def _config(self, features: Sequence[Feature]) -> dict[str, Any]:
        config: dict[str, Any] = {
            "api_key": KEY,
            "api_url": "https://x.test",
            "procedures": ["lead"],
            "lookback_seconds": 0,
        }
        for feature in features:
            config |= feature.config
        if "batch_config" in config:
            storage = {"root": self._folder.as_uri(), "prefix": "part-"}
            config["batch_config"] = {
                **config["batch_config"],
                "storage": storage,
                "batch_size": 25,
            }
        return config

    def _catalog(self, config: dict[str, Any], features: Sequence[Feature]) -> Any:
        catalog = json.loads(self._discovered(ids="emit_scan_ids" in config))
        left_out = [
            [part for name in path for part in ("properties", name)]
            for feature in features
            for path in feature.deselected
        ]
        methods = [feature.method for feature in features if feature.method]
        for stream in catalog["streams"]:
            name = stream["tap_stream_id"]
            if name == STREAM:
                stream["replication_method"] = methods[0] if methods else "INCREMENTAL"
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = name in SELECTED
                elif name == STREAM and entry["breadcrumb"] in left_out:
                    entry["metadata"]["selected"] = False
        return catalog


def records_of(output: Output, stream: str) -> list[Record]:
    """The records of a stream, from its lines or from its files."""
    batches = [row for batch in output.of_type("BATCH", stream) for row in rows_of(batch)]
    return [*output.records[stream], *batches]


def expected(row: Record, features: Sequence[Feature]) -> Record | None:
    """What a row of the sandbox is to be, as far as it is compared."""
    record: Record | None = {
        **{name: row[name] for name in ("id", "team", "createdBy", "status", "state")},
        "data": {name: row["data"][name] for name in TEXTS if name in row["data"]},
    }
    for feature in FEATURES:
        if feature in features and record is not None:
            record = feature.expects(record)
    return record


def compared(record: Record) -> Record:
    """What is compared of a record: the columns that `expected` may have."""
    found: Record = {}
    for name, value in record.items():
        if name == "data":
            found["data"] = {n: v for n, v in value.items() if n in TEXTS and v is not None}
        elif name in COMPARED or (name.removeprefix("data__") in TEXTS and value is not None):
            found[name] = value
    return found


def check_rows(output: Output, rows: Mapping[str, Record], features: Sequence[Feature]) -> None:
    """The records are those of these rows, each once, with just the columns expected."""
    wanted = {key: each for key, row in rows.items() if (each := expected(row, features))}
    records = records_of(output, STREAM)
    found = {record["id"]: compared(record) for record in records}
    assert len(found) == len(records), "a row came twice"
    assert found.keys() == wanted.keys()
    for key, record in wanted.items():
        assert found[key] == record, (found[key], record)


def check_around(output: Output, rows: Mapping[str, Record], features: Sequence[Feature]) -> None:
    """What a first run says beside its records: of users, of ids, of versions."""
    names = {feature.name for feature in features}
    in_files = bool(names & {"BATCH jsonl", "BATCH parquet"})
    assert bool(output.records[STREAM] or output.records["users"]) != in_files
    assert bool(output.of_type("BATCH", "users")) == in_files
    assert records_of(output, "users"), "no users came"
    ids = [each["id"] for each in records_of(output, "scanned_ids")]
    scans = [each["rows"] for each in records_of(output, "complete_scans")]
    assert (sorted(ids), scans) == (
        (sorted(rows), [len(rows)]) if "emit_scan_ids" in names else ([], [])
    )
    versions = [x for x in output.lines if x["type"] == "RECORD" and x["stream"] == STREAM]
    assert all(("version" in each) == ("FULL_TABLE" in names) for each in versions)
    activated = output.of_type("ACTIVATE_VERSION", STREAM)
    assert bool(activated) == ("FULL_TABLE" in names and not in_files)


def try_pair(folder: Path, *features: Feature) -> str:
    """Run features together, twice, and hold what comes against the sandbox; the verdict.

    Raises:
        AssertionError: They neither work together nor are they refused.
    """
    account = Account(folder)
    first = account.run(features)
    if first.code == 3:
        assert not first.lines
        (said,) = [line for line in first.stderr.splitlines() if "ERROR" in line]
        return f"refused: {said.rpartition('|')[2].strip()}"
    assert first.code == 0, first.stderr
    check_rows(first, account.rows(), features)
    check_around(first, account.rows(), features)
    changed = account.change()
    second = account.run(features, first.states[-1])
    assert second.code == 0, second.stderr
    in_full = any(feature.name == "FULL_TABLE" for feature in features)
    rows = account.rows()
    check_rows(second, rows if in_full else {key: rows[key] for key in changed}, features)
    return WORKS


def table(verdicts: Mapping[frozenset[str], str]) -> str:
    """The pairs as a table of Markdown."""
    names = [feature.name for feature in FEATURES]
    lines = [f"| | {' | '.join(names[1:])} |", f"|{'---|' * len(names)}"]
    for at, name in enumerate(names[:-1]):
        cells = [
            verdicts.get(frozenset({name, other}), ONE) if place > at else ""
            for place, other in enumerate(names)
        ][1:]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Try all pairs and print the table."""
    verdicts: dict[frozenset[str], str] = {}
    for one, other in PAIRS:
        with tempfile.TemporaryDirectory() as folder:
            verdicts[frozenset({one.name, other.name})] = try_pair(Path(folder), one, other)
    print(table(verdicts))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
