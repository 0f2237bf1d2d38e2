"""Text files that settings name, and that list things, one a line: read whole, within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chakra_api.errors import SettingsError
from chakra_api.setting_values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class ListedFile:
    """What messages say of such a file, and how large it may be.

    Attributes:
        setting: The setting that names it.
        noun: What it is a file of.
        form: How a line of it is written, for messages.
        most_bytes: Its bytes, at most: of a device there is no end.
        instead: What to do where it is larger.
    """

    setting: str
    noun: str
    form: str
    most_bytes: int
    instead: str

    def lines(self, path: object) -> list[str]:
        """The lines of the file at a path.

        Raises:
            SettingsError: It is no path, or the file can't be read.
        """
        if not isinstance(path, str) or "\0" in path:
            raise SettingsError(
                f"The setting {self.setting} is {shown(path)}, which is no path", self.form
            )
        subject = f"The file of {self.noun} '{path}'"
        try:
            with Path(path).expanduser().open("rb") as file:
                content = file.read(self.most_bytes + 1)
        except OSError as error:
            raise SettingsError(
                f"{subject} can't be read: {error.strerror}", "Check the path"
            ) from None
        if len(content) > self.most_bytes:
            raise SettingsError(
                f"{subject} is larger than {self.most_bytes >> 20} MB", self.instead
            )
        try:
            return content.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise SettingsError(f"{subject} is no text in UTF-8", self.form) from None

    def refused(self, line: int, path: str, why: str) -> SettingsError:
        """The error of a line that can't be used."""
        return SettingsError(f"Line {line} of the file of {self.noun} '{path}' {why}", self.form)


def said_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines that say anything, each with its number."""
    for number, line in enumerate(lines, 1):
        if said := line.strip():
            yield number, said
