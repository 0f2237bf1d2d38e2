"""Options as Spark hands them over: texts, which it shows in plans, in its pages and its event log.

So a secret is no option. It comes from the environment of the machine that needs it, and a machine
makes its settings itself: what travels between machines holds none.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from chakra_api.setting_values import is_set, shown
from chakra_plugin.settings.text import WrongText, typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECRETS: Final = ("api_key", "mask_salt", "notify_url")
"""Settings of tap and target that are no options."""


def texts_of(options: Mapping[str, str], known: Mapping[str, str], variable: str) -> dict[str, str]:
    """The options that say anything, by name.

    Args:
        options: As Spark hands them over.
        known: The options that there are, and their types.
        variable: Prefix of the environment's variables, to name in errors.

    Raises:
        SettingsError: One is none, or is a secret.
    """
    given = {name.lower(): text for name, text in options.items() if is_set(text)}
    for name in given:
        if name in SECRETS:
            raise SettingsError(
                f"{name} is a secret, and Spark shows options in plans, pages and logs",
                f"Set {variable}_{name.upper()} in the environment, before Spark starts, and change"
                " the secret: it was in clear here",
            )
        if name not in known:
            raise SettingsError(
                f"{shown(name)} is no option of ChakraHQ",
                f"{did_you_mean(name, known)}There are {', '.join(known)}",
            )
    return given


def values_of(texts: Mapping[str, str], known: Mapping[str, str]) -> dict[str, object]:
    """The values that options' texts spell, by name.

    Args:
        texts: The options.
        known: Those that there are, and their types.

    Raises:
        SettingsError: One spells none of its type.
    """
    return {name: _value(name, text, known) for name, text in texts.items()}


def _value(name: str, text: str, known: Mapping[str, str]) -> object:
    try:
        return typed(text, {"type": [known[name]]})
    except WrongText as wrong:
        raise SettingsError(
            f"The option {name} is {shown(text)}", f"Write {wrong.wanted}"
        ) from None


def secrets_of(variable: str, names: Iterable[str]) -> dict[str, object]:
    """The secrets of this machine's environment.

    Args:
        variable: Prefix of its variables.
        names: The settings; `api_key` among them is needed.

    Raises:
        SettingsError: It has no key.
    """
    found = {name: os.environ.get(f"{variable}_{name.upper()}") for name in names}
    if not is_set(found["api_key"]):
        raise SettingsError(
            f"The variable {variable}_API_KEY is not set on a machine of this cluster",
            "Set it in its environment before Spark starts; docs/spark.md says how",
        )
    return {name: text for name, text in found.items() if is_set(text)}
