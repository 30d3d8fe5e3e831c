"""Who may do what: four roles, and the least of them that each act asks for."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person may do here; each role may do what the ones before it may."""

    VIEWER = "viewer"
    INVESTIGATOR = "investigator"
    APPROVER = "approver"
    ADMIN = "admin"

    def may(self, what: Permission) -> bool:
        """Whether the role suffices for ``what``."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(LEAST[what])


class Permission(StrEnum):
    """What not everybody may do. Reading, values masked, takes no more than a viewer."""

    REVEAL = "reveal values"
    WORK = "work on cases"
    EXPORT = "export evidence bundles"
    APPROVE = "approve or return a proposal"
    ALLOW = "change the allow-list"
    WATCH = "change watch lists"
    MIGRATE = "migrate the casework database"
    PURGE = "purge accounts"
    DESTROY = "destroy keys"


#: The least role for each act.
LEAST: dict[Permission, Role] = {
    Permission.REVEAL: Role.INVESTIGATOR,
    Permission.WORK: Role.INVESTIGATOR,
    Permission.EXPORT: Role.INVESTIGATOR,
    Permission.APPROVE: Role.APPROVER,
    Permission.ALLOW: Role.APPROVER,
    Permission.WATCH: Role.APPROVER,
    Permission.MIGRATE: Role.ADMIN,
    Permission.PURGE: Role.ADMIN,
    Permission.DESTROY: Role.ADMIN,
}
