"""singer-sdk's stream maps and flattening: a fault in them is their user's, told in one line.

What can be known before a request is told before it: an expression that does not parse. What the
streams must be known for is told at the start of the run: a name that no column has. The rest is
told at the first row of which an expression can't be worked out.
"""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from simpleeval import EvalWithCompoundTypes  # type: ignore[import-untyped]  # of singer-sdk
from singer_sdk.mapper import (
    MAPPER_ALIAS_OPTION,
    MAPPER_ELSE_OPTION,
    MAPPER_FILTER_OPTION,
    MAPPER_KEY_PROPERTIES_OPTION,
    MAPPER_SOURCE_OPTION,
    NULL_STRING,
    CustomStreamMap,
    PluginMapper,
)

from chakra_api.errors import SettingsError
from chakra_api.nearest import nearest

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk.singerlib.catalog import Catalog

_OPTIONS: Final = frozenset(
    {
        MAPPER_ALIAS_OPTION,
        MAPPER_ELSE_OPTION,
        MAPPER_FILTER_OPTION,
        MAPPER_KEY_PROPERTIES_OPTION,
        MAPPER_SOURCE_OPTION,
    }
)
_ALWAYS_NAMED: Final = frozenset(
    {
        *{"_", "record", "config", "__stream_name__", "__original_stream_name__", "fake"},
        *EvalWithCompoundTypes().functions,
        *{"md5", "sha256", "datetime", "bool", "json"},
    }
)
"""Names that an expression has beside the columns of its stream."""
_LIKE: Final = 0.5
"""How like a column, or a stream, must be to a name to be told: columns are often short."""
_AS_THEY_CAME: Final = (
    "Stream maps see records before they are flattened: write data['city'], not data__city; an"
    " attribute itself is hidden with the setting mask"
)


class _ToldMap(CustomStreamMap):
    """A stream map whose expressions say which of them failed."""

    def _eval(
        self,
        expr: str,
        expr_parsed: ast.Expr,
        record: dict[str, Any],
        property_name: str | None,
    ) -> Any:  # noqa: ANN401 - the SDK's signature
        try:
            return super()._eval(expr, expr_parsed, record, property_name)
        except Exception as error:
            raise SettingsError(
                f"The stream map of '{self.stream_name}' can't work out"
                f" {_spelled(property_name or MAPPER_FILTER_OPTION, expr)}: {_reason(error)}",
                "Write it so that it holds for every row: a column may be null"
                " (md5(x) if x else None), an attribute absent (data.get('x'))",
            ) from error


