"""Rows on their way from a task to the driver, as Arrow: in its message, or in a file if many.

A task sends nothing to ChakraHQ. So one that fails, is tried again or runs twice has sent nothing,
and only what the messages name that reach the driver counts.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from chakra_api.errors import SettingsError
from chakra_plugin.warehouses.arrow_rows import batch_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MOST_IN_A_MESSAGE: Final = 1 << 18
"""Bytes of a task's rows that travel in its message where there is a folder for more."""
MOST_WITHOUT_A_FOLDER: Final = 1 << 23
"""The same where there is none: the driver holds all messages at a time."""
_COMPRESSED: Final = pa.ipc.IpcWriteOptions(compression="zstd")


@dataclass(frozen=True, slots=True)
class Staged:
    """The rows of one task.

    Attributes:
        rows: How many.
        digest: Of their content, in their order.
        inside: They themselves, as a stream of Arrow; empty where they are in a file.
        path: The file; None where there is none.
    """

    rows: int
    digest: bytes
    inside: bytes = b""
    path: Path | None = None


def stage(batches: Iterable[pa.RecordBatch], folder: Path | None, name: str) -> Staged:
    """Put rows where the driver finds them.

    Args:
        batches: The rows.
        folder: For a file of them; None if there is none for this write.
        name: Of the file; no other task and no other try has it.

    Raises:
        SettingsError: They are too many for a message, and there is no folder.
    """
    most = MOST_WITHOUT_A_FOLDER if folder is None else MOST_IN_A_MESSAGE
    source, held = iter(batches), pa.BufferOutputStream()
    digest, rows = hashlib.sha256(), 0
    first = ahead = next(source, None)
    if first is None:
        return Staged(0, digest.digest())
    with pa.ipc.new_stream(held, first.schema, options=_COMPRESSED) as writer:
        while ahead is not None and held.tell() < most:
            writer.write_batch(ahead)
            rows += ahead.num_rows
            _digest(digest, ahead)
            ahead = next(source, None)
    if ahead is None and held.tell() <= most:
        return Staged(rows, digest.digest(), held.getvalue().to_pybytes())
    if folder is None:
        raise SettingsError(
            f"The rows of a task are over {most >> 20} MiB, too many for a message to the driver",
            "Set the option staging to a folder that driver and executors see, as"
            " /Volumes/main/default/staging",
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.arrow"
    with (
        pa.OSFile(str(path), "wb") as file,
        pa.ipc.new_stream(file, first.schema, options=_COMPRESSED) as writer,
    ):
        for batch in pa.ipc.open_stream(held.getvalue()):
            writer.write_batch(batch)
        while ahead is not None:
            writer.write_batch(ahead)
            rows += ahead.num_rows
            _digest(digest, ahead)
            ahead = next(source, None)
    return Staged(rows, digest.digest(), path=path)


def _digest(digest: Any, batch: pa.RecordBatch) -> None:  # noqa: ANN401 - hashlib's, which has no name
    digest.update(repr(batch.to_pylist()).encode())


def rows_of(staged: Iterable[Staged]) -> Iterator[dict[str, Any]]:
    """All rows, task by task, in flat memory."""
    for each in staged:
        if each.rows:
            with _opened(each) as reader:
                for batch in reader:
                    yield from batch_rows(batch)


@contextmanager
def _opened(staged: Staged) -> Iterator[Any]:
    if staged.path is None:
        yield pa.ipc.open_stream(staged.inside)
        return
    with pa.memory_map(str(staged.path)) as file:
        yield pa.ipc.open_stream(file)


def name_of(staged: Iterable[Staged]) -> str:
    """A name that rows in an order have, and no others."""
    return hashlib.sha256(b"".join(each.digest for each in staged)).hexdigest()[:32]


def drop(folder: Path | None) -> None:
    """Remove all that was staged for a write, also by tasks of which nobody heard again."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
