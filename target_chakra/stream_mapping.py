"""How the rows of one stream become changes, as the user says it in the setting `streams`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from chakra_api.errors import SettingsError
from chakra_api.setting_values import shown
from target_chakra.call_settings.parsing import parse_call
from target_chakra.changes import Mode
from target_chakra.mapping_options import (
    chosen_option,
    flag_option,
    refuse_unknown,
    text_option,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.call_settings.call_mapping import CallMapping

_MAPPING_KEYS: Final = frozenset(
    [
        "stream",
        "kind",
        "skip",
        "procedure",
        "mode",
        "key",
        "fields",
        "nulls",
        "only_if_empty",
        "keep_edits",
        "delete_when",
        "revive",
        "blanks",
    ]
)
_FIELD_KEYS: Final = frozenset({"to", "round", "blanks", "keep_edits"})
_KEY_KEYS: Final = frozenset({"column", "attribute", "trim", "case"})
Case: TypeAlias = Literal["", "lower", "upper"]
_CASES: Final[tuple[Case, ...]] = ("", "lower", "upper")


@dataclass(frozen=True, slots=True)
class FieldOptions:
    """What becomes of the values of one column.

    Attributes:
        rounds: Whether digits that a double can't hold, and times of a day, are cut off.
        keeps_blanks: Whether an empty text is stored, not taken for a null.
        keeps_edits: Whether what people changed is left alone.
    """

    rounds: bool = False
    keeps_blanks: bool = False
    keeps_edits: bool = False


@dataclass(frozen=True, slots=True)
class KeyOptions:
    """How the texts of a key are made alike before they name a process.

    Attributes:
        trims: Whether blanks around it go.
        case: The case that it is put into; empty to leave it.
    """

    trims: bool = False
    case: Case = ""

    def applied(self, text: str) -> str:
        """The text that names the process."""
        text = text.strip() if self.trims else text
        if self.case == "lower":
            return text.lower()
        return text.upper() if self.case == "upper" else text


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """How one stream's rows become changes.

    Attributes:
        stream: Name or glob.
        procedure: ShortId; None to take it from the stream's name (`process_lead`).
        mode: What is asked for.
        names_mode: Whether the user said so; what a table says of itself counts only if not.
        key_column: The column that names a process; None for the default.
        key_attribute: The attribute it stands for, or `id`; None for the default.
        fields: Column → destination; None for by name.
        options: What becomes of values, by column; the stream's own words where it is silent.
        key_options: How the texts of the key are made alike.
        clears: Whether a null clears the attribute (else it is left as it is).
        keeps_blanks: Whether an empty text is stored, not taken for a null.
        only_if_empty: Destinations that are never overwritten.
        keeps_edits: Whether what people changed is left alone, unless a column says otherwise.
        delete_when: The column that marks a row as deleted.
        revive: Whether a process that was deleted, or is gone, may be brought back.
        skip: Whether its rows go nowhere.
        call: What each row asks for by calls of its own; None where rows are processes.
    """

    stream: str = "*"
    procedure: str | None = None
    mode: Mode = Mode.UPSERT
    names_mode: bool = False
    key_column: str | None = None
    key_attribute: str | None = None
    fields: Mapping[str, str] | None = None
    options: Mapping[str, FieldOptions] = field(default_factory=dict)
    key_options: KeyOptions = field(default_factory=KeyOptions)
    clears: bool = False
    keeps_blanks: bool = False
    only_if_empty: frozenset[str] = frozenset()
    keeps_edits: bool = False
    delete_when: str | None = None
    revive: bool = False
    skip: bool = False
    call: CallMapping | None = None

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        if self.call is not None:
            return self.call.columns
        named = (self.key_column, self.delete_when, *(self.fields or ()))
        return frozenset(name for name in named if name)

    @property
    def may_keep_edits(self) -> bool:
        """Whether what people changed is left alone anywhere."""
        return self.keeps_edits or any(each.keeps_edits for each in self.options.values())


def parse_streams(value: object) -> tuple[StreamMapping, ...]:
    """Give the setting `streams` its meaning.

    Raises:
        SettingsError: A mapping means nothing.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise SettingsError(
            "The setting streams is not a list of mappings",
            'Write it as [{"stream": "lead_scores", "procedure": "lead", "key": "lead_id"}]',
        )
    return tuple(_stream(each, number) for number, each in enumerate(value, 1))


