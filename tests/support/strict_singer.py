"""Reads what a tap printed as the strictest loader would: the first breach of a rule fails.

| message | rules |
|---|---|
| each | one line of JSON; no name twice in an object; no NaN |
| SCHEMA | a JSON Schema of an object, whose properties hold the keys and the bookmark |
| RECORD | its SCHEMA came before; no column besides, each value fits; keys not null; one version |
| BATCH | its SCHEMA came before; its files are there, as their encoding says, with such records |
| STATE | an object with bookmarks; it comes after the last row of a run that ended well |
| ACTIVATE_VERSION | the version of the records before it; no record of the stream comes after it |

It shares no code with the product, and compiles a check per schema: all lines are checked, always.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timezone
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlparse

from jsonschema import Draft202012Validator, FormatChecker, SchemaError

Check = Callable[[Any], str]
"""What is wrong with a value; empty if it fits."""

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
_PLAIN: Final = {"type", "title", "description", "format", "properties", "additionalProperties"}
_KNOWN: Final = _PLAIN | {"items"}
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_MEMBERS: Final = {
    "SCHEMA": {"type", "stream", "schema", "key_properties", "bookmark_properties"},
    "RECORD": {"type", "stream", "record", "version", "time_extracted"},
    "BATCH": {"type", "stream", "encoding", "manifest", "version"},
    "STATE": {"type", "value"},
    "ACTIVATE_VERSION": {"type", "stream", "version"},
}


class Breach(AssertionError):
    """A tap printed what a strict loader refuses."""


@dataclass
class _Stream:
    """What is known of a stream by now."""

    schema: Mapping[str, Any]
    keys: tuple[str, ...]
    check: Check
    versions: set[object] = field(default_factory=set)
    activated: object = None


class StrictReader:
    """Reads the lines of one run.

    Attributes:
        messages: Those that were read, in order.
    """

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._streams: dict[str, _Stream] = {}
        self._files: set[str] = set()
        self._takes = {
            "SCHEMA": self._schema,
            "RECORD": self._record,
            "BATCH": self._batch,
            "STATE": self._state,
            "ACTIVATE_VERSION": self._activate,
        }

    def take(self, line: str | bytes) -> dict[str, Any]:
        """The message of a line.

        Raises:
            Breach: A strict loader would refuse it.
        """
        try:
            message = _message(line)
            self._takes[message["type"]](message)
        except (ValueError, KeyError, TypeError, OSError, SchemaError, Breach) as error:
            number = len(self.messages) + 1
            raise Breach(f"line {number}: {error!s:.500} in {line[:300]!r}") from error
        self.messages.append(message)
        return message

    def end(self) -> None:
        """The run ended well: no row, and no word on rows, is its last one.

        A STATE that equals the one before is not repeated; a SCHEMA may come after it.

        Raises:
            Breach: It is.
        """
        if self.messages and self.messages[-1]["type"] not in ("STATE", "SCHEMA"):
            raise Breach(f"the last line is no STATE but {self.messages[-1]['type']}")

    def _schema(self, message: dict[str, Any]) -> None:
        schema, keys = message["schema"], message["key_properties"]
        _check_schema(json.dumps(schema))
        if schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
            raise Breach("the schema is none of an object")
        named = {*keys, *(message.get("bookmark_properties") or ())}
        if missing := named - schema["properties"].keys():
            raise Breach(f"keys or bookmarks that the schema does not have: {sorted(missing)}")
        held = self._streams.get(message["stream"])
        if held is not None and (held.schema, held.keys) == (schema, tuple(keys)):
            return
        self._streams[message["stream"]] = _Stream(schema, tuple(keys), check_of(schema))

    def _record(self, message: dict[str, Any]) -> None:
        stream = self._announced(message)
        _fits(stream, message["record"])
        if (extracted := message.get("time_extracted")) is not None and not is_instant(extracted):
            raise Breach(f"time_extracted is {extracted!r}")
        stream.versions.add(message.get("version"))
        if len(stream.versions) > 1:
            raise Breach(f"records of several versions: {stream.versions}")
        if stream.activated is not None:
            raise Breach("a record after the ACTIVATE_VERSION of its stream")

    def _batch(self, message: dict[str, Any]) -> None:
        stream = self._announced(message)
        if not message["manifest"]:
            raise Breach("no file is named")
        for url in message["manifest"]:
            if url in self._files:
                raise Breach(f"{url} is named twice")
            self._files.add(url)
        number = 0
        for number, record in enumerate(rows_of(message, stream.schema), start=1):  # noqa: B007
            _fits(stream, record)
        if not number:
            raise Breach("its files hold no record")

    def _state(self, message: dict[str, Any]) -> None:
        if not isinstance(message["value"].get("bookmarks"), dict):
            raise Breach("no bookmarks")

    def _activate(self, message: dict[str, Any]) -> None:
        stream, version = self._announced(message), message["version"]
        if type(version) is not int or stream.versions - {version}:
            raise Breach(f"its records have the version {stream.versions}")
        stream.activated = version

    def _announced(self, message: Mapping[str, Any]) -> _Stream:
        if message["stream"] not in self._streams:
            raise Breach(f"the SCHEMA of {message['stream']} has not come")
        return self._streams[message["stream"]]


@lru_cache(maxsize=1_000)
def _check_schema(text: str) -> None:
    """See whether a text is a JSON Schema; of the many runs of a test most send the same ones.

    Raises:
        SchemaError: It is none.
    """
    Draft202012Validator.check_schema(json.loads(text))


def _message(line: str | bytes) -> dict[str, Any]:
    message = _decoded(line)
    if not isinstance(message, dict) or message.get("type") not in _MEMBERS:
        raise Breach("it is no message")
    if more := message.keys() - _MEMBERS[message["type"]]:
        raise Breach(f"a {message['type']} has no {', '.join(sorted(more))}")
    return message


def messages_of(
    printed: str | bytes | Iterable[str], *, ended: bool, whole: bool = True
) -> list[dict[str, Any]]:
    """The messages of a run, read strictly.

    Args:
        printed: What it printed, or its lines.
        ended: Whether the run ended well.
        whole: Whether the last line must be whole; a killed run may have left it cut.

    Raises:
        Breach: A strict loader would refuse a line.
    """
    reader = StrictReader()
    if isinstance(printed, (str, bytes)):
        newline: Any = b"\n" if isinstance(printed, bytes) else "\n"
        *lines, rest = printed.split(newline)
        if rest and whole:
            raise Breach(f"the last line is cut: {rest[:200]!r}")
    else:
        lines = list(printed)
    for line in lines:
        reader.take(line)
    if ended:
        reader.end()
    return reader.messages


def rows_of(
    batch: Mapping[str, Any], schema: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """The records of the files of a BATCH message, their values as JSON has them.

    Args:
        batch: The message.
        schema: That of its SCHEMA message; columns of parquet files are held against it.
    """
    encoding = batch["encoding"]
    for url in batch["manifest"]:
        path = Path(unquote(urlparse(url).path))
        if encoding["format"] == "parquet":
            yield from _parquet_rows(path, schema)
        else:
            content = path.read_bytes()
            if encoding.get("compression") == "gzip":
                content = gzip.decompress(content)
            for line in content.splitlines():
                yield _decoded(line)


def _parquet_rows(path: Path, schema: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import

    table = pq.read_table(path)
    if schema is not None:
        for name, declared in schema["properties"].items():
            if name not in table.column_names and not _holds_nothing(declared):
                raise Breach(f"{path.name} has no column {name}")
            if name in table.column_names and not _matches(table.schema.field(name).type, declared):
                raise Breach(f"{path.name}: {name} is {table.schema.field(name).type}, {declared}")
    for row in table.to_pylist():
        yield {name: _plain(value) for name, value in row.items()}


def _holds_nothing(declared: Mapping[str, Any]) -> bool:
    return "object" in declared.get("type", ()) and all(
        map(_holds_nothing, declared.get("properties", {}).values())
    )


def _matches(kind: Any, declared: Mapping[str, Any]) -> bool:
    """Whether an Arrow type is that of a JSON Schema."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    wanted = {declared["type"]} if isinstance(declared["type"], str) else {*declared["type"]}
    wanted -= {"null"}
    form = declared.get("format")
    if pa.types.is_struct(kind):
        inner = declared.get("properties", {})
        return wanted == {"object"} and all(
            each.name in inner and _matches(each.type, inner[each.name]) for each in kind
        )
    if pa.types.is_list(kind):
        return wanted == {"array"} and _matches(kind.value_type, declared["items"])
    found: Any = {
        pa.types.is_timestamp: ("string", "date-time"),
        pa.types.is_date: ("string", "date"),
        pa.types.is_string: ("string", None),
        pa.types.is_int64: ("integer", None),
        pa.types.is_float64: ("number", None),
        pa.types.is_boolean: ("boolean", None),
    }
    return any(is_kind(kind) and (wanted, form) == ({a}, b) for is_kind, (a, b) in found.items())


