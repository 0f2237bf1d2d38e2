"""The endpoints of photos (contract 4.17 to 4.19, Q24)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.answers import id_of, row_of
from chakra_api.endpoints.paths import part
from chakra_api.errors import (
    AnswerTooLarge,
    Conflict,
    NoFile,
    NotFound,
    Refused,
    Unreadable,
)
from chakra_api.wire.bodies import CHECK_URL
from chakra_api.wire.envelope import (
    REDIRECT_STATUSES,
    Envelope,
    date_of,
    failure_of,
    open_envelope,
)
from chakra_api.wire.multipart import Form
from chakra_api.wire.transport import GOOD_STATUSES, Request
from chakra_api.wire.weight import refuse_many_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.elsewhere.links import Links
    from chakra_api.endpoints.answers import Row
    from chakra_api.endpoints.calls import Calls
    from chakra_api.wire.multipart import Upload
    from chakra_api.wire.transport import Response

MOST_PHOTO_BYTES: Final = 32 << 20
"""Bytes of a photo at the most, where its reader wants no other bound."""
MOST_HOPS: Final = 4
"""Redirects within ChakraHQ that are followed for one photo."""
URL_FIELDS: Final = ("url", "photoUrl", "signedUrl", "downloadUrl", "publicUrl", "link")
"""Fields of a photo that may name where its file lies; which one does is not documented (Q24)."""
_LOOK_FOR: Final = (
    "It may be there all the same: nothing refers to it, and to send it again is safe"
)
_WHOLE: Final = frozenset({200, 203})
"""Statuses of an answer that is the whole of what was asked for: 206 is a part of it."""
_WITHOUT_CONTENT: Final = frozenset({204, 205})
_NO_FILE: Final = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that was uploaded (contract 3.7).

    Attributes:
        photo_id: Its id; None if the answer holds none.
        row: The photo as it came; empty where it was there before.
        was_there: Whether ChakraHQ has one under this id already; whether it is the same, only who
            made the id can know.
    """

    photo_id: str | None
    row: Row
    was_there: bool = False


@dataclass(frozen=True, slots=True)
class FetchedPhoto:
    """A photo's file.

    Attributes:
        body: Its bytes.
        content_type: As the answer tells it, without parameters; empty if it does not.
        row: What ChakraHQ says of it, where it answers with that and the file lies elsewhere.
    """

    body: bytes
    content_type: str
    row: Row


