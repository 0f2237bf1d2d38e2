"""What both doctors say first: whether the account's configuration is to be had, and in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_plugin.findings.budget import MOST_SECONDS
from chakra_plugin.findings.finding import Finding, Severity, fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_plugin.findings.asking import Asking

T = TypeVar("T")

CONNECTION: Final = "connection"


def reached(asking: Asking, fetch: Callable[[], T]) -> T | Finding:
    """The configuration; where it is not to be had, why not: nothing else can be looked at then.

    Args:
        asking: Waits no longer than the look may take, whatever keeps silent.
        fetch: Fetches the configuration.
    """
    asked = asking.begin("the configuration", fetch)
    try:
        found = asking.answer(asked)
    except ChakraError as error:
        return fault(CONNECTION, error)
    if found is not None:
        return found
    return Finding(
        CONNECTION,
        f"The configuration was not answered within {MOST_SECONDS:g} s",
        "A run waits longer for an answer; see whether api_url is right, and a proxy in between",
        "api_url, request_timeout",
        Severity.FAULT,
        code=ExitCode.UNREACHABLE,
    )
