"""The rules of one stream, compiled: what becomes of a value by the name that it stands under."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chakra_api.redaction import Secret
from tap_chakra.masking.rules import EXTRA, Rule, Treatment, gravest
from tap_chakra.masking.treatments import DROPPED, treat_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tap_chakra.masking.rules import MaskSetting
    from tap_chakra.masking.treatments import Treat

    Row = dict[str, object]

_MOST_NAMES: Final = 10_000
"""Names that are remembered: rows may hold ever new ones."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """The mask of a stream as plain values, to be sent to another process through a pipe.

    Attributes:
        rules: Each as its key, stream, group, name and treatment.
        salt: The key of hashes; None if there is none.
    """

    rules: Sequence[Sequence[str]]
    salt: str | None = field(repr=False)


class StreamMask:
    """What becomes of the values of one stream.

    Args:
        rules: Those that are for the stream.
        salt: The key of hashes; None if no rule hashes.
    """

    def __init__(self, rules: Sequence[Rule], salt: Secret | None) -> None:
        self._rules = tuple(rules)
        self._salt = salt
        self._treats = {
            each: treat_of(each, salt)
            for each in Treatment
            if salt is not None or each is not Treatment.HASH
        }
        self._inner: dict[str, Treat | None] = {}

    def spelled(self) -> Spelled:
        """The same as plain values."""
        rules = [[r.key, r.stream, r.group, r.name, r.treatment.value] for r in self._rules]
        return Spelled(rules, None if self._salt is None else self._salt.reveal())

    @classmethod
    def of(cls, spelled: Spelled) -> StreamMask:
        """The mask that was spelled so."""
        rules = [
            Rule(key, stream, group, name, Treatment(word))
            for key, stream, group, name, word in spelled.rules
        ]
        return cls(rules, None if spelled.salt is None else Secret(spelled.salt))

    def column(self, name: str, kept: Collection[str] = ()) -> Treatment | None:
        """What becomes of a root column.

        Args:
            name: Of the column.
            kept: Columns that no pattern means: only who names one means it.
        """
        return self._gravest("", name, kept)

    def attribute(self, group: str, name: str) -> Treatment | None:
        """What becomes of an attribute.

        Args:
            group: `data` or `derivedData`.
            name: Its shortId.
        """
        return self._gravest(group, name)

    def treat(self, treatment: Treatment) -> Treat:
        """What treats values so."""
        return self._treats[treatment]

    def named(self, group: str, name: str) -> Treat | None:
        """What treats what stands under a name that no schema has; None if it stays.

        Args:
            group: `data`, `derivedData` or `_extra_data`.
            name: The name.
        """
        key = f"{group}.{name}"
        if key not in self._inner:
            if len(self._inner) > _MOST_NAMES:
                self._inner.clear()
            found = [r.treatment for r in self._rules if r.means(group, name)]
            found += [r.treatment for r in self._rules if r.means(EXTRA, name)]
            worst = gravest(found)
            self._inner[key] = None if worst is None else self._treats[worst]
        return self._inner[key]

    def nested(self, value: object) -> object:
        """A value, what stands in it under masked names treated, at any depth."""
        if type(value) is dict:
            return self.object(value, EXTRA)
        if type(value) is list:
            return [self.nested(each) for each in value]
        return value

    def object(
        self, values: Row, group: str, known: Mapping[str, Treat | None] = MappingProxyType({})
    ) -> Row:
        """An object, its values treated by their names.

        Args:
            values: As they came.
            group: `data`, `derivedData`, or `_extra_data` for any other.
            known: What treats values under names that a schema has; None where they stay.
        """
        made: Row = {}
        for name, value in values.items():
            treat = known[name] if name in known else self.named(group, name)
            if treat is None:
                made[name] = self.nested(value)
            elif (treated := treat(value)) is not DROPPED:
                made[name] = treated
        return made

    def _gravest(self, group: str, name: str, kept: Collection[str] = ()) -> Treatment | None:
        means = (r for r in self._rules if r.means(group, name))
        return gravest([r.treatment for r in means if not (r.is_glob and name in kept)])


def stream_mask(setting: MaskSetting, stream: str) -> StreamMask | None:
    """The mask of a stream; None if no rule is for it."""
    rules = [rule for rule in setting.rules if rule.means_stream(stream)]
    return StreamMask(rules, setting.salt) if rules else None
