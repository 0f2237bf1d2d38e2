"""What rows tell of the role of the key, as both doctors say it; it names nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_plugin.findings.finding import Finding, Severity

if TYPE_CHECKING:
    from chakra_api.account.role import Role

ROLE: Final = "role of the key"


def role_finding(role: Role, follows: str) -> Finding:
    """What rows tell of the key's role.

    Args:
        role: What their assignees tell.
        follows: What is to be said where it is likely of role type User.
    """
    if not role.told:
        return Finding(
            ROLE,
            f"{role.rows} rows were seen, too few to tell whether the role hides some",
            "A key of role type User lists only what is assigned to it",
            "api_key",
            Severity.NOTE,
        )
    if not role.only:
        return Finding(
            ROLE,
            f"Rows of {role.users} users are seen: likely not of role type User",
            fact="sees several users",
        )
    return Finding(
        ROLE,
        "All rows that were seen are assigned to one and the same user: likely of role type User",
        follows,
        "api_key",
        Severity.WARNING,
        fact="sees one user",
    )