def _stream(given: Mapping[str, object], number: int) -> StreamMapping:
    name = given.get("stream")
    where = f"mapping {number} of the setting streams"
    if not isinstance(name, str) or not name:
        raise SettingsError(f"In {where} stream is missing", "Name a stream, or a glob as marts-*")
    call = parse_call(given, f"{where} ('{name}')")
    if call is not None:
        return StreamMapping(stream=name, mode=Mode.INSERT, names_mode=True, call=call)
    refuse_unknown(given, _MAPPING_KEYS, f"{where} ('{name}')")
    if flag_option(given, "skip", where):
        return _skipped(given, name, where)
    column, attribute, key_options = _key(given.get("key"), where)
    keeps_blanks = _blanks(given.get("blanks"), where)
    keeps_edits = flag_option(given, "keep_edits", where)
    silent = FieldOptions(keeps_blanks=keeps_blanks, keeps_edits=keeps_edits)
    fields, options = _fields(given.get("fields"), where, silent)
    return StreamMapping(
        stream=name,
        procedure=text_option(given, "procedure"),
        mode=_mode(given.get("mode"), where),
        names_mode=bool(given.get("mode")),
        key_column=column,
        key_attribute=attribute,
        fields=fields,
        options=options,
        key_options=key_options,
        clears=_nulls(given.get("nulls"), where),
        keeps_blanks=keeps_blanks,
        only_if_empty=_names(given.get("only_if_empty"), where),
        keeps_edits=keeps_edits,
        delete_when=text_option(given, "delete_when"),
        revive=flag_option(given, "revive", where),
    )


def _skipped(given: Mapping[str, object], name: str, where: str) -> StreamMapping:
    beside = sorted(set(given) - {"stream", "skip"})
    if beside:
        raise SettingsError(
            f"In {where} ('{name}') skip is true, and {', '.join(beside)} beside it means nothing",
            "Take one of them away: the rows of a skipped stream go nowhere",
        )
    return StreamMapping(stream=name, skip=True)


def _mode(value: object, where: str) -> Mode:
    try:
        return Mode(value or "upsert")
    except ValueError:
        modes = ", ".join(mode.value for mode in Mode)
        raise SettingsError(f"In {where} mode is {shown(value)}", f"Use one of: {modes}") from None


def _key(value: object, where: str) -> tuple[str | None, str | None, KeyOptions]:
    """`"lead_id"`, or `{"column": "crm_id", "attribute": "lead_id", "trim": true}`."""
    if value is None:
        return None, None, KeyOptions()
    if isinstance(value, str) and value:
        return value, None, KeyOptions()
    if isinstance(value, dict) and isinstance(value.get("column"), str):
        refuse_unknown(value, _KEY_KEYS, f"the key of {where}")
        attribute = value.get("attribute")
        options = KeyOptions(
            trims=flag_option(value, "trim", where),
            case=chosen_option(value, "case", _CASES, where),
        )
        return str(value["column"]), str(attribute) if attribute else None, options
    raise SettingsError(
        f"In {where} key is {shown(value)}",
        'Write the column, or {"column": "crm_id", "attribute": "lead_id"}',
    )


def _fields(
    value: object, where: str, silent: FieldOptions
) -> tuple[Mapping[str, str] | None, Mapping[str, FieldOptions]]:
    """Column → destination, and column → options where it has some of its own."""
    if value is None:
        return None, {}
    if not isinstance(value, dict):
        raise _no_fields(where)
    fields: dict[str, str] = {}
    options: dict[str, FieldOptions] = {}
    for column, given in value.items():
        if isinstance(given, dict) and isinstance(given.get("to"), str):
            fields[str(column)] = given["to"]
            options[str(column)] = _options(given, f"{column} of {where}", silent)
        elif isinstance(given, str):
            fields[str(column)] = given
        else:
            raise _no_fields(where)
    return fields, options


def _no_fields(where: str) -> SettingsError:
    return SettingsError(
        f"In {where} fields is not an object of column and destination",
        'Write it as {"score": "data.score", "owner": "assignedTo"}, or with options as'
        ' {"score": {"to": "data.score", "round": true}}',
    )


def _options(given: Mapping[str, object], where: str, silent: FieldOptions) -> FieldOptions:
    """The options of a column; where it is silent, those of its stream."""
    refuse_unknown(given, _FIELD_KEYS, where)
    blanks, edits = given.get("blanks"), given.get("keep_edits")
    return FieldOptions(
        rounds=flag_option(given, "round", where),
        keeps_blanks=silent.keeps_blanks if blanks is None else _blanks(blanks, where),
        keeps_edits=silent.keeps_edits
        if edits is None
        else flag_option(given, "keep_edits", where),
    )


def _blanks(value: object, where: str) -> bool:
    if value not in (None, "null", "keep"):
        raise SettingsError(
            f"In {where} blanks is {shown(value)}",
            "Use null (an empty text is a null, the default) or keep (it is stored)",
        )
    return value == "keep"


def _nulls(value: object, where: str) -> bool:
    if value not in (None, "skip", "clear"):
        raise SettingsError(f"In {where} nulls is {shown(value)}", "Use skip or clear")
    return value == "clear"


def _names(value: object, where: str) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SettingsError(
            f"In {where} only_if_empty is not a list", 'Write it as ["data.city", "assignedTo"]'
        )
    return frozenset(value)
