"""What is wrong with settings, in words of the person who wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from chakra_api.setting_values import shown
from chakra_plugin.settings.sources import Gathered
from chakra_plugin.settings.text import wanted_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jsonschema import ValidationError

    from chakra_plugin.settings.sources import Declared


def fault_of(
    found: Sequence[ValidationError], config: Mapping[str, object], declared: Declared
) -> SettingsError:
    """The error that tells of settings that do not fit their declaration.

    Args:
        found: What a validator found, at least one.
        config: The settings.
        declared: The settings of the command.
    """
    told = list(dict.fromkeys(_told(each, config, declared) for each in found))
    if len(told) == 1:
        return SettingsError(*told[0])
    return SettingsError(
        "; ".join(cause for cause, _ in told), f"See {declared.command} --about for each setting"
    )


def _told(
    error: ValidationError, config: Mapping[str, object], declared: Declared
) -> tuple[str, str]:
    """Cause and next step."""
    at = list(error.absolute_path)
    if error.validator == "required":
        return _missing(error, at, declared)
    name = str(at[0]) if at else ""
    called = config.called if isinstance(config, Gathered) else {}
    subject = called.get(name, f"The setting {name}") + _place(at[1:])
    secret = declared.settings.get(name, {}).get("secret")
    value = shown(error.instance, declared.secrets_in(config))
    cause = f"{subject} does not fit" if secret else f"{subject} is {value}"
    schema = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "enum":
        words = [str(each) for each in schema["enum"]]
        asked = "" if secret else did_you_mean(str(error.instance), words)
        return cause, f"{asked}Use one of: {', '.join(words)}"
    wanted = wanted_by(schema)
    return cause, f"Write {wanted}" if wanted else f"See {declared.command} --about"


def _missing(error: ValidationError, at: list[str | int], declared: Declared) -> tuple[str, str]:
    held = error.instance if isinstance(error.instance, dict) else {}
    wanted = error.schema.get("required", ()) if isinstance(error.schema, dict) else ()
    name = next((str(each) for each in wanted if each not in held), "")
    if not at:
        return (
            f"The setting {name} is missing",
            f"Put it into the file of --config, or set {declared.variable(name)}",
        )
    return f"The setting {at[0]}{_place(at[1:])} lacks {name}", f"See {declared.command} --about"


def _place(path: list[str | int]) -> str:
    """Where in a setting: `, at [0].mode,`."""
    if not path:
        return ""
    steps = [f"[{each}]" if isinstance(each, int) else f".{each}" for each in path]
    return f", at {''.join(steps).removeprefix('.')},"
