"""The caller of a door: a person with roles, or a machine with scopes (api.md 2)."""

from enum import StrEnum
from uuid import UUID

import msgspec

from events.log import Author
from service.problems import Forbidden, Unauthenticated


class Role(StrEnum):
    """The roles of api.md 2.3; each is held for a region or an organisation."""

    TALENT = "talent"
    UNIT_MANAGER = "unit_manager"
    UNIT_SPECIALIST = "unit_specialist"
    REVIEWER = "reviewer"
    OFFICE = "office"
    STEWARD = "steward"
    PARTNER_CLERK = "partner_clerk"
    CENTRE = "centre"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDITOR = "auditor"


STAFF = frozenset(Role) - {Role.TALENT}
SAN_YUAN = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})

SCOPES = ("requests:handle", "cards:verify", "cards:redeem")


class Grant(msgspec.Struct, frozen=True):
    """One role, for one region (and its children) or one organisation (unit or partner)."""

    role: Role
    region: str | None = None
    organisation_id: UUID | None = None


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls. `id` is the account's or the client's; `person_id` the talent's own record."""

    id: str
    grants: tuple[Grant, ...] = ()
    scopes: frozenset[str] = frozenset()
    account_id: UUID | None = None
    person_id: UUID | None = None
    client_partner_id: UUID | None = None
    session_hash: bytes | None = None
    name: str = ""
    origin: str = ""

    @property
    def partner_id(self) -> UUID | None:
        """The agency the caller works for, as its machine or as its clerk."""
        if self.client_partner_id is not None:
            return self.client_partner_id
        return next((g.organisation_id for g in self.grants if g.role is Role.PARTNER_CLERK), None)

    @property
    def roles(self) -> list[str]:
        """Names of the roles held, each once."""
        return sorted({grant.role.value for grant in self.grants})

    def has(self, *roles: Role) -> bool:
        """Whether one of `roles` is held anywhere."""
        return any(grant.role in roles for grant in self.grants)

    def regions(self, role: Role) -> list[str]:
        """The regions for which `role` is held."""
        return [g.region for g in self.grants if g.role is role and g.region is not None]

    def organisations(self, role: Role) -> list[UUID]:
        """The organisations for which `role` is held."""
        return [
            g.organisation_id
            for g in self.grants
            if g.role is role and g.organisation_id is not None
        ]

    def author(self, *roles: Role) -> Author:
        """How the log names the caller; `roles` are those that the act asks for, first match."""
        if not self.grants:
            return Author(f"clients/{self.id}", "client", self.origin)
        role = next((g.role for g in self.grants if g.role in roles), self.grants[0].role)
        return Author(f"accounts/{self.id}", role.value, self.origin)


def check_roles(caller: Caller | None, *roles: Role) -> Caller:
    """Return the caller who holds one of `roles`; raises Unauthenticated, Forbidden."""
    if caller is None:
        raise Unauthenticated
    if not caller.has(*roles):
        raise Forbidden
    return caller


def check_scope(caller: Caller | None, scope: str) -> Caller:
    """Return the machine that has `scope`; raises Unauthenticated, Forbidden."""
    if caller is None:
        raise Unauthenticated
    if scope not in caller.scopes:
        raise Forbidden
    return caller
