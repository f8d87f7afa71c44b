"""P-07: one envelope, who has done what, and what can be done with it now."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import envelope_for, may_download_unfinished, may_manage, may_send, own_place
from tachiai.envelopes.describing import information_of, known_parent, may_amend
from tachiai.envelopes.holders import grants_in
from tachiai.envelopes.holding import documents_of, has_signers, recreations_of, signers_of
from tachiai.envelopes.integrity import integrity_of
from tachiai.envelopes.levels import level_words
from tachiai.envelopes.listing import days_left
from tachiai.envelopes.models import Document, Envelope, Recipient, Side
from tachiai.envelopes.progress import Trouble, is_working, trouble_of
from tachiai.envelopes.reading import concluded_files
from tachiai.envelopes.reviving import is_too_old
from tachiai.envelopes.routing import left_of_group
from tachiai.envelopes.states import UNSENT, EnvelopeState, RecipientState
from tachiai.envelopes.templates import may_manage_templates
from tachiai.envelopes.timeline import Event, timeline
from tachiai.envelopes.withdrawing import WITHDRAWABLE
from tachiai.web.desk.approvals_told import told_approval
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.evidence import offers_evidence
from tachiai.web.desk.people_words import kind_word
from tachiai.web.desk.rows import chip_state, turn_words
from tachiai.web.desk.telling import told_events
from tachiai.web.information_words import rows_of

REFRESH_SECONDS = 5
TO_SIGN = (RecipientState.REQUESTED, RecipientState.OPENED)


@at_desk
def envelope(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    at = clock.now()
    found = envelope_for(member, pk)
    manages = may_manage(member, found)
    if found.state == EnvelopeState.DRAFT and found.send_at is None and manages:
        return redirect("desk:review" if found.described and has_signers(found) else "desk:files", pk)
    place = own_place(member, found)
    documents = documents_of(found)
    events = timeline(found, reader=member)
    approval = told_approval(found, member, events, manages=manages, at=at)
    given = grants_in(found) if found.state == EnvelopeState.CONCLUDED else {}
    people = [{**_person(one, found, manages=manages), "given": given.get(one.pk)} for one in signers_of(found)]
    destroyed = {str(event.facts.get("document", "")) for event in events if event.code == "document.destroyed"}
    files = concluded_files(found)
    told = information_of(found)
    context = {
        "heading": found.name or found.number,
        "envelope": found,
        "state": chip_state(found),
        "turn": turn_words(found),
        "days_left": days_left(found, at=at),
        "trouble": _trouble_words(trouble_of(found)),
        "refresh": REFRESH_SECONDS if is_working(found) else None,
        # What the page looks for when it looks again: it reloads only when this has changed.
        "fingerprint": f"{found.state} {len(events)}",
        "to_sign": place if place and place.state in TO_SIGN and found.state == EnvelopeState.IN_PROGRESS else None,
        "approval": approval,
        "bowed_out": _bowed_out(found, [one["person"] for one in people]),
        "people": people,
        "may_ask_anybody": any(one["may_ask_again"] for one in people),
        "documents": [
            {"document": one, "sha256": bytes(one.head_sha256).hex(), "destroyed": str(one.pk) in destroyed} for one in documents
        ],
        "files": files,
        "anything_stands": any(file.blob.shredded_at is None for file in files),
        "everything_stands": all(file.blob.shredded_at is None for file in files),
        "evidence": offers_evidence(found),
        "integrity": integrity_of(found, files),
        "readers": _readers(events),
        "information": rows_of(told),
        "parent": known_parent(member, found, told),
        "may_amend": may_amend(member, found),
        "events": told_events(events),
        "amendments": told_events([event for event in events if event.code == "information.amended"]),
        "recreations": recreations_of(found),
        **_acts(found, member, documents, manages=manages, at=at),
    }
    return show(request, member, "desk/envelope.html", context, section="envelopes")


def _acts(envelope: Envelope, member: Member, documents: list[Document], *, manages: bool, at: datetime) -> dict[str, Any]:
    concluded = envelope.state == EnvelopeState.CONCLUDED
    frozen = bool(documents) and all(document.page_pack_id is not None for document in documents)
    return {
        "may_withdraw": manages and envelope.state in WITHDRAWABLE,
        "may_duplicate": may_send(member),
        "may_save": may_manage_templates(member),
        "may_extend": manages and envelope.state == EnvelopeState.EXPIRED and not is_too_old(envelope, at=at),
        "may_reschedule": manages and envelope.send_at is not None,
        "manages": manages,
        "has_pages": frozen or envelope.state in UNSENT,
        "may_copy": frozen and not concluded and not may_download_unfinished(member),
        "may_unfinished": frozen and not concluded and may_download_unfinished(member),
    }


def _readers(events: list[Event]) -> list[dict[str, Any]]:
    """関係者: the members who did something with the envelope or looked at it, each with when they last did."""
    last = {event.actor: event.at for event in events if event.by.get("kind") == "member" and event.actor}
    return [{"name": name, "at": at} for name, at in sorted(last.items(), key=lambda pair: pair[1], reverse=True)]


def _person(recipient: Recipient, envelope: Envelope, *, manages: bool) -> dict[str, Any]:
    """One line of the recipients' table."""
    goes_on = envelope.state == EnvelopeState.IN_PROGRESS
    asked = goes_on and recipient.state in TO_SIGN
    # Their own day has passed, or the envelope's had before it was revived: they can be asked once more.
    cut_off = goes_on and recipient.state == RecipientState.EXPIRED
    # Who consented before the deadline is not asked twice: sending again then only revives, and the seal is made.
    unfinished = (RecipientState.EXPIRED, RecipientState.CONSENTED)
    revivable = envelope.state == EnvelopeState.EXPIRED and recipient.state in unfinished
    english = (get_language() or "ja").startswith("en")
    return {
        "person": recipient,
        "kind": kind_word(recipient.kind, envelope.organization),
        "level": level_words(recipient.level, english=english),
        "may_ask_again": manages and (asked or cut_off or revivable),
        "may_revoke": manages and asked and recipient.side == Side.COUNTERPARTY,
        # 未ダウンロード: the link ends after 14 days, and the clerk may want to call.
        "untaken": envelope.state == EnvelopeState.CONCLUDED and recipient.side == Side.COUNTERPARTY and recipient.downloaded_at is None,
    }


