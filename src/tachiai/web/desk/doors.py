"""The desk's way in: whoever comes without a login is sent to it, and every page is drawn in the desk's frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai.accounts.models import Member
from tachiai.administration.policies import must_set_up_factor

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Member, P], HttpResponseBase]


def at_desk(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view for members alone; it is given the member who asks. What they may do is for the verbs to say."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("account_login"))
        if must_set_up_factor(request.user):
            messages.info(request, _("この組織では二要素認証が必要です。設定すると、先へ進めます。"))
            return redirect("mfa_activate_totp")
        return view(request, request.user, *args, **kwargs)

    return guarded


def show(request: HttpRequest, member: Member, template: str, context: dict[str, Any], *, section: str, status: int = 200) -> HttpResponse:
    """A page of the desk. ``section`` is the menu entry it belongs to (see ``parts/desk_menu.html``)."""
    return render(request, template, {"member": member, "section": section, **context}, status=status)
