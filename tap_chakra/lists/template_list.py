"""The message templates of WhatsApp: a row for each template and language.

A template is approved, or refused, in each language by itself, so Meta gives each an id of its own
(contract 4.28). What it consists of (header, text, footer, buttons) is one column of JSON text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import to_json, to_string
from tap_chakra.records.config_collections import Collection
from tap_chakra.records.list_mask import finished, typed_columns
from tap_chakra.records.schema import EXTRA, described
from tap_chakra.records.stream_names import TEMPLATES
from tap_chakra.records.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_api.endpoints.client import ChakraClient
    from chakra_api.endpoints.message_templates import MessageTemplate
    from chakra_api.values.coercion import Coercer
    from chakra_api.whatsapp_account import WhatsAppAccount
    from tap_chakra.records.list_mask import ListMask

    Row = dict[str, object]

_TEXTS: Final = (
    *("id", "name", "language", "status", "category"),
    *("parameter_format", "rejected_reason"),
)
_COMPONENTS: Final = "components"
_COERCERS: Final[Mapping[str, Coercer]] = {
    **dict.fromkeys(_TEXTS, to_string),
    _COMPONENTS: to_json,
}
_TEXT: Final[Row] = {"type": ["string", "null"]}
_MEANT: Final[Mapping[str, str]] = {
    "id": "Meta's id: of a template in one language.",
    "name": "Name of the template, the same in each language.",
    "language": "Code of the language, such as en.",
    "status": "What Meta's review came to, such as PENDING or APPROVED.",
    "category": "Meta's category of the template, such as UTILITY.",
    "parameter_format": "How its parameters are written, in Meta's word.",
    "rejected_reason": "Why Meta rejected it, in Meta's word.",
    _COMPONENTS: "JSON: header, text, footer and buttons.",
    EXTRA: "JSON: what has no column, or does not fit its own.",
}
_KINDS: Final[Mapping[str, Row]] = {
    **dict.fromkeys((*_TEXTS, _COMPONENTS, EXTRA), _TEXT),
    "id": {"type": ["string"]},
}


def template_schema() -> Row:
    """The JSON Schema of the stream of message templates."""
    return {"type": "object", "properties": described(_KINDS, _MEANT)}


def template_list(
    client: ChakraClient, account: WhatsAppAccount, mask: ListMask | None = None
) -> Collection:
    """The message templates, fetched when the first one is wanted.

    Args:
        client: Talks to the account.
        account: Whose templates they are.
        mask: What masks them; None if nothing does.
    """
    tally, doubts = Tally(), list[str]()
    schema = template_schema()
    rows = _rows(client, account, mask, tally, doubts)
    return Collection(schema if mask is None else mask.schema(schema), ("id",), rows, tally, doubts)


def _rows(
    client: ChakraClient,
    account: WhatsAppAccount,
    mask: ListMask | None,
    tally: Tally,
    doubts: list[str],
) -> Iterator[Row]:
    found = client.templates.list_all(account.owner(f"the stream {TEMPLATES}"))
    doubts += found.unsure
    for template in found.templates:
        yield _record(template, mask, tally)


def _record(template: MessageTemplate, mask: ListMask | None, tally: Tally) -> Row:
    row = template.row
    extra = {name: value for name, value in row.items() if name not in _COERCERS}
    record = typed_columns(row, _COERCERS, extra, tally, mask)
    if template.template_id is None:
        # Loaders know a row again by its id; name and language are what Meta tells it apart by.
        record["id"] = f"{template.name}/{template.language}"
    return finished(record, extra, mask)
