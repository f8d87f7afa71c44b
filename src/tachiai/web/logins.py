"""What the login library tells of, handed to the verb that keeps it on record."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import Signal
from django.http import HttpRequest

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.administration.login_record import LoginEvent, Whence, note_login, note_refused_login
from tachiai.web.addresses import address_of, agent_of

TOLD: tuple[tuple[Signal, LoginEvent], ...] = (
    (user_logged_in, "member.logged_in"),
    (user_logged_out, "member.logged_out"),
    (account.password_changed, "member.password_changed"),
    (account.password_reset, "member.password_reset"),
    (mfa.authenticator_added, "member.second_factor_added"),
    (mfa.authenticator_removed, "member.second_factor_removed"),
    (mfa.authenticator_reset, "member.second_factor_reset"),
    (mfa.authentication_failed, "member.second_factor_refused"),
)


def keep_logins_on_record() -> None:
    """Called once, when the doors open. A login that cannot be recorded does not take place: the refusal goes up to it."""
    for signal, event in TOLD:
        signal.connect(_recorder(event), weak=False, dispatch_uid=f"tachiai.{event}")
    user_login_failed.connect(_refused, weak=False, dispatch_uid="tachiai.login.refused")


def _recorder(event: LoginEvent) -> Any:
    def record(sender: Any, *, request: HttpRequest | None = None, user: Any = None, **more: Any) -> None:  # a signal's way
        if not isinstance(user, Member):
            return  # a logout without a login
        kind = getattr(more.get("authenticator"), "type", "")
        note_login(event, user, _whence(request), at=clock.now(), data={"kind": str(kind)} if kind else {})

    return record


def _refused(sender: Any, *, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:  # a signal's way
    typed = credentials.get("email") or credentials.get("username") or credentials.get("mail") or ""
    note_refused_login(str(typed), _whence(request), at=clock.now())


def _whence(request: HttpRequest | None) -> Whence:
    return Whence(address_of(request), agent_of(request)) if request is not None else Whence("", "")
