"""What is kept of how a member logs in, forgotten when the person is (docs/operations/personal-data.md)."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password

from tachiai.accounts.models import KnownBrowser, Member


def forget_login(member: Member) -> None:
    """In the caller's transaction, of a login that is closed: its browsers, its second factors, its password, and the login library's
    own copy of the address."""
    KnownBrowser.objects.filter(member=member).delete()
    EmailAddress.objects.filter(user=member).delete()
    Authenticator.objects.filter(user=member).delete()
    Member.objects.filter(pk=member.pk).update(password=make_password(None), invitation_digest=None)