class Photos:
    """Fetches and uploads photos.

    Args:
        calls: Sends.
        links: Fetches what lies elsewhere; None where nothing is to be fetched from there.
    """

    def __init__(self, calls: Calls, links: Links | None = None) -> None:
        self._calls = calls
        self._links = links

    def fetch(self, photo_id: str, *, most_bytes: int = MOST_PHOTO_BYTES) -> FetchedPhoto:
        """A photo's file: as bytes, by a redirect, or by an address in JSON (contract 4.17, Q24).

        Repeated from its beginning: an address of a file may be good for a minute only. The key
        goes to ChakraHQ's own host alone.

        Args:
            photo_id: The photo.
            most_bytes: How large it is wanted at the most.

        Raises:
            AnswerTooLarge: It is larger.
            NotFound: There is no such photo, or no file of it.
            NoFile: ChakraHQ names none, or one that lies where nothing is fetched from.
        """
        request = _photo_request(f"/v1/ext/photo/{part(photo_id)}", most_bytes)
        opened = partial(self._opened, hops=0, most_bytes=most_bytes)
        envelope = self._calls.call(request, f"photo '{photo_id}'", opened)
        if not isinstance(envelope.data, FetchedPhoto):
            raise TypeError("a photo is opened by what fetches it")
        return envelope.data

    def upload(self, upload: Upload, leaving: Callable[[], None] | None = None) -> Photo:
        """Upload a photo; ChakraHQ chooses its id (contract 4.18). A repeat would be a second one.

        Args:
            upload: The file, with the name that the photo is to have.
            leaving: Called when its turn has come; what it raises keeps it from leaving.

        Raises:
            AnswerLost: It may be there, under an id that nobody knows.
        """
        request = Request("POST", "/v1/ext/photo", form=self._form(upload), leaving=leaving)
        envelope = self._calls.call_once_for_all(request, "the upload of a photo", _LOOK_FOR)
        return _photo(envelope)

    def upload_as(
        self, photo_id: str, upload: Upload, leaving: Callable[[], None] | None = None
    ) -> Photo:
        """Upload a photo under an id of the caller's (contract 4.19): a repeat is the same photo.

        Args:
            photo_id: A uuid.
            upload: As `upload` takes it.
            leaving: As `upload` takes it.
        """
        request = Request(
            "POST",
            f"/v1/ext/photo/{part(photo_id)}",
            repeatable=True,
            form=self._form(upload),
            leaving=leaving,
        )
        try:
            made = _photo(self._calls.call(request, f"the upload of photo '{photo_id}'"))
        except Conflict:
            if not self._is_there(photo_id):
                raise
            return Photo(photo_id, {}, was_there=True)
        return Photo(made.photo_id or photo_id, made.row)

    def _is_there(self, photo_id: str) -> bool:
        """Whether there is a photo of that id, as far as this key may see."""
        try:
            self.fetch(photo_id)
        except NotFound:
            return False
        except (AnswerTooLarge, Refused):
            pass  # nobody says that it is not there
        return True

    def _form(self, upload: Upload) -> Form:
        stem, dot, ending = upload.name.rpartition(".")
        fields = {"filename": stem if dot else upload.name, "filetype": ending if dot else ""}
        given = {name: value for name, value in fields.items() if value}
        return Form("photo", upload, given, self._calls.boundary())

    def _opened(self, response: Response, what: str, *, hops: int, most_bytes: int) -> Envelope:
        """The file in an answer, or the one that it refers to."""
        at = date_of(response.headers)
        if response.status in REDIRECT_STATUSES:
            target = response.headers.get("location", "")
            return self._followed(target, what, hops=hops, most_bytes=most_bytes)
        if response.status not in GOOD_STATUSES:
            raise failure_of(response, what)
        kind = _kind(response)
        if kind == "application/json" or kind.endswith("+json"):
            return self._by_row(response, what, hops=hops, most_bytes=most_bytes)
        return Envelope(_file(response, what), {}, at)

    def _by_row(self, response: Response, what: str, *, hops: int, most_bytes: int) -> Envelope:
        """The file that a photo in JSON refers to."""
        refuse_many_values(response.body, most_bytes)
        envelope = open_envelope(response, what)
        row = row_of(envelope.data)
        named = next((row[name] for name in URL_FIELDS if isinstance(row.get(name), str)), "")
        if not named:
            raise NoFile(
                f"ChakraHQ answered {what} with what it knows of it, and no address of its file",
                "The file can't be had by the API of this account",
            )
        found = self._followed(str(named), what, hops=hops, most_bytes=most_bytes)
        if isinstance(found.data, FetchedPhoto):
            file = FetchedPhoto(found.data.body, found.data.content_type, row)
            return Envelope(file, {}, envelope.server_time)
        return found

    def _followed(self, target: str, what: str, *, hops: int, most_bytes: int) -> Envelope:
        """What lies at an address: within ChakraHQ asked with the key, elsewhere without."""
        if hops >= MOST_HOPS or not target:
            raise NoFile(f"{what} was answered with one redirect after another", CHECK_URL)
        path = self._own_path(target)
        if path is not None:
            answer = self._calls.once(_photo_request(path, most_bytes))
            return self._opened(answer, what, hops=hops + 1, most_bytes=most_bytes)
        if self._links is None:
            raise NoFile(
                f"{what} lies on another host than ChakraHQ's", "Nothing is fetched from there"
            )
        answer = self._links.fetch(target, most_bytes)
        return Envelope(_file(answer, what), {}, None)

    def _own_path(self, target: str) -> str | None:
        """The path of an address within ChakraHQ; None if it is elsewhere."""
        if self._links is not None:
            return self._links.own_path(target)
        return target if target.startswith("/") and not target.startswith("//") else None


def _photo_request(path: str, most_bytes: int) -> Request:
    return Request("GET", path, repeatable=True, many=True, most_bytes=most_bytes, is_file=True)


def _photo(envelope: Envelope) -> Photo:
    row = row_of(envelope.data)
    return Photo(id_of(row), row)


def _file(response: Response, what: str) -> FetchedPhoto:
    """The file that an answer is.

    Raises:
        NoFile: It says that there is none.
        Unreadable: It is a page, of a proxy or to log in; or a part of a file.
    """
    if response.status in _WITHOUT_CONTENT:
        raise NoFile(f"The answer to {what} is {response.status}, without a file", CHECK_URL)
    if response.status not in _WHOLE:
        raise Unreadable(f"The answer to {what} is {response.status}, and no whole file", CHECK_URL)
    kind = _kind(response)
    if kind in _NO_FILE:
        raise Unreadable(f"The answer to {what} is a page, and no file", CHECK_URL)
    return FetchedPhoto(response.body, kind, {})


def _kind(response: Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()