def _plain(value: Any) -> Any:
    """A value of Python as JSON has it; what JSON can't hold as it is."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        text = value.astimezone(timezone.utc).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return value


# JSON


def _decoded(line: str | bytes) -> Any:
    return json.loads(line, object_pairs_hook=_object, parse_constant=_no_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError(f"a name stands twice among {[name for name, _ in pairs]}")
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


# Values


def _fits(stream: _Stream, record: Any) -> None:
    if wrong := stream.check(record):
        raise Breach(wrong)
    for key in stream.keys:
        if record.get(key) is None:
            raise Breach(f"the key {key} is null or absent")


def check_of(schema: Mapping[str, Any]) -> Check:
    """What checks the values of a schema; no property may come that it does not name."""
    if schema.keys() - _KNOWN or "type" not in schema or isinstance(schema.get("items"), list):
        return partial(_by_jsonschema, Draft202012Validator(schema, format_checker=FormatChecker()))
    named = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    types = frozenset(kind for name in named for kind in _TYPES[name])
    inner = _inner_check(schema)

    def check(value: Any) -> str:
        if type(value) not in types:
            return f" is {value!r:.80}, which is not of type {named}"
        return inner(value) if inner and value is not None else ""

    return check


def _inner_check(schema: Mapping[str, Any]) -> Check | None:
    if "properties" in schema:
        checks = {name: check_of(each) for name, each in schema["properties"].items()}
        return partial(_object_check, checks)
    if "items" in schema:
        return partial(_array_check, check_of(schema["items"]))
    form = schema.get("format")
    if form is None:
        return None
    return partial(_format_check, {"date-time": is_instant, "date": is_day}[form], form)


def _object_check(checks: Mapping[str, Check], value: Any) -> str:
    for name, each in value.items():
        check = checks.get(name)
        if check is None:
            return f"{name} is not in SCHEMA"
        if wrong := check(each):
            return f"{name}.{wrong}"
    return ""


def _array_check(check: Check, value: Any) -> str:
    return next((f"[]{wrong}" for each in value if (wrong := check(each))), "")


def _format_check(fits: Callable[[Any], bool], form: str, value: Any) -> str:
    return "" if fits(value) else f" is {value!r:.80}, which is no {form}"


def _by_jsonschema(validator: Draft202012Validator, value: Any) -> str:
    error = next(validator.iter_errors(value), None)
    return "" if error is None else f" {error.message:.200}"


@lru_cache(maxsize=100_000)
def is_instant(text: Any) -> bool:
    """Whether it is a date-time with a zone, of a calendar that there is."""
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True


@lru_cache(maxsize=100_000)
def is_day(text: Any) -> bool:
    """Whether it is a day, of a calendar that there is."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except (TypeError, ValueError):
        return False
