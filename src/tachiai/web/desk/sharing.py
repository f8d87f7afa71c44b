"""関係者とフォルダ: with whom an envelope is shared, and where it is kept."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import managed_envelope
from tachiai.envelopes.foldering import end_sharing, folders_for, move_to_folder, share_envelope, shareable, sharers_of
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show


@at_desk
def sharing(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """The page, and the three acts that are posted to it: ``folder``, ``share`` and ``end``."""
    envelope = managed_envelope(member, pk)
    if request.method == "POST":
        _act(request, envelope, member)
        return redirect("desk:sharing", pk)
    context = {
        "heading": _("関係者とフォルダ"),
        "envelope": envelope,
        "folders": list(folders_for(member)),
        "sharers": list(sharers_of(envelope)),
        "others": list(shareable(envelope)),
    }
    return show(request, member, "desk/sharing.html", context, section="envelopes")


def _act(request: HttpRequest, envelope: Envelope, member: Member) -> None:
    act, at = request.POST.get("act", ""), clock.now()
    if act == "folder":
        folder = _key(request.POST.get("folder", ""), "folder.unknown") if request.POST.get("folder") else None
        move_to_folder(envelope, folder, by=member, at=at)
        messages.success(request, _("フォルダを移動しました。"))
        return
    who = _key(request.POST.get("member", ""), "member.unknown")
    if act == "end":
        end_sharing(envelope, who, by=member, at=at)
        messages.success(request, _("関係者から削除しました。"))
    else:
        share_envelope(envelope, who, by=member, at=at)
        messages.success(request, _("関係者に追加しました。"))


def _key(typed: str, code: str) -> uuid.UUID:
    try:
        return uuid.UUID(typed)
    except ValueError as problem:
        raise Refusal(code) from problem
