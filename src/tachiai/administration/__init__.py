"""The verbs of operators and administrators (管理): who exists and what they may do."""

from tachiai.administration.establishing import NewMember, NewOrganization, create_member, create_operator, create_organization

__all__ = ["NewMember", "NewOrganization", "create_member", "create_operator", "create_organization"]
