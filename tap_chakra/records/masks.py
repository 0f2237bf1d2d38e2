"""The masks of all streams of an account, from one setting."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from chakra_api.errors import SettingsError
from tap_chakra.masking.masked_procedure import masked
from tap_chakra.masking.rules import SHORT_SALT, Treatment
from tap_chakra.masking.stream_mask import stream_mask
from tap_chakra.photos.photo_records import PHOTO_KEYS, PHOTOS
from tap_chakra.records.config_collections import collection_rows
from tap_chakra.records.list_mask import KEPT, ListMask
from tap_chakra.records.mask_targets import (
    check,
    of_collection,
    of_declared,
    of_inbound,
    of_procedure,
    of_users,
)
from tap_chakra.records.users import SHOWN_BY
from tap_chakra.webhooks.event_records import FORMS, PAYLOAD, SHOWN_IN_PAYLOAD, inbound_schema
from tap_chakra.webhooks.settings import NO_WEBHOOKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.account.account import Account, Procedure
    from tap_chakra.masking.rules import MaskSetting
    from tap_chakra.records.stream_names import StreamNames
    from tap_chakra.webhooks.settings import WebhookSettings


class Masks:
    """What becomes of the values of each stream.

    Args:
        setting: What the user wants masked.
        account: The account.
        names: What the streams are called.
        webhooks: Its `store` says whether there are streams of inbound events.
        lists: The schemas of the lists that settings ask for, and of photos, by stream.

    Attributes:
        warnings: What is worth saying of the setting, a sentence each.

    Raises:
        SettingsError: A mask means nothing in this account, or what can't be masked so.
    """

    def __init__(
        self,
        setting: MaskSetting,
        account: Account,
        names: StreamNames,
        webhooks: WebhookSettings = NO_WEBHOOKS,
        lists: Mapping[str, dict[str, object]] = MappingProxyType({}),
    ) -> None:
        self._setting = setting
        self._streams = streams = names.processes
        self.warnings: list[str] = []
        if not setting.rules:
            return
        shown = [of_procedure(streams[each.short_id], each) for each in account.procedures]
        listed = collection_rows(account, names.collections)
        shown += [of_users(), *(of_collection(name, rows) for name, rows in listed.items())]
        shown += [of_declared(name, schema) for name, schema in lists.items()]
        if webhooks.store:
            shown += [of_inbound(name) for name in FORMS]
            _refuse_shown(setting)
        if PHOTOS in lists:
            _refuse_keys(setting)
        self.warnings = check(setting.rules, shown)
        if setting.salt is not None and len(setting.salt.reveal()) < SHORT_SALT:
            self.warnings.append(
                f"mask_salt is shorter than {SHORT_SALT} characters: who guesses it can find out"
                " what was hashed"
            )

    def procedure(self, procedure: Procedure) -> Procedure:
        """A procedure as its stream shows it."""
        mask = stream_mask(self._setting, self._streams[procedure.short_id])
        return procedure if mask is None else masked(procedure, mask)

    def listed(self, stream: str) -> ListMask | None:
        """What masks a collection of the configuration; None if nothing does."""
        mask = stream_mask(self._setting, stream)
        return None if mask is None else ListMask(mask)

    @property
    def users(self) -> ListMask | None:
        """What masks users; None if nothing does."""
        mask = stream_mask(self._setting, "users")
        return None if mask is None else ListMask(mask, SHOWN_BY)


def _refuse_keys(setting: MaskSetting) -> None:
    """Refuse a mask that drops what loaders know a photo's row by.

    Raises:
        SettingsError: Naming the column.
    """
    mask = stream_mask(setting, PHOTOS)
    dropped = [n for n in PHOTO_KEYS if mask and mask.column(n, KEPT) is Treatment.DROP]
    if dropped:
        raise SettingsError(
            f"The mask drops {PHOTOS}.{dropped[0]}, by which loaders know a row again",
            "Hash it, or leave it as it is",
        )


def _refuse_shown(setting: MaskSetting) -> None:
    """Refuse a mask that hides a column of inbound events, and not the payload that says it, too.

    Raises:
        SettingsError: Naming the column, and what to add.
    """
    for stream in FORMS:
        mask = stream_mask(setting, stream)
        properties = inbound_schema(stream)["properties"]
        assert isinstance(properties, dict)  # noqa: S101 - what an object's schema has
        if mask is None or mask.column(PAYLOAD) is not None:
            continue
        masked = [name for name in properties if name in SHOWN_IN_PAYLOAD and mask.column(name)]
        if masked:
            raise SettingsError(
                f"The mask hides {stream}.{masked[0]}, and {stream}.{PAYLOAD} shows it",
                f'Add "{stream}.{PAYLOAD}": "drop" to the mask',
            )