def _bowed_out(envelope: Envelope, people: Sequence[Recipient]) -> list[dict[str, Any]]:
    """Who declined where any one suffices, while it is the others' turn; ``lapsed``: the day of each of these has passed."""
    declined = [one for one in people if one.state == RecipientState.DECLINED] if envelope.state == EnvelopeState.IN_PROGRESS else []
    others = [(one, left_of_group(one)) for one in declined]
    return [{"person": one, "lapsed": all(other.state == RecipientState.EXPIRED for other in left)} for one, left in others if left]


def _trouble_words(trouble: Trouble | None) -> dict[str, Any] | None:
    if trouble is None:
        return None
    if trouble.stuck and trouble.code == "key.revoked":
        words = _(
            "電子署名に用いた証明書が失効しているため、完了処理を続けられません。運営者が対応するまでお待ちください（{code}）。"
        ).format(code=trouble.code)
    elif trouble.stuck:
        words = _("処理を続けられない問題が見つかりました。管理者へご連絡ください（{code}）。").format(code=trouble.code)
    elif trouble.code.startswith("revocation."):
        words = _("認証局の応答（証明書の失効情報）を待っています。復旧後に自動で続行します。")
    elif trouble.code.startswith("tsa."):
        words = _("タイムスタンプ局の応答を待っています。復旧後に自動で続行します。")
    elif trouble.code.startswith(("smtp.", "mail.")):
        words = _("メールサーバーの応答を待っています。復旧後に自動で続行します。")
    elif trouble.code.startswith("document.moved_on"):
        return None  # another signer came in between: the work is simply done again
    else:
        words = _("署名処理の設備の応答を待っています。復旧後に自動で続行します（{code}）。").format(code=trouble.code)
    return {"words": words, "since": trouble.since, "stuck": trouble.stuck}
