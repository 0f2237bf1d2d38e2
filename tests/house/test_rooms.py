"""The rooms of the house, as design.md states them: which folder may import which.

A package is a tower of floors. A room (a folder, or a module that stands alone in its package) may
import only rooms on a later line; rooms on one line do not know each other.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent

FLOORS = {
    "chakra_api": """
        connection  whatsapp_account
        endpoints  transcripts
        elsewhere
        account  wire  setting_values
        values  clock  redaction  bad_luck
        errors
        course  crew_size  exit_codes  nearest  secret_forms  printable  folder_names
    """,
    "chakra_plugin": """
        boundary  command_group
        singer_plugin
        about_text
        settings  pages  results_file  stopping
        monitoring
        interrupts  json_files  rare_gc  surroundings  stream_maps  warehouses
        findings
        telling  terminal  standard_streams
    """,
    "tap_chakra": """
        __main__
        cli  dlt_source
        singer  audit
        doctor  reporting  telling  catalogs  by_id
        run
        scanning
        reading  tables  lines  facts
        second  lists
        timeline  records  settings
        webhooks  photos
        masking  naming  whole_files  process_ids  job_file
        listed_files
    """,
    "target_chakra": """
        __main__
        cli  dlt_destination
        singer  loads  on_record  doctor  reporting  sync  audit
        write_probe  telling
        run
        calls
        messages  photos
        planning  sending  books  plans
        context
        lookups  history
        mapping  journal
        settings  journal_tables
        storage
        batches  stream_mapping
        changes  weights  line_ranges  call_settings
        workers  lifecycle  moments  guards  reject_kind  mapping_options  row_files
    """,
    "chakra_sandbox": """
        __main__
        serving
        world
        whatsapp
        writes
        reads  throttle  arguments
        knobs
        rows  faults  routes
        messages  knob_values
        exact_json
        launch
    """,
    "chakra_spark": """
        data_source
        reading  writing
        read_options  write_options
        option_texts
    """,
}
BELOW = {
    "chakra_api": set(),
    "chakra_plugin": {"chakra_api"},
    "tap_chakra": {"chakra_api", "chakra_plugin"},
    "target_chakra": {"chakra_api", "chakra_plugin"},
    "chakra_sandbox": set(),
    "chakra_spark": {"chakra_api", "chakra_plugin", "tap_chakra", "target_chakra"},
}
"""Which packages a package may import."""
SHARED_BY = {
    "tap_chakra": {
        *{"__main__", "cli", "singer", "dlt_source"},
        *{"doctor", "reporting", "telling"},
    },
    "target_chakra": {
        *{"__main__", "cli", "singer", "dlt_destination", "loads"},
        *{"audit", "doctor", "reporting", "write_probe", "sync", "telling"},
    },
    "chakra_spark": {"option_texts", "writing"},
}
"""The rooms that may import `chakra_plugin`: adapters, `loads` for its rare collections, `doctor`
for the findings that both commands tell alike, and `reporting` for pages."""
FRAMEWORKS = {
    "singer_sdk": {"*/singer", "*/cli", "chakra_plugin"},
    "dlt": {"tap_chakra/dlt_source", "target_chakra/dlt_destination"},
    "click": {"*/singer", "*/cli", "chakra_plugin"},
    "pyarrow": {
        "chakra_plugin/results_file",
        "tap_chakra/audit",
        "tap_chakra/tables",
        "tap_chakra/dlt_source",
        "tap_chakra/singer",
        "chakra_plugin/warehouses",
        "chakra_sandbox/rows",
        "chakra_spark/reading",
        "chakra_spark/writing",
        "target_chakra/plans",
    },
    "sqlalchemy": {
        "chakra_plugin/warehouses",
        "tap_chakra/webhooks",
        "target_chakra/history",
        "target_chakra/journal",
        "target_chakra/journal_tables",
        "target_chakra/storage",
    },
    "duckdb": {"chakra_plugin/warehouses"},
    "pyspark": {"chakra_spark"},
    "requests": {"chakra_api/wire", "chakra_api/elsewhere"},
    "jinja2": {"chakra_plugin/pages"},
    "rich": {"chakra_plugin"},
    "aiohttp": {"chakra_sandbox/serving", "chakra_sandbox/__main__", "tap_chakra/webhooks"},
}
"""Which rooms may import a framework. Nobody else does."""
MOST_MODULES = 14
"""A room that holds more has a second thought in it."""
PUBLISHED = {
    "chakra_spark/__init__.py",
    "tap_chakra/dlt_source/__init__.py",
    "target_chakra/dlt_destination/__init__.py",
}
"""The only `__init__` files with code: what a user of Spark calls, and what dlt keeps the module of
in a pipeline's state."""


class Place(NamedTuple):
    """Where a module is: its package, and its room there."""

    package: str
    room: str


