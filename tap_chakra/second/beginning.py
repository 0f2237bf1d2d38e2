"""What a second process types the rows of a stream from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING

from chakra_api.account.account import Account, Procedure, resolve_account
from chakra_api.account.people import Directory
from chakra_api.values.zones import zone_of
from chakra_api.wire.wire_json import decode, encode
from tap_chakra.masking.masked_procedure import masked
from tap_chakra.masking.stream_mask import Spelled, StreamMask
from tap_chakra.naming.column_names import SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chakra_api.endpoints.answers import Row
    from chakra_api.values.times import Times


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the rows of a stream are typed from.

    Attributes:
        config: The account's configuration, as the API showed it (contract 4.22).
        users: The rows of the users endpoint.
        naive: The zone of times that name none, by name; None for the team's.
        unit_ms: Milliseconds in the unit of the account's times.
        procedure: ShortId.
        stream: The name of the stream.
        deselected: Paths of properties to leave out.
        mask: What must not leave in the clear, with the salt of its hashes: it is sent through the
            pipe and nowhere else. None if nothing is masked.
        column_names: The setting.
    """

    config: Mapping[str, object]
    users: Sequence[Row]
    procedure: str
    stream: str
    deselected: Sequence[Sequence[str]]
    naive: str | None = None
    unit_ms: int = 1
    mask: Spelled | None = field(default=None, repr=False)
    column_names: str = SPELLINGS[0]

    def encoded(self, after: Beginning | None = None) -> bytes:
        """As the body of a frame.

        Args:
            after: The one that was sent before, whose account is not sent once more.
        """
        held = {each.name: getattr(self, each.name) for each in fields(self)}
        if after is not None and after.config is self.config and after.users is self.users:
            del held["config"], held["users"]
        return encode({**held, "mask": self.mask and asdict(self.mask)})

    @classmethod
    def decoded(cls, body: bytes) -> Beginning:
        """That of a frame; without a configuration where the one before it holds it."""
        held = decode(body)
        if not isinstance(held, dict):
            return cls({}, (), "", "", ())
        held = {"config": {}, "users": (), **held}
        mask = held.pop("mask")
        return cls(**held, mask=mask and Spelled(**mask))

    def resolved(self) -> tuple[Account, Directory]:
        """The account and its users: for all streams of a run the same."""
        return resolve_account(dict(self.config)), Directory.from_users(self.users)

    def typing(
        self, resolved: tuple[Account, Directory] | None = None
    ) -> tuple[Procedure, Directory, Times]:
        """The procedure under its mask, the users, and what times mean.

        Args:
            resolved: As `resolved` has found it before.
        """
        account, directory = resolved or self.resolved()
        times = replace(account.times(zone_of(self.naive)), unit_ms=self.unit_ms)
        procedure = account.procedure(self.procedure)
        if self.mask is not None:
            procedure = masked(procedure, StreamMask.of(self.mask))
        return procedure, directory, times
