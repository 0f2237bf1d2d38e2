"""The setting `mask` as rules: which streams and properties, and what becomes of their values.

A key is `<stream>.<property>`, both globs. The property is a root column, or an attribute by its
shortId; `data.email` and `derivedData.email` name the attribute of one object, and
`_extra_data.email` what stands in `_extra_data` alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Final

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from chakra_api.redaction import Secret, mask_likely

GROUPS: Final = ("data", "derivedData")
"""The objects of a row that hold its attributes."""
EXTRA: Final = "_extra_data"
SALT: Final = "mask_salt"
SHORT_SALT: Final = 16
"""Characters below which a salt can be found by trying."""
TINY_SALT: Final = 6
"""Characters below which a salt stands in ordinary words, where nobody could tell it."""
_GLOB: Final = frozenset("*?[")


class Treatment(Enum):
    """What becomes of a masked value; of several, the first one here counts."""

    DROP = "drop"
    HASH = "hash"
    KEEP_FIRST = "keep-first"


_ORDER: Final = tuple(Treatment)
_WORDS: Final = ("hash", "drop", "keep-first")
_LIKE: Final = 0.4
"""How like a treatment a word must be, of 1, to be taken for it: there are but three."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the setting.

    Attributes:
        key: As the user wrote it.
        stream: Glob of streams.
        group: `data`, `derivedData` or `_extra_data` where the key names it; else empty.
        name: Glob of properties.
        treatment: What becomes of their values.
    """

    key: str
    stream: str
    group: str
    name: str
    treatment: Treatment

    @property
    def is_glob(self) -> bool:
        """Whether it means properties by a pattern."""
        return not _GLOB.isdisjoint(self.name)

    def means_stream(self, name: str) -> bool:
        """Whether it is for a stream."""
        return fnmatchcase(name, self.stream)

    def means(self, group: str, name: str) -> bool:
        """Whether it is for a property: of an object of attributes, or (empty) of the root."""
        return self.group in {"", group} and fnmatchcase(name, self.name)


@dataclass(frozen=True, slots=True)
class MaskSetting:
    """What the user wants masked.

    Attributes:
        rules: In the user's order.
        salt: The key of hashes; None if none was given.
    """

    rules: tuple[Rule, ...] = ()
    salt: Secret | None = None


def gravest(treatments: list[Treatment]) -> Treatment | None:
    """The one that shows least; None of none."""
    return min(treatments, key=_ORDER.index, default=None)


def parse_mask(config: Mapping[str, object], variable: str) -> MaskSetting:
    """Give the settings `mask` and `mask_salt` their meaning.

    Args:
        config: The settings by name.
        variable: Prefix of the environment's variables, to name in errors.

    Raises:
        SettingsError: A key or a treatment means nothing, or there is no salt to hash with.
    """
    rules = tuple(_rule(key, word) for key, word in _pairs(config.get("mask")).items())
    salt = config.get(SALT)
    if salt is not None and not isinstance(salt, str):
        raise SettingsError(f"The setting {SALT} is not a text", "Set it to a long secret text")
    hashed = next((rule for rule in rules if rule.treatment is Treatment.HASH), None)
    if hashed is not None and not salt:
        raise SettingsError(
            f"The mask of '{hashed.key}' is hash, and the setting {SALT} is missing",
            f"Set {SALT} or {variable}_MASK_SALT to a long secret text and keep it: another one"
            " makes other hashes",
        )
    return MaskSetting(rules, Secret(salt) if salt else None)


def _pairs(value: object) -> Mapping[str, object]:
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping):
        raise SettingsError(
            "The setting mask is not an object of keys and treatments",
            'Write it as {"*.email": "hash", "process_lead.phone": "drop"}',
        )
    return dict(_flat(value, ""))


def _flat(value: Mapping[str, object], before: str) -> Iterator[tuple[str, object]]:
    """Keys with their words. Meltano, and TOML, make objects of what stands between points."""
    for name, word in value.items():
        if isinstance(word, Mapping):
            yield from _flat(word, f"{before}{name}.")
        else:
            yield f"{before}{name}", word


def _rule(key: str, word: object) -> Rule:
    stream, _, path = key.partition(".")
    if not stream or not path:
        named = key.strip(".") or "email"
        raise SettingsError(
            f"The mask '{key}' does not name a stream and a property",
            f"Write it as *.{named} or process_lead.{named}",
        )
    group, _, name = path.partition(".")
    if group not in (*GROUPS, EXTRA) or not name:
        group, name = "", path
    return Rule(key, stream, group, name, _treatment(key, word))


def _treatment(key: str, word: object) -> Treatment:
    if word in _WORDS:
        return Treatment(word)
    hint = did_you_mean(str(word).replace("_", "-"), _WORDS, _LIKE)
    shown = mask_likely(json.dumps(word, default=str))
    raise SettingsError(
        f"The mask of '{key}' is {shown}, which is no treatment",
        f"{hint}The treatments are {', '.join(_WORDS)}",
    )
