"""Writes the file of a plan: row by row, whole or not there at all."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import OutputFault, SettingsError
from target_chakra.plans import layout
from target_chakra.plans.entries import entry_of, rejected_entry
from target_chakra.storage.private_files import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_chakra.changes import Action, Reject
    from target_chakra.plans.entries import Entry
    from target_chakra.plans.metadata import PlanFacts

MARK: Final = b"PAR1"
"""What a parquet file begins with, and ends with."""


class PlanWriter:
    """Writes a plan beside the place where it is to lie, and puts it there once it is whole.

    Args:
        path: Where it is to lie.
        made_up: Whether a process id stands for a process that the plan itself creates.

    Attributes:
        procedures: ShortIds of those that its entries are of.

    Raises:
        SettingsError: It can't be written there, or what lies there is no plan.
    """

    def __init__(self, path: Path, made_up: Callable[[str], bool]) -> None:
        self.path = path
        self._made_up = made_up
        self._entries: list[Entry] = []
        self._number = 0
        self.procedures: set[str] = set()
        refuse_to_replace(path)
        try:
            make_folder(path.absolute().parent)
            number, name = tempfile.mkstemp(
                prefix=f".{path.name}.", suffix=".unfinished", dir=path.absolute().parent
            )
        except OSError as error:
            raise _unwritable(path, error) from None
        self._beside = Path(name)
        self._file = _Hashed(number)
        self._parquet: Any = None

    def note(self, action: Action) -> None:
        """An action would be sent."""
        process_id = action.process_id
        if process_id is not None and self._made_up(process_id):
            process_id = None
        self._add(entry_of(self._next(), action, process_id))

    def note_reject(self, reject: Reject) -> None:
        """A row would be rejected."""
        self._add(rejected_entry(self._next(), reject))

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _add(self, entry: Entry) -> None:
        self.procedures.add(entry.procedure)
        self._entries.append(entry)
        if len(self._entries) >= layout.ROWS_A_GROUP:
            self._write()

    def _write(self) -> None:
        import pyarrow.parquet as pq  # noqa: PLC0415 - a plain run starts without it

        with _written(self.path):
            if self._parquet is None:
                self._parquet = pq.ParquetWriter(
                    self._file, layout.schema(), compression="zstd", store_schema=False
                )
            if self._entries:
                self._parquet.write_table(layout.columns_of(self._entries))
        self._entries.clear()

    def finish(self, facts: PlanFacts) -> None:
        """Put the plan where it is to lie.

        Raises:
            OutputFault: The disk does not take it.
        """
        self._write()
        said = layout.facts_text(facts.to_json())
        with _written(self.path):
            self._parquet.add_key_value_metadata(
                {
                    layout.FORMAT_NAME: str(layout.FORMAT).encode(),
                    layout.FACTS: said,
                    layout.BODY: str(self._file.size).encode(),
                    layout.DIGEST: layout.digest_of(self._file.hash, said).encode(),
                }
            )
            self._parquet.close()
            self._file.settle()
            self._file.close()
            self._beside.replace(self.path)

    def discard(self) -> None:
        """The plan is not whole: nothing of it stays."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._beside.unlink(missing_ok=True)


class _Hashed(io.RawIOBase):
    """A file that takes in what is written to it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.hash = layout.body_hash()
        self.size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: Any) -> int:  # noqa: ANN401 - a buffer
        left = memoryview(data).cast("B")
        size = len(left)
        self.hash.update(left)
        while left:
            left = left[os.write(self._number, left) :]
        self.size += size
        return size

    def settle(self) -> None:
        """Have it on the disk."""
        os.fsync(self._number)

    def close(self) -> None:
        if not self.closed:
            os.close(self._number)
        super().close()


def refuse_to_replace(path: Path) -> None:
    """A plan takes the place of a plan alone.

    Raises:
        SettingsError: Something else lies there.
    """
    try:
        with path.open("rb") as file:
            begins = file.read(len(MARK))
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(path, error) from None
    if begins != MARK:
        raise SettingsError(
            f"'{path}' is there already, and is no plan", "Set plan_path to a file of its own"
        )


def _unwritable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"The plan '{path}' can't be written: {error.strerror}",
        "Set plan_path to a place where this user may write",
    )


@contextlib.contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputFault(
            f"The plan '{path}' can't be written: {error.strerror or error}",
            "Make room there, or set plan_path to another place, and run it again",
        ) from None
