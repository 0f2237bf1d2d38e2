"""A mapping whose rows each ask for one call, held against the account as a run compiles it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.calls.compiled_call import ComparedStream, compiled_call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_chakra.calls.compiled_call import CompiledCall
    from target_chakra.lookups.open_account import OpenAccount
    from target_chakra.stream_mapping import StreamMapping

_TOPIC: Final = "mapping"
_SETTING: Final = "streams"


def call_findings(mapping: StreamMapping, account: OpenAccount) -> Iterator[Finding]:
    """What is to be said of a mapping of calls; nothing is sent.

    Args:
        mapping: What its user wants.
        account: The account; of messages its templates are listed.
    """
    try:
        compiled = compiled_call(mapping.stream, mapping, (), account)
    except ChakraError as error:
        severity, code = Severity.FAULT, error.exit_code
        yield Finding(
            _TOPIC, error.cause, error.next_step, _SETTING, severity, mapping.stream, code=code
        )
        return
    scope = compiled.mapper.scope
    named = ", ".join(mapping.call.named_by.values()) if mapping.call else ""
    if isinstance(compiled, ComparedStream):
        said = f"{scope}, named by {named}: compared first, written where they differ"
        yield Finding(_TOPIC, said, about=mapping.stream, fact=scope)
        return
    said = f"a {compiled.maker.kind.noun} for each row ({scope}), once for each {named}"
    yield Finding(_TOPIC, said, about=mapping.stream, fact=scope)
    if closed := _closed(compiled):
        follows = f"Set max_messages to the most {compiled.maker.kind.noun}s that a run may send"
        yield Finding(_TOPIC, closed, follows, _SETTING, Severity.WARNING, mapping.stream)


def _closed(compiled: CompiledCall) -> str:
    """Why nothing leaves, though the mapping is right; empty if something does."""
    return "max_messages is 0: the first one stops the run" if compiled.maker.most == 0 else ""
