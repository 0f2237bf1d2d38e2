"""What an earlier look found that spares a run requests: only what costs requests if it is wrong.

That a server does not filter on `updatedAt` is such a thing: a run that believes it reads all, as
it would where there is no filter. That it does filter is asked again by each run: who believed that
for too long would lose rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_plugin.findings.kept import kept_look
from tap_chakra.doctor.filters import NOT_HEEDED, UPDATED
from tap_chakra.doctor.place import account_mark

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.account.account import Account

MOST_AGE_MS: Final = 7 * 86_400_000
"""Age of a look up to which it is believed: a server that begins to filter saves more."""


def without_updated_filter(path: Path, api_url: str, now: int, account: Account) -> int | None:
    """When an earlier look found that the server does not filter on `updatedAt`.

    Args:
        path: The file in which looks are kept.
        api_url: Of the account.
        now: Epoch milliseconds.
        account: The account that is read.

    Returns:
        Epoch milliseconds; None if no look found that, or only one that is too old.
    """
    look, _ = kept_look(path, account_mark(api_url, account))
    if look is None or not 0 <= now - look.looked_at <= MOST_AGE_MS:
        return None
    facts = {each.fact for each in look.findings if each.topic == UPDATED}
    return look.looked_at if facts and facts <= NOT_HEEDED else None
