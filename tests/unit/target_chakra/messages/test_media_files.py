"""A content is uploaded once, whoever needs it; what is lost there leaves no message unknown."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.errors import (
    AnswerLost,
    ChakraError,
    NoAccess,
    NotFound,
    NotSent,
    SettingsError,
    TooLarge,
    Unreadable,
)
from chakra_api.whatsapp_account import WhatsAppAccount
from target_chakra.call_settings.template_message import parse_template_message
from target_chakra.messages.media_files import MediaFiles

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.multipart import Upload

PNG = b"\x89PNG\r\n\x1a\n"
MAPPING = {
    "stream": "visits",
    "kind": "whatsapp_template_message",
    "once_by": "visit",
    "phone": "mobile",
    "template": "brochure",
    "media": {"image": {"file": "picture"}},
}


@dataclass
class Account:
    """An account that counts what becomes public, and a journal that knows of it."""

    error: ChakraError | None = None
    uploads: list[bytes] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    whatsapp: WhatsAppAccount = field(default_factory=lambda: WhatsAppAccount(plugin="p"))
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def client(self) -> Any:
        return SimpleNamespace(
            whatsapp=SimpleNamespace(upload_media=self.upload_media), server_now=1
        )

    @property
    def known_media(self) -> Any:
        return self

    def media(self, _scope: str, sha256: str) -> str:
        return self.known.get(sha256, "")

    def keep_media(self, _scope: str, sha256: str, address: str, _now_ms: int) -> None:
        self.known[sha256] = address

    def upload_media(self, _plugin: str, upload: Upload) -> Any:
        self.gate.wait(30)
        if self.error is not None:
            raise self.error
        with upload.open() as file:
            self.uploads.append(file.read())
        return SimpleNamespace(url=f"https://media/{len(self.uploads)}")


def files(folder: Path, account: Any, **more: Any) -> MediaFiles:
    given = {**MAPPING, "root": str(folder), **more}
    return MediaFiles(parse_template_message(given, "m"), account, "m")


def test_many_threads_that_need_a_content_upload_it_once(tmp_path: Path) -> None:
    for name in "abcdefgh":
        (tmp_path / name).write_bytes(PNG)
    account = Account()
    account.gate.clear()
    made = files(tmp_path, account)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(made.address, name) for name in "abcdefgh"]
        account.gate.set()
        addresses = {each.result(30)[0] for each in asked}
    assert addresses == {"https://media/1"}
    assert account.uploads == [PNG]
    assert files(tmp_path, account).address("a")[0] == "https://media/1"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AnswerLost("Lost"), NotSent),
        (Unreadable("No address"), NotSent),
        (NotFound("No plugin", status=404), NoAccess),
        (NoAccess("No", status=403), NoAccess),
        (TooLarge("Too large", status=413), TooLarge),
    ],
)
def test_no_error_of_an_upload_says_that_a_message_may_have_been_sent(
    tmp_path: Path, error: ChakraError, told: type[ChakraError]
) -> None:
    (tmp_path / "a").write_bytes(PNG)
    account = Account(error)
    made = files(tmp_path, account)
    with pytest.raises(ChakraError) as raised:
        made.address("a")
    assert isinstance(raised.value, told)
    assert not isinstance(raised.value, AnswerLost)
    account.error = None
    assert made.address("a")[0] == "https://media/1"


@pytest.mark.parametrize(
    ("shows", "content", "allowed"),
    [
        ("image", PNG, True),
        ("image", b"%PDF-1.7", False),
        ("image", b"GIF89a", False),
        ("image", PNG + bytes(5 << 20), False),
        ("video", b"\0\0\0\x18ftypmp42", True),
        ("video", PNG, False),
        ("document", PNG + bytes(6 << 20), True),
        ("document", b"%PDF-1.7", True),
        ("document", b"", False),
    ],
)
def test_what_whatsapp_does_not_show_never_becomes_public(
    tmp_path: Path, shows: str, content: bytes, *, allowed: bool
) -> None:
    (tmp_path / "a").write_bytes(content)
    account = Account()
    made = files(tmp_path, account, media={shows: {"file": "picture"}})
    if allowed:
        made.address("a")
    else:
        with pytest.raises(SettingsError):
            made.address("a")
    assert bool(account.uploads) == allowed


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"root": None}, "root is missing"),
        ({"root": "/"}, "all files of this machine"),
        ({"media": {"image": "url"}, "root": "."}, "root means nothing"),
        ({"media": {"image": "url"}, "root": None, "max_bytes": 5}, "max_bytes means nothing"),
        ({"media": {"document": {"file": "a"}, "filename": {"file": "b"}}}, "media holds"),
        ({"media": {"image": {"file": ""}}}, "media holds"),
        ({"parameters": {"1": {"file": "a"}}}, "parameters holds"),
        ({"max_bytes": 0}, "max_bytes is 0"),
        ({"max_bytes": 1.5}, "max_bytes is 1.5"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        files(tmp_path, Account(), **changes)
    assert said in refused.value.cause
