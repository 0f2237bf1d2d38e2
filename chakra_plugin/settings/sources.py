"""Where settings come from: files in their order, and the environment below them.

A later file overrides an earlier one, and every file the environment. Null and blank text are not
set: what another source says counts, else the default. The environment is read where `--config ENV`
names it, and where no `--config` is given at all, as in a plugin command of Meltano.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean, nearest
from chakra_api.redaction import mask_likely, secrets_within
from chakra_api.setting_values import is_set, shown
from chakra_plugin.settings.text import Schema, WrongText, strangers, typed, types_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DRY_RUN: Final = "dry_run"
"""The setting whose misspelling would write."""
ENVIRONMENT: Final = "ENV"
"""What `--config` calls the environment."""
_OF_MELTANO: Final = "MELTANO_PROJECT_ROOT"
"""A variable that every plugin of Meltano finds."""
_OF_THE_SDK: Final = frozenset({"LOGLEVEL"})
"""Ends of variables that singer-sdk reads beside the settings."""
_DOT: Final = re.compile(r"(?<!\\)\.")


@dataclass(frozen=True, slots=True)
class Declared:
    """The settings that a command declares.

    Attributes:
        command: Its name.
        schema: The JSON schema of all of them.
    """

    command: str
    schema: Schema

    @property
    def settings(self) -> Mapping[str, Schema]:
        """The schema of each."""
        members: Mapping[str, Schema] = self.schema["properties"]
        return members

    @property
    def prefix(self) -> str:
        """How the names of its variables begin: `TAP_CHAKRA_`."""
        return f"{self.command.upper().replace('-', '_')}_"

    def variable(self, name: str) -> str:
        """The variable of a setting."""
        return self.prefix + name.upper()

    def secrets_in(self, values: Mapping[str, Any]) -> list[str]:
        """The secrets among settings: what no message shows. Of an address it is what it holds."""
        found: list[str] = []
        for name, each in self.settings.items():
            if each.get("secret") and is_set(value := values.get(name)):
                for text in _secret_texts(value, each):
                    found += secrets_within(text) if each.get("format") == "uri" else [text]
        return found


def _secret_texts(value: object, schema: Schema) -> list[str]:
    """The secrets of a setting: each of a list, also of one that is still spelled as a text."""
    with suppress(WrongText):
        value = typed(value, schema)
    return list(map(str, value)) if isinstance(value, list) else [str(value)]


@dataclass(frozen=True, slots=True)
class Source:
    """Settings as one source gives them.

    Attributes:
        values: As they came, by name.
        file: The settings file; empty for the environment, and for settings given in Python.
        variables: Whether they come from the environment.
        of_meltano: Whether Meltano wrote the file, from the project and the variables.
    """

    values: Mapping[str, Any]
    file: str = ""
    variables: bool = False
    of_meltano: bool = False

    def calls(self, name: str, declared: Declared) -> str:
        """What a message calls a setting of this source."""
        if self.variables:
            return declared.variable(name)
        if self.of_meltano:
            return f"The setting {name} ({declared.variable(name)})"
        return f"The setting {name}" + (f" in the file '{self.file}'" if self.file else "")


class Gathered(dict[str, Any]):
    """The settings of all sources, by name, each of the type that is declared.

    Attributes:
        called: What messages call a setting, by name: after the source that it came from.
        warnings: What no command knows, a sentence each.
    """

    called: Mapping[str, str]
    warnings: tuple[str, ...]


def gathered(declared: Declared, sources: Iterable[Source]) -> Gathered:
    """The settings that sources give together; a later one overrides an earlier one.

    Raises:
        SettingsError: A text spells nothing that its setting may be.
    """
    sources = list(sources)
    hidden = [each for source in sources for each in declared.secrets_in(source.values)]
    counts: dict[str, Source] = {}
    unknown: dict[str, str] = {}
    for source in sources:
        for name, value in source.values.items():
            if name not in declared.settings:
                _refuse_if_it_means(DRY_RUN, name, source, declared)
                unknown[name.lower()] = _unknown(name, source, declared)
            elif is_set(value):
                counts[name] = source
    found = Gathered()
    found.called = {name: source.calls(name, declared) for name, source in counts.items()}
    for name, source in counts.items():
        schema, called = declared.settings[name], found.called[name]
        found[name] = _typed(source.values[name], schema, called, hidden)
        for stranger in strangers(found[name], schema, name):
            unknown[stranger.place] = (
                f"{called} holds {stranger.place}, which is no setting and is ignored."
                f" {did_you_mean(stranger.name, stranger.known).strip()}"
            ).strip()
    found.warnings = tuple(filter(None, unknown.values()))
    return found


def _typed(value: object, schema: Schema, called: str, hidden: list[str]) -> object:
    try:
        return typed(value, schema)
    except WrongText as wrong:
        at = f", at {wrong.place}," if wrong.place else ""
        is_it = "means nothing" if schema.get("secret") else f"is {shown(wrong.text, hidden)}"
        raise SettingsError(f"{called}{at} {is_it}", f"Write {wrong.wanted}") from None


def environment_source(
    declared: Declared, environment: Mapping[str, str], *, names_only: bool = False
) -> Source:
    """What the environment says: each variable that begins as the command's do.

    Args:
        declared: The settings of the command.
        environment: All variables.
        names_only: Whether the values do not count, only names that no setting has.
    """
    own = {
        name.removeprefix(declared.prefix): value.strip()
        for name, value in environment.items()
        if name.startswith(declared.prefix)
    }
    known = {name.upper(): name for name in declared.settings}
    values: dict[str, Any] = {}
    for end, value in own.items():
        if end in known:
            name = known[end]
            schema = declared.settings[name]
            flat = speaks_to_meltano(environment) and "object" in types_of(schema)
            values[name] = _nested(value, schema) if flat else value
        elif not _of_others(end, declared):
            values[end.lower()] = value
    if names_only:
        values = {name: each for name, each in values.items() if name not in declared.settings}
    return Source(values, variables=True)


def speaks_to_meltano(environment: Mapping[str, str]) -> bool:
    """Whether Meltano started the command: its variables are those of the project's file."""
    return _OF_MELTANO in environment


