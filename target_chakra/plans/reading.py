"""Reads the file of a plan, and refuses one that was edited, cut short, or is of a later format."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from target_chakra.plans import layout
from target_chakra.plans.metadata import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from target_chakra.plans.entries import Entry
    from target_chakra.plans.metadata import PlanFacts

AGAIN: Final = "Make the plan again, and leave its file as it is"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that was found whole.

    Attributes:
        path: Its file.
        facts: What it says of itself.
        digest: Of all that it says.
    """

    path: Path
    facts: PlanFacts
    digest: str

    def entries(self) -> Iterator[Entry]:
        """Its lines, in order, so many in memory as a group of the file has.

        Raises:
            SettingsError: The file holds what is no line of a plan.
        """
        import pyarrow.parquet as pq  # noqa: PLC0415 - a plain run starts without it

        with _legible(self.path), self.path.open("rb") as file:
            parquet = pq.ParquetFile(file)
            for group in range(parquet.num_row_groups):
                for cells in parquet.read_row_group(group).to_pylist():
                    yield layout.entry_of_cells(cells)


def opened_plan(path: Path) -> Plan:
    """A plan, once its digest is seen to be right.

    Raises:
        SettingsError: It can't be read, is no plan, was edited or cut short, or is of a later
            format.
    """
    with _legible(path):
        said, footer = _footer(path)
    if layout.FACTS not in said or layout.DIGEST not in said:
        raise _no_plan(path)
    found = said.get(layout.FORMAT_NAME, b"").decode(errors="replace")
    if found != str(layout.FORMAT):
        raise SettingsError(
            f"The plan '{path}' is of format {found or 'unknown'}, and this version reads"
            f" {layout.FORMAT}",
            "Use the version of target-chakra that made it, or make the plan again",
        )
    digest = said[layout.DIGEST].decode(errors="replace")
    if digest != _digest(path, said[layout.FACTS], footer):
        raise SettingsError(f"The plan '{path}' was edited after it was made", AGAIN)
    with _legible(path):
        return Plan(path, facts_of(json.loads(said[layout.FACTS])), digest)


def _footer(path: Path) -> tuple[Mapping[bytes, bytes], int]:
    """What the footer says beside the columns, and where it begins."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - a plain run starts without it

    with path.open("rb") as file:
        metadata = pq.ParquetFile(file).metadata
        size = file.seek(0, 2)
    return metadata.metadata or {}, size - metadata.serialized_size - 8


def _digest(path: Path, facts: bytes, footer: int) -> str:
    body, left = layout.body_hash(), footer
    with path.open("rb") as file:
        while left > 0 and (part := file.read(min(_CHUNK, left))):
            body.update(part)
            left -= len(part)
    return layout.digest_of(body, facts)


def _no_plan(path: Path) -> SettingsError:
    return SettingsError(
        f"'{path}' is no plan of target-chakra", "Name a file that a run with --plan has written"
    )


@contextlib.contextmanager
def _legible(path: Path) -> Iterator[None]:
    """What can't be read is said in words, whatever the reader of parquet files raises."""
    try:
        yield
    except SettingsError:
        raise
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise SettingsError(
            f"The plan '{path}' can't be read: {error.strerror}", "Check the path"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        said: Any = str(error).partition("\n")[0]
        raise SettingsError(
            f"'{path}' is no plan, or was cut short or edited: {said:.120}", AGAIN
        ) from None
