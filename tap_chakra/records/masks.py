"""The masks of all streams of an account, from one setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_chakra.masking.masked_procedure import masked
from tap_chakra.masking.rules import SHORT_SALT
from tap_chakra.masking.stream_mask import stream_mask
from tap_chakra.records.config_collections import collection_rows
from tap_chakra.records.list_mask import ListMask
from tap_chakra.records.mask_targets import check, of_collection, of_procedure, of_users
from tap_chakra.records.users import SHOWN_BY

if TYPE_CHECKING:
    from chakra_api.account.account import Account, Procedure
    from tap_chakra.masking.rules import MaskSetting
    from tap_chakra.records.stream_names import StreamNames


class Masks:
    """What becomes of the values of each stream.

    Args:
        setting: What the user wants masked.
        account: The account.
        names: What the streams are called.

    Attributes:
        warnings: What is worth saying of the setting, a sentence each.

    Raises:
        SettingsError: A mask means nothing in this account, or what can't be masked so.
    """

    def __init__(self, setting: MaskSetting, account: Account, names: StreamNames) -> None:
        self._setting = setting
        self._streams = streams = names.processes
        self.warnings: list[str] = []
        if not setting.rules:
            return
        shown = [of_procedure(streams[each.short_id], each) for each in account.procedures]
        listed = collection_rows(account, names.collections)
        shown += [of_users(), *(of_collection(name, rows) for name, rows in listed.items())]
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
