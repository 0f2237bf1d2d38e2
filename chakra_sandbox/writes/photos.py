"""Photos: uploaded, and fetched in each of the ways that are possible (contract 4.17-4.19, Q24)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from chakra_sandbox.messages import Rejection, ResponseOut, Row, ok
from chakra_sandbox.reads.answers import may_see
from chakra_sandbox.reads.forms import read_form
from chakra_sandbox.rows.access import check_writes
from chakra_sandbox.rows.model import TEAM_ID
from chakra_sandbox.writes.file_store import (
    FileStore,
    HeldFile,
    address_of,
    good_until,
    serve,
)
from chakra_sandbox.writes.made_photos import made_png

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chakra_sandbox.reads.answers import Call
    from chakra_sandbox.routes import Route
    from chakra_sandbox.rows.account import Shelf
    from chakra_sandbox.rows.making import Draw

_PHOTO_TYPES = frozenset({"photo", "multiPhotos"})
_TYPES: Mapping[str, str] = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
_ANY_TYPE = "application/octet-stream"
_UUID = 36


class PhotoDesk:
    """Takes and gives photos.

    Args:
        shelves: The procedures: their made rows have made photos.
        draw: Where new ids come from.
    """

    def __init__(self, shelves: Iterable[Shelf], draw: Draw) -> None:
        self._shelves = list(shelves)
        self._draw = draw
        self._store = FileStore()
        self._made: frozenset[str] | None = None

    def answer(self, call: Call, route: Route) -> ResponseOut:
        """Answer 4.17 to 4.19.

        Raises:
            Rejection: 400, 403, 404, 409 or 413.
        """
        if route.endpoint == "photo_fetch":
            return self._fetch(call, route.parameters["id"])
        check_writes(call.token)
        return self._upload(call, route.parameters.get("id"))

    def serve(self, call: Call, photo_id: str) -> ResponseOut:
        """Answer for the host that keeps the files; no key is wanted there."""
        return serve(call.request, self._find(photo_id), call.now_ms, signed=True)

    def told(self) -> Iterator[Row]:
        """Tell of the photos that were uploaded."""
        return (file.told() for file in self._store.all())

    def _fetch(self, call: Call, photo_id: str) -> ResponseOut:
        file = self._find(photo_id)
        if file is None or not self._sees(call, photo_id):
            raise Rejection(404, f"No photo {photo_id}")
        how = call.knobs.photo_fetch
        if how == "bytes":
            return ResponseOut(200, file.body, {"content-type": file.content_type})
        url = address_of(call.request, "photo", photo_id, good_until(call.now_ms))
        if how == "redirect":
            return ResponseOut(302, b"", {"location": url})
        return ok(file.row if how == "json_alone" else {**file.row, "url": url})

    def _upload(self, call: Call, photo_id: str | None) -> ResponseOut:
        form = read_form(call.request)
        sent = form.file("photo")
        if len(sent.body) > call.knobs.photo_max_bytes:
            raise Rejection(413, f"A photo has at most {call.knobs.photo_max_bytes} bytes")
        if photo_id is not None and len(photo_id) != _UUID:
            raise Rejection(400, "The id of a photo is a uuid")
        made = photo_id or self._draw.uuid()
        if photo_id is not None and not self._sees(call, photo_id):
            raise Rejection(403, f"Your access role does not allow photo {photo_id}")
        known = self._find(made)
        if known is not None and call.knobs.photo_repeat == "conflict":
            raise Rejection(409, f"There is a photo {made}")
        kind = form.fields.get("filetype") or sent.name.rpartition(".")[2]
        name = form.fields.get("filename") or sent.name
        row = _photo_row(made, (name, kind), call.now_ms)
        content_type = _TYPES.get(kind.lower(), sent.content_type or _ANY_TYPE)
        file = HeldFile(made, row, content_type, sent.body, call.now_ms)
        self._store.put(file)
        return ok(row)

    def _sees(self, call: Call, photo_id: str) -> bool:
        """Whether the caller sees a process that names a photo; one that none names is seen by all.

        A user sees what is theirs (contract 1.2), so a photo is seen with its process. It may be
        uploaded before a process names it.
        """
        if call.sees_all and call.token.procedure is None:
            return True
        allowed = call.token.procedure
        seen = [
            allowed in (None, shelf.model.short_id) and may_see(call, row)
            for shelf, row, photos in _named_photos(self._shelves)
            if photo_id in photos
        ]
        return not seen or any(seen)

    def _find(self, photo_id: str) -> HeldFile | None:
        held = self._store.find(photo_id)
        if held is not None or photo_id not in self._ids_of_made_rows():
            return held
        row = _photo_row(photo_id, ("photo", "png"), 0)
        return HeldFile(photo_id, row, "image/png", made_png(photo_id), 0)

    def _ids_of_made_rows(self) -> frozenset[str]:
        """The photos that rows name which were there when the first photo was asked for."""
        if self._made is None:
            named = (photos for _, _, photos in _named_photos(self._shelves))
            self._made = frozenset(chain.from_iterable(named))
        return self._made


def _named_photos(shelves: Iterable[Shelf]) -> Iterator[tuple[Shelf, Row, list[str]]]:
    """Each row of a procedure with attributes of photos, and the ids that stand in them."""
    for shelf in shelves:
        fields = [a.short_id for a in shelf.model.attributes if a.type_name in _PHOTO_TYPES]
        for slot in range(len(shelf.store) if fields else 0):
            row = shelf.store.row(slot)
            values = map(row["data"].get, fields)
            lists = (each if isinstance(each, list) else [str(each)] for each in values)
            yield shelf, row, list(chain.from_iterable(lists))


def _photo_row(photo_id: str, name: tuple[str, str], now_ms: int) -> Row:
    return {
        "id": photo_id,
        "createdAt": now_ms,
        "updatedAt": now_ms,
        "filetype": name[1],
        "filename": name[0],
        "height": None,
        "width": None,
        "isPublic": False,
        "team": TEAM_ID,
        "user": None,
    }
