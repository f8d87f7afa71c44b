"""How the login library is fitted in: no sign-up, our mail, TOTP secrets encrypted."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from django.db import transaction
from django.http import HttpRequest

from tachiai import clock, outbox
from tachiai.accounts.models import Member
from tachiai.outbox.concealing import conceal, reveal
from tachiai.prepared import Prepared, given

_MEMBER = Prepared(lambda: Member.objects.select_related("organization__operator").filter(pk=given("pk", Member)))


class MemberBackend(AuthenticationBackend):  # type: ignore[misc]  # the library is untyped
    """The library's own; a member comes with the organization, which every page of the desk names."""

    def get_user(self, user_id: object) -> Member | None:
        found = _MEMBER.first(pk=user_id)
        return found if found is not None and self.user_can_authenticate(found) else None


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library is untyped
    """Members are made by an administrator, and every mail goes through the outbox."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # the library's signature
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whom the library's limits count: the address that the doors believe. Behind a proxy its own would be everybody's."""
        return str(request.META.get("TACHIAI_ADDRESS", "")) or str(super().get_client_ip(request))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Password resets and notices of the account as rows of the outbox."""
        member = Member.objects.filter(mail__iexact=email).select_related("organization").first()
        if member is None or not member.has_usable_password():
            return  # said to nobody: whether an address is known is not told; who is only invited joins by their invitation, in its time
        purpose = template_prefix.rsplit("/", 1)[-1]
        facts = {
            "organization": member.organization.name,
            "recipient": {"organization": member.organization.name, "title": member.title, "name": member.name},
            "purpose": purpose,
        }
        url = context.get("password_reset_url", "")
        if url:
            facts["concealed"] = {"reset_url": conceal(url)}
        at = clock.now()
        with transaction.atomic(durable=True):
            stream = f"organization:{member.organization_id}"
            outbox.mail("M26", to=member.mail, language=member.language, context=facts, stream=stream, about=member.pk, at=at)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The library would keep TOTP secrets and recovery codes in clear."""

    def encrypt(self, text: str) -> str:
        return conceal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return reveal(encrypted_text)
