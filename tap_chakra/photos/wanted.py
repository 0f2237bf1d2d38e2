"""What the setting `photos` asks for in an account: the photos of each procedure that is read."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Protocol

from tap_chakra.photos.kept_photos import KeptPhotos
from tap_chakra.photos.named_photos import photo_attributes
from tap_chakra.photos.photo_desk import PhotoDesk, PhotoFetch
from tap_chakra.photos.photo_run import PhotoRun, has_photos
from tap_chakra.photos.places import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from chakra_api.account.account import Procedure
    from chakra_api.endpoints.photos import FetchedPhoto
    from tap_chakra.photos.photo_desk import PhotoThreads
    from tap_chakra.photos.settings import PhotoSettings


class FetchOne(Protocol):
    """Fetches a photo."""

    def __call__(self, photo_id: str, *, most_bytes: int) -> FetchedPhoto:
        """Its file; see `Photos.fetch`."""


class WantedPhotos:
    """Makes what has the photos of a procedure.

    Args:
        settings: What the user set.
        fetch: Fetches a photo from ChakraHQ.
        threads: Who fetches.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        settings: PhotoSettings,
        fetch: FetchOne,
        threads: PhotoThreads,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._fetch = fetch
        self._threads = threads
        self._now = now

    @cached_property
    def _fetches(self) -> PhotoFetch:
        fetch = partial(self._fetch, most_bytes=self._settings.most_bytes)
        return PhotoFetch(fetch, KeptPhotos(place_of(self._settings)), self._now)

    def run(
        self, procedure: Procedure, deselected: Collection[tuple[str, ...]] = ()
    ) -> PhotoRun | None:
        """What has the photos of a procedure in one run; None where none are wanted.

        Args:
            procedure: Under its mask.
            deselected: Paths of its properties that are not read.

        Raises:
            SettingsError: The place of files can't be reached.
        """
        if not has_photos(self._settings, procedure):
            return None
        attributes = photo_attributes(procedure, deselected)
        if not attributes.paths:
            return None
        return PhotoRun(attributes, PhotoDesk(self._fetches, self._threads))
