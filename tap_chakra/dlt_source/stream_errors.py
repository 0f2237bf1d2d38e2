"""A resource that fails: it ends the run as dlt has it, or the others are loaded without it.

What a source raises throws away all that was extracted, of every resource. With
`on_stream_error="continue"` a failure that is a resource's own is logged and kept in its state;
`failed_streams` returns it after the run, and `raise_on_failures` raises it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import dlt

from chakra_api.errors import ChakraError, SettingsError
from chakra_api.exit_codes import ExitCode, gravest
from chakra_api.nearest import did_you_mean
from chakra_api.setting_values import shown
from tap_chakra.run.failures import Failure, is_own
from tap_chakra.run.procedure_run import ScanIncomplete

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_chakra.dlt_source.shared_source import SharedSource

FAILED: Final = "failed"
STOP: Final = "stop"
CONTINUE: Final = "continue"
CHOICES: Final = (STOP, CONTINUE)

_log = logging.getLogger("tap-chakra")


class StreamsFailed(ChakraError):
    """Resources failed, and the others were loaded; the exit code is the gravest of theirs."""

    def __init__(self, failed: Mapping[str, Mapping[str, Any]]) -> None:
        said = " ".join(f"{name} failed: {each['said']}" for name, each in failed.items())
        super().__init__(
            f"Resources failed, the others are loaded ({', '.join(failed)}). {said.rstrip('.')}",
            "No bookmark of those that failed moved: run it again once they are fixed, or leave"
            " them out",
        )
        code = gravest(ExitCode(each["code"]) for each in failed.values())
        self.exit_code = code  # type: ignore[misc]  # of this one alone


def parse_on_stream_error(config: Mapping[str, object]) -> str:
    """Give the setting its meaning.

    Raises:
        SettingsError: It means nothing.
    """
    choice = config.get("on_stream_error", STOP)
    if choice not in CHOICES:
        raise SettingsError(
            f"The setting on_stream_error is {shown(choice)}, which is none",
            f"{did_you_mean(str(choice), CHOICES)}Choose one of {', '.join(CHOICES)}",
        )
    return str(choice)


@dataclass(frozen=True, slots=True)
class Guard:
    """Watches over resources.

    Attributes:
        shared: The account behind them.
        choice: One of `CHOICES`.
    """

    shared: SharedSource
    choice: str

    def watched(self, name: str, items: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        """What a resource yields, up to where it fails.

        Args:
            name: Of the resource.
            items: Yields it.

        Raises:
            ChakraError: It failed, and that ends the run.
        """
        state = dlt.current.resource_state()
        state.pop(FAILED, None)
        replaced = dlt.current.resource().write_disposition == "replace"
        began = False
        try:
            for item in items():
                began = True
                yield item
        except ScanIncomplete:
            raise
        except ChakraError as error:
            if not self._is_own(error):
                raise
            if self.choice == STOP or (replaced and began):
                # A table that is replaced would keep the first rows, and lose the others.
                error.cause = f"{name}: {error.cause}"
                error.next_step = f"{error.next_step}. {_HINT}".lstrip(". ")
                raise
            _log.error("%s; the other resources are loaded", Failure(name, error).line)
            state[FAILED] = {"said": str(error), "code": int(error.exit_code)}
            # A resource that is replaced and brings nothing would empty its table.
            dlt.current.resource().apply_hints(write_disposition="append")

    def _is_own(self, error: ChakraError) -> bool:
        with self.shared.opened() as source:
            return is_own(error, source.answers)


_HINT: Final = 'Nothing of this run is loaded; on_stream_error="continue" loads the other resources'