def place_of(module: str) -> Place:
    """The place of a dotted module name, `tap_chakra.run.source` → (tap_chakra, run)."""
    package, _, rest = module.partition(".")
    return Place(package, rest.partition(".")[0])


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {
    module_name(path): path for package in FLOORS for path in sorted((ROOT / package).rglob("*.py"))
}


def imported_modules(text: str, known: set[str]) -> set[str]:
    """The modules that a source text imports, anywhere in it; of ours, the very module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            deeper = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (deeper & known) or {node.module}
    return found


IMPORTS = {name: imported_modules(path.read_text(), set(MODULES)) for name, path in MODULES.items()}


def floor_of(place: Place) -> int:
    """On which line of its package a room stands; the top one is 0."""
    for number, line in enumerate(FLOORS[place.package].strip().splitlines()):
        if place.room in line.split():
            return number
    raise AssertionError(f"{place.package}/{place.room} stands on no floor of tests/house")


def is_allowed(at: Place, to: Place) -> bool:
    """Whether a room may import another one."""
    if at.package == to.package:
        return at.room == to.room or floor_of(at) < floor_of(to)
    if to.package == "chakra_plugin" and at.room not in SHARED_BY.get(at.package, set()):
        return False
    return to.package in BELOW[at.package]


def forbidden(imports: dict[str, set[str]]) -> list[str]:
    """The arrows that break the rule, each as `from → to`."""
    return sorted(
        f"{name} → {other}"
        for name, others in imports.items()
        for other in others
        if place_of(other).package in FLOORS and place_of(name).room and place_of(other).room
        if not is_allowed(place_of(name), place_of(other))
    )


def test_rooms_import_only_rooms_below_them() -> None:
    assert forbidden(IMPORTS) == []


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("tap_chakra.timeline.windows", "tap_chakra.scanning.scan"),  # up
        ("target_chakra.planning.plan", "target_chakra.sending.submission"),  # beside
        ("target_chakra.mapping.row_mapper", "chakra_plugin.boundary"),  # not for the core
        ("tap_chakra.run.source", "target_chakra.settings"),  # never each other
        ("chakra_api.wire.retry", "tap_chakra.settings"),  # knows nothing of pipelines
    ],
)
def test_an_arrow_that_breaks_the_rule_is_named(name: str, other: str) -> None:
    assert forbidden({name: {other}}) == [f"{name} → {other}"]


def test_every_room_stands_on_a_floor_and_every_floor_holds_rooms() -> None:
    rooms = {place_of(name) for name in MODULES if place_of(name).room}
    named = {Place(package, room) for package, text in FLOORS.items() for room in text.split()}
    assert rooms == named


def reached(name: str) -> set[str]:
    """What a module imports, and what that imports, within the house."""
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        fresh = (IMPORTS[ahead.pop()] & MODULES.keys()) - seen
        seen |= fresh
        ahead.extend(fresh)
    return seen


@pytest.mark.parametrize("name", MODULES)
def test_no_modules_import_each_other(name: str) -> None:
    assert name not in reached(name)


def may_import(framework: str, place: Place) -> bool:
    """Whether a room may import a framework."""
    rooms = FRAMEWORKS[framework]
    return bool({f"{place.package}/{place.room}", f"*/{place.room}", place.package} & rooms)


def test_frameworks_are_imported_where_the_design_puts_them() -> None:
    strays = [
        f"{name} imports {framework}"
        for name, others in IMPORTS.items()
        for framework in {other.partition(".")[0] for other in others} & FRAMEWORKS.keys()
        if not may_import(framework, place_of(name))
    ]
    assert strays == []


def test_two_rooms_speak_http() -> None:
    """The transport, its way to one host, its errors; the POST of a notice, files without a key."""
    users = {name for name, others in IMPORTS.items() if "requests" in others}
    to_chakra = {f"chakra_api.wire.{name}" for name in ("one_host", "translation", "transport")}
    assert users == to_chakra | {f"chakra_api.elsewhere.{name}" for name in ("links", "webhook")}


def test_no_room_holds_more_than_about_a_dozen_modules() -> None:
    folders = {path.parent for path in MODULES.values()}
    sizes = {
        folder: len([p for p in folder.glob("*.py") if p.name != "__init__.py"])
        for folder in folders
    }
    assert {str(f): size for f, size in sizes.items() if size > MOST_MODULES} == {}


def test_a_folder_says_what_it_is_for_and_holds_no_code() -> None:
    for path in MODULES.values():
        if path.name == "__init__.py" and path.relative_to(ROOT).as_posix() not in PUBLISHED:
            says, *rest = ast.parse(path.read_text()).body
            assert isinstance(says, ast.Expr), path
            if path.parent.parent == ROOT:  # a package may name its version
                rest = [each for each in rest if getattr(each, "name", "") != "__getattr__"]
            assert not rest, path
