"""The verbs of operators and administrators (管理): who exists and what they may do."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.administration.establishing import NewMember, NewOrganization, create_member, create_operator, create_organization

__all__ = ["NewMember", "NewOrganization", "create_member", "create_operator", "create_organization"]

__getattr__ = face(__name__, __file__)
