"""Tables of the reference that are made of the code: `make reference`.

A page holds text by hand, and tables between `<!-- made: NAME -->` and `<!-- end -->`, which this
module writes. tests/house compares them, so that a page can't say otherwise than the code.
"""

from __future__ import annotations

import json
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from chakra_sandbox.knobs import knob_docs
from tap_chakra.cli import command as tap_commands
from tap_chakra.lists.job_lists import entry_schema, job_schema
from tap_chakra.lists.template_list import template_schema
from tap_chakra.photos.photo_records import PHOTO_SCHEMA, PHOTOS
from tap_chakra.records.scan_ids import IDS, IDS_SCHEMA, SCANS, SCANS_SCHEMA
from tap_chakra.records.schema import ROOT_COLUMNS, RootKind
from tap_chakra.records.stream_names import JOB_ENTRIES, JOBS, TEMPLATES
from tap_chakra.records.users import users_schema
from tap_chakra.singer.tap import TapChakra
from tap_chakra.webhooks.event_records import CHAKRA_CHANGES, WHATSAPP_EVENTS, inbound_schema
from target_chakra.cli import command as target_commands
from target_chakra.singer.target import TargetChakra
from website import badges
from website.python_names import PUBLIC, stubs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from chakra_sandbox.knob_values import Taken

