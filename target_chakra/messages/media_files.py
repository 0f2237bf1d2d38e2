"""The files that headers of messages show: read, checked, and made public once per content.

Anybody who knows the address of such a file can read it. To upload one again makes a second public
copy, which nobody takes away; so the journal keeps the address of each content.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from chakra_api.errors import (
    AnswerLost,
    AnswerTooLarge,
    NotFound,
    NotSent,
    SettingsError,
)
from chakra_api.values.writing import Unfit
from target_chakra.mapping.destinations import shown
from target_chakra.messages.meta_codes import no_plugin
from target_chakra.row_files.roots import file_root_of
from target_chakra.row_files.row_file import UnfitFile, read_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.call_settings.template_message import TemplateMessageMapping
    from target_chakra.lookups.open_account import OpenAccount
    from target_chakra.row_files.row_file import RowFile

_TAKES: Final[Mapping[str, tuple[tuple[str, ...], int]]] = {
    "image": (("image/jpeg", "image/png"), 5 << 20),
    "video": (("video/mp4", "video/3gpp"), 16 << 20),
    "document": ((), 100 << 20),
}
"""What WhatsApp shows: types, any where none is named, and bytes at the most."""


class MediaFiles:
    """The files that the headers of one stream show.

    Args:
        mapping: What its user wants.
        account: The account that they are uploaded to.
        where: The mapping, for messages.

    Raises:
        SettingsError: The root is none.
    """

    def __init__(self, mapping: TemplateMessageMapping, account: OpenAccount, where: str) -> None:
        self._shows = mapping.shows
        self._root = file_root_of(mapping.files.root, where)
        self._most_bytes = min(mapping.files.most_bytes, _TAKES[self._shows][1])
        self._plugin = account.whatsapp.needed("plugin", where)
        self._account = account
        self._lock = threading.Lock()
        self._uploads: dict[str, Future[str]] = {}

    def read(self, path: str) -> RowFile | Unfit:
        """The file that a row names; or why no header can show it.

        Raises:
            ChakraError: No file can be read.
        """
        named = self._root.find(path)
        if not isinstance(named, UnfitFile):
            found = read_file(named, self._most_bytes)
            if not isinstance(found, UnfitFile):
                return self._shown(path, found)
            named = found
        return Unfit(f"{self._shows} is {shown(path)}, which {named.reason}")

    def _shown(self, path: str, file: RowFile) -> RowFile | Unfit:
        types = _TAKES[self._shows][0]
        if types and file.content_type not in types:
            wanted = " or ".join(types)
            return Unfit(
                f"{self._shows} is {shown(path)}, which is {file.content_type}, and WhatsApp takes"
                f" {wanted}"
            )
        return file

    def address(self, path: str) -> tuple[str, str]:
        """The public address of a file, and its name; on a worker's thread.

        Raises:
            SettingsError: No header can show it.
            ChakraError: It is not there, and no message was sent.
        """
        file = self.read(path)
        if isinstance(file, Unfit):
            raise SettingsError(file.reason, "Correct the row in the source")
        with self._lock:
            under_way = self._uploads.get(file.sha256)
            upload = under_way or self._uploads.setdefault(file.sha256, Future())
        if under_way is None:
            self._upload(file, upload)
        return upload.result(), file.name

    def _upload(self, file: RowFile, upload: Future[str]) -> None:
        """Upload a content; whoever else needs it waits for it, or fails as this does."""
        try:
            upload.set_result(self._uploaded(file))
        except BaseException as error:  # noqa: BLE001 - whatever it is, who waits must hear of it
            upload.set_exception(error)
        with self._lock:
            del self._uploads[file.sha256]  # from here on the journal knows

    def _uploaded(self, file: RowFile) -> str:
        """The address of a content: the one that is known, or that of an upload."""
        known = self._account.known_media
        scope = f"media {self._plugin}"
        address = known.media(scope, file.sha256) if known else ""
        if address:
            return address
        client = self._account.client
        try:
            address = client.whatsapp.upload_media(self._plugin, file.upload()).url
        except NotFound as error:
            raise no_plugin(error) from error
        except (AnswerLost, AnswerTooLarge) as error:
            # It may be public by now, at an address that nobody knows. The message never left.
            raise NotSent(error.cause, "Run it again: the message was not sent") from error
        if known:
            known.keep_media(scope, file.sha256, address, client.server_now)
        return address