class ChakraMapper(PluginMapper):
    """The stream maps and the flattening of a plugin.

    Args:
        config: The settings.
        logger: Takes what the SDK says of maps.
        closed: Whether records hold no column that their schema does not name, so that a name that
            is not in the schema is a mistake at once.

    Raises:
        SettingsError: An expression does not parse, or a map is none.
    """

    def __init__(
        self, config: Mapping[str, Any], logger: logging.Logger, *, closed: bool = False
    ) -> None:
        check_stream_maps(config)
        config = _with_depth(config)
        maps = dict(config.get("stream_maps") or {})
        self._shortens = config.get("flattening_max_key_length") is not None
        self._closed = closed
        self._names: set[str] = set()
        self._unselected: set[str] = set()
        self._whole: dict[str, frozenset[str]] = {}
        self._removed: dict[tuple[str, str], bool] = {}
        try:
            # The SDK takes options out of the maps that it is given.
            super().__init__({**config, "stream_maps": maps}, logger)
        except Exception as error:
            raise _unusable("stream_maps", error) from error

    def register_raw_streams_from_catalog(self, catalog: Catalog) -> None:
        """Register the streams of a catalog, as the SDK does; only selected ones are checked.

        Raises:
            SettingsError: A map does not fit its stream.
        """
        for entry in catalog.streams:
            name = entry.stream or entry.tap_stream_id
            self._whole[name] = frozenset(entry.schema.properties or ())
            if not entry.metadata.resolve_selection().get((), True):
                self._unselected.add(name)
        super().register_raw_streams_from_catalog(catalog)
        for (key, name), found in self._removed.items():
            if not found:
                raise _missing(key, f"{name}: null", name, self._columns_of(key))

    def register_raw_stream_schema(
        self, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        """Register a stream, as the SDK does.

        Raises:
            SettingsError: A map does not fit it, or its flattened columns have one name.
        """
        self._names.add(stream_name)
        if self._closed and stream_name not in self._unselected:
            self._check_names(stream_name, schema.get("properties", {}))
        try:
            super().register_raw_stream_schema(stream_name, schema, key_properties)
        except Exception as error:
            if not (self.stream_maps_dict or self.flattening_options.enabled):
                raise
            raise _unusable(stream_name, error, shortens=self._shortens) from error
        for each in self.stream_maps[stream_name]:
            if isinstance(each, CustomStreamMap):
                each.__class__ = _ToldMap

    def unmatched(self) -> Iterator[str]:
        """A sentence for each map whose stream there is not, with the nearest name."""
        for key, definition in self.stream_maps_dict.items():
            source = _source_of(key, definition)
            if not any(source == name or fnmatch(name, source) for name in self._names):
                yield (
                    f"stream_maps names '{source}', and no stream is called so: it does"
                    f" nothing{_nearest(source, self._names)}"
                )

    def _check_names(self, stream: str, columns: Mapping[str, Any]) -> None:
        """Refuse maps that name columns which the stream does not have."""
        named = {*columns, *_ALWAYS_NAMED}
        for key, definition in self._maps_of(stream):
            for name, expression in definition.items():
                if name in _OPTIONS - {MAPPER_FILTER_OPTION}:
                    continue
                if expression in (None, NULL_STRING):
                    # What is not selected is gone already.
                    found = name in columns or name in self._whole.get(stream, ())
                    self._removed[key, name] = found or self._removed.get((key, name), False)
                    continue
                known = {*named, "self"} if name in columns else named
                for missing in _names_in(expression) - known:
                    raise _missing(stream, _spelled(name, expression), missing, columns)

    def _maps_of(self, stream: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for key, definition in self.stream_maps_dict.items():
            source = _source_of(key, definition)
            if isinstance(definition, dict) and (source == stream or fnmatch(stream, source)):
                yield key, definition

    def _columns_of(self, key: str) -> set[str]:
        source = _source_of(key, self.stream_maps_dict.get(key))
        return {
            column
            for stream, maps in self.stream_maps.items()
            if source == stream or fnmatch(stream, source)
            for column in maps[0].raw_schema.get("properties", {})
        }


def check_stream_maps(config: Mapping[str, Any]) -> None:
    """Check the maps of the settings as far as they tell by themselves.

    Raises:
        SettingsError: An expression does not parse, or an option is none.
    """
    maps = config.get("stream_maps")
    for key, definition in maps.items() if isinstance(maps, dict) else ():
        if key == MAPPER_ELSE_OPTION and definition not in (None, NULL_STRING):
            raise SettingsError(
                f"stream_maps has {key}: {definition!s:.100}, and it can be null alone",
                "Null leaves out all streams that no map names; without it they go out unchanged",
            )
        if isinstance(definition, dict):
            _check_map(key, definition)


def _check_map(key: str, definition: Mapping[str, object]) -> None:
    for name, expression in definition.items():
        if name.startswith("__") and name.endswith("__") and name not in _OPTIONS:
            raise SettingsError(
                f"The stream map of '{key}' has {name}, which is no option",
                f"The options are {', '.join(sorted(_OPTIONS))}",
            )
        if name in _OPTIONS - {MAPPER_FILTER_OPTION} or expression in (None, NULL_STRING):
            continue
        if said := _unparsed(expression):
            raise SettingsError(
                f"The stream map of '{key}' does not parse: {_spelled(name, expression)} ({said})",
                "Write a Python expression, quotes around a text: \"'red'\"",
            )
        if "fake" in _names_in(str(expression)) and not find_spec("faker"):
            raise SettingsError(
                f"The stream map of '{key}' makes fake values, for which the package Faker is"
                f" missing: {_spelled(name, expression)}",
                "Install it beside the command: pip install 'singer-sdk[faker]'",
            )


def _unparsed(expression: object) -> str:
    """Why an expression does not parse; empty if it does."""
    if not isinstance(expression, str):
        return f"it is no text but {type(expression).__name__}"
    try:
        ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, RecursionError) as error:
        return error.msg if isinstance(error, SyntaxError) else str(error)
    return ""


def _names_in(expression: str) -> set[str]:
    """The names that an expression reads and does not itself make."""
    names = [
        node for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)
    ]
    made = {each.id for each in names if isinstance(each.ctx, ast.Store)}
    return {each.id for each in names} - made


def _source_of(key: str, definition: object) -> str:
    """The stream, or the glob of streams, that a map is for."""
    if isinstance(definition, dict):
        return str(definition.get(MAPPER_SOURCE_OPTION, key))
    return key


def _missing(stream: str, spelled: str, name: str, columns: Iterable[str]) -> SettingsError:
    found = nearest(name, columns, _LIKE)
    known = f"Write '{found}', if that is meant" if found else "See the stream's schema"
    return SettingsError(
        f"The stream map of '{stream}' names '{name}', which it does not have: {spelled}",
        _AS_THEY_CAME if "__" in name else f"{known}; what is not selected is not there",
    )


def _unusable(stream: str, error: Exception, *, shortens: bool = False) -> SettingsError:
    said = str(error.args[0] if error.args else error).strip().rstrip(".")
    step = "Change stream_maps, or the flattening settings"
    if said.startswith("Duplicate column"):
        step = "Give the column another name; an attribute itself is hidden with the setting mask"
        if shortens:
            step = f"Set a larger flattening_max_key_length, or none. {step}"
    return SettingsError(
        f"The stream map or the flattening of '{stream}' can't be used: {said:.300}", step
    )


def _with_depth(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings, with a depth where flattening is on and none is set: data__city needs 1."""
    if config.get("flattening_enabled") and config.get("flattening_max_depth") is None:
        return {**config, "flattening_max_depth": 1}
    return config


def _reason(error: Exception) -> str:
    """What went wrong with an expression, without the values of a row."""
    cause = error.__cause__ or error
    if isinstance(cause, ValueError):
        return f"{type(cause).__name__}, a value is not fit for it"
    return f"{type(cause).__name__}, {str(cause).strip():.200}"


def _spelled(name: str, expression: object) -> str:
    return f"{name}: {expression!s:.200}"


def _nearest(name: str, names: Iterable[str]) -> str:
    found = nearest(name, names, _LIKE)
    return f"; do you mean '{found}'?" if found else ""