ROOT: Final = Path(__file__).parent.parent
FOLDER: Final = ROOT / "docs" / "reference"
COMPARISON: Final = ROOT / "docs" / "explanation" / "benchmarks.md"
RESULTS: Final = ROOT / "benchmarks" / "results"
SCHEMA: Final = FOLDER / "mapping.schema.json"
QUESTIONS: Final = "open-questions.md"
_BLOCK: Final = re.compile(r"(<!-- made: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_SDK: Final = ("stream_map", "faker", "flatten")
_KINDS: Final[Mapping[RootKind, str]] = {
    RootKind.ID: "text, the key",
    RootKind.REFERENCE: "text, an id",
    RootKind.TEXT: "text",
    RootKind.STATE: "text",
    RootKind.MADE: "text",
    RootKind.TIME: "date-time, UTC",
    RootKind.FLAG: "boolean",
    RootKind.ATTRIBUTES: "object, a property per attribute",
}


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines += [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _settings(plugin: type[TapChakra | TargetChakra]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The settings of a plugin that are its own, and what they are."""
    plugin.append_builtin_config(plugin.config_jsonschema)
    for name, schema in plugin.config_jsonschema["properties"].items():
        if not name.startswith(_SDK):
            yield name, schema


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value is, in a word."""
    if "enum" in schema:
        return " ".join(f"`{value}`" for value in schema["enum"])
    kinds = [kind for kind in schema.get("type", ["anything"]) if kind != "null"]
    kind = str(kinds[0])
    return {"array": "list", "string": "text"}.get(kind, kind)


def _default(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    return "" if value is None else f"`{json.dumps(value)}`".replace('"', "")


def _settings_table(plugin: type[TapChakra | TargetChakra]) -> str:
    rows = [
        (f"`{name}`", _kind(schema), _default(schema), _said(schema))
        for name, schema in _settings(plugin)
    ]
    return _table(("setting", "value", "default", "what it does"), rows)


def _said(schema: Mapping[str, Any]) -> str:
    """What a schema says of itself, with nothing that Markdown would read as HTML."""
    return str(schema.get("description", "")).replace("<", "&lt;")


def tap_settings() -> str:
    """Settings of the tap."""
    return _settings_table(TapChakra)


def target_settings() -> str:
    """Settings of the target."""
    return _settings_table(TargetChakra)


def mapping_schema() -> dict[str, Any]:
    """The JSON Schema of the setting `streams`, for editors."""
    streams: Any = TargetChakra.config_jsonschema["properties"]["streams"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "streams of target-chakra",
        "description": streams["description"],
        "type": "array",
        "items": {**streams["items"], "additionalProperties": False},
    }


def mapping_options() -> str:
    """Options of a mapping."""
    options = mapping_schema()["items"]["properties"].items()
    rows = [(f"`{name}`", _kind(schema), _said(schema)) for name, schema in options]
    return _table(("option", "value", "what it does"), rows)


def process_columns() -> str:
    """Root columns of a process stream."""
    rows = [(f"`{each.name}`", _KINDS[each.kind], each.text) for each in ROOT_COLUMNS]
    return _table(("column", "type", "what it holds"), rows)


STREAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "users": users_schema(),
    IDS: IDS_SCHEMA,
    SCANS: SCANS_SCHEMA,
    TEMPLATES: template_schema(),
    PHOTOS: PHOTO_SCHEMA,
    JOBS: job_schema(),
    JOB_ENTRIES: entry_schema(),
    **{name: inbound_schema(name) for name in (WHATSAPP_EVENTS, CHAKRA_CHANGES)},
}
"""The streams whose columns are the same in every account, and their JSON Schemas."""


def columns(schema: Mapping[str, Any]) -> str:
    """Columns of a stream.

    Args:
        schema: Its JSON Schema.
    """
    properties = schema["properties"].items()
    rows = [(f"`{name}`", _column(each), _said(each)) for name, each in properties]
    return _table(("column", "type", "what it holds"), rows)


def _column(schema: Mapping[str, Any]) -> str:
    return "date-time, UTC" if schema.get("format") == "date-time" else _kind(schema)


def knobs() -> str:
    """Knobs of the sandbox, each with the question that it stands for."""
    rows = [
        (f"`{each.name}`", _taken(each.taken), f"`{json.dumps(each.default)}`", _asked(each.doc))
        for each in knob_docs()
    ]
    head = ("knob", "values", "default", "what it does, and the open question behind it")
    return _table(head, rows)


def _taken(taken: Taken) -> str:
    """The values that a knob takes; of choices they are enough."""
    choices = " ".join(f"`{each}`" for each in taken.choices)
    kind = "" if taken.kind == "one of" else taken.kind
    return f"{kind} {choices}".strip()


def _asked(doc: str) -> str:
    """What a knob does; the number of a question leads to its words."""
    return re.sub(r"\b[QR]\d+\b", lambda found: _question(found[0]), doc)


def _question(number: str) -> str:
    return f"[{number}]({QUESTIONS}#{number.lower()})"


def _commands(group: click.Group, name: str) -> str:
    context = click.Context(group, info_name=name)
    rows = []
    for each in group.list_commands(context):
        found = group.get_command(context, each)
        if found is not None:
            said = " ".join((found.help or "").split("\n\n")[0].split())
            rows.append((f"`{name} {each}`", _said({"description": said})))
    return _table(("command", "what it does"), rows)


def tap_command_table() -> str:
    """Subcommands of the tap."""
    return _commands(tap_commands.command(), "tap-chakra")


def target_command_table() -> str:
    """Subcommands of the target."""
    return _commands(target_commands.command(), "target-chakra")


def _result(name: str, before: str) -> str:
    """A table of the results of a benchmark.

    Args:
        name: Of their page.
        before: What stands right before the table, or begins it.
    """
    text = (RESULTS / name).read_text()
    found = re.search(r"(?:\|.*\n)+", text[text.index(before) :])
    return found[0] if found else ""


MADE: Final[Mapping[str, Callable[[], str]]] = {
    "tap-settings": tap_settings,
    "target-settings": target_settings,
    "mapping-options": mapping_options,
    "process-columns": process_columns,
    **{f"columns-{name}": partial(columns, each) for name, each in STREAMS.items()},
    "knobs": knobs,
    "tap-commands": tap_command_table,
    "target-commands": target_command_table,
    **{f"python-{name.replace('.', '-')}": partial(stubs, name) for name in PUBLIC},
    "beside-readers": lambda: _result("tap.md", "## Beside its peers"),
    "beside-bad-rows": lambda: _result("write.md", "## 100 bad rows"),
    "beside-kills": lambda: _result("write.md", "| creates without a key"),
}
"""Each table, by the name that a page gives it."""


def filled(text: str) -> str:
    """A page with its tables as they are now.

    Args:
        text: The page.
    """
    return _BLOCK.sub(lambda match: f"{match[1]}\n{MADE[match[2]]()}\n{match[3]}", text)


def files() -> dict[Path, str]:
    """Each file of the reference that holds something made, as it should be."""
    pages = [*sorted(FOLDER.glob("*.md")), COMPARISON]
    made = {path: filled(path.read_text()) for path in pages}
    schema = json.dumps(mapping_schema(), indent=2, ensure_ascii=False) + "\n"
    return {**made, SCHEMA: schema, **badges.files()}


def main() -> int:
    """Write what is made; the exit code."""
    for path, text in files().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