def _of_others(end: str, declared: Declared) -> bool:
    """Whether a variable is not meant as a setting of the command, though it begins as one.

    Those that Meltano adds begin with an underscore; within objects it adds one for each value. A
    plugin that inherits from the command's has a longer name before the setting's.
    """
    if end.startswith("_") or "__" in end or end in _OF_THE_SDK:
        return True
    objects = [n for n, schema in declared.settings.items() if "object" in types_of(schema)]
    if any(end.startswith(f"{name.upper()}_") for name in objects):
        return True
    return any(end.endswith(f"_{name.upper()}") for name in declared.settings)


def _nested(text: str, schema: Schema) -> object:
    """An object as Meltano writes it into a variable: `{"process_lead.city": null}`."""
    try:
        flat = typed(text, schema) if is_set(text) else None
    except WrongText:
        return text
    if not isinstance(flat, dict):
        return text
    found: dict[str, Any] = {}
    for path, value in flat.items():
        *above, last = [each.replace("\\.", ".") for each in _DOT.split(path)]
        at = found
        for each in above:
            below = at.setdefault(each, {})
            at = below if isinstance(below, dict) else at
        at[last] = value
    return found


def _refuse_if_it_means(setting: str, name: str, source: Source, declared: Declared) -> None:
    """Refuse what is likely a misspelt setting, where to ignore it would be the dangerous thing.

    Raises:
        SettingsError: It is like no other setting as much.
    """
    likely = nearest(name.replace("-", "_"), declared.settings)
    if setting in declared.settings and likely == setting and not name.startswith(("_", "$")):
        subject = source.calls(name, declared)
        raise SettingsError(
            f"{subject} is no setting of {declared.command}, and is like {setting}, without"
            " which a run writes",
            f"Write {declared.variable(setting) if source.variables else setting}",
        )


def _unknown(name: str, source: Source, declared: Declared) -> str:
    """What to say of a name that no setting has; nothing of what tools add for themselves."""
    if name.startswith(("_", "$")):
        return ""
    likely = nearest(name, declared.settings)
    name = mask_likely(name)
    if source.variables:
        subject, likely = declared.variable(name), likely and declared.variable(likely)
    else:
        named = source.file and not source.of_meltano
        subject = f"'{name}'" + (f" in '{source.file}'" if named else "")
    hint = f"Did you mean '{likely}'?" if likely else f"See {declared.command} --about."
    return f"{subject} is no setting of {declared.command} and is ignored. {hint}"
