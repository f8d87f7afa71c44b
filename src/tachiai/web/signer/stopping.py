"""Where the way ends: why, whom to ask, and what can still be done. Reasons are told only to the holder of a valid link."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_  # noqa: N812  # marks a message, as _ does

from tachiai.envelopes.asking import ask_sender_again
from tachiai.envelopes.holders import holder_of
from tachiai.envelopes.models import Gate, Recipient
from tachiai.errors import Refusal
from tachiai.web.problems import sentence, status_of
from tachiai.web.sender import contact_of, header_of

STILL_OPEN = "recipient.done"
ASKS_CODE = "code"
TITLES = {
    "envelope.withdrawn": N_("署名依頼は取り下げられました"),
    "envelope.declined": N_("署名依頼は終了しました"),
    "link.expired": N_("署名期限が過ぎています"),
    "link.replaced": N_("新しいリンクが送信されています"),
    "link.closed": N_("このリンクは使えません"),
    "recipient.forwarded": N_("署名者変更済みです"),
    "recipient.declined": N_("辞退済みです"),
    "recipient.not_needed": N_("お手続きは不要になりました"),
    "recipient.waiting": N_("順番をお待ちください"),
    "link.disabled": N_("このリンクは使えません"),
    "code.ended": N_("このリンクは使えなくなりました"),
    "registration.revoked": N_("届出が失効しています"),
    "registration.suspended": N_("届出が停止されています"),
    "download.expired": N_("ダウンロードの有効期限が過ぎました"),
}
MORE = {
    "envelope.withdrawn": N_("契約は成立していません。先にいただいた署名では契約は締結されません。"),
    "envelope.declined": N_("契約は成立していません。先にいただいた署名では契約は締結されません。"),
    "recipient.declined": N_("あらためて手続きをご希望の場合は、送信者へご連絡ください。"),
    "link.expired": N_("引き続き署名をご希望の場合は、再送をご依頼ください。"),
    "download.expired": N_("文書は保管されています。必要な場合は、再発行をご依頼ください。"),
}
# From these dead ends the sender can help with a new link; from the others only by talking.
ASKABLE = ("link.expired", "link.disabled", "code.ended", "download.expired")


def stop_page(request: HttpRequest, recipient: Recipient, code: str, *, again_url: str, what: str) -> HttpResponse:
    """S-08, with the status that fits the reason. ``again_url`` takes the wish for a new link (``what``), where that can help."""
    by_oneself = code == "download.expired" and holder_of(recipient).gate == Gate.REGISTERED
    context = {
        **header_of(recipient),
        "heading": _(TITLES.get(code, TITLES["link.closed"])),
        "words": _words(recipient, code),
        "more": _(MORE[code]) if code in MORE else "",
        "again_url": again_url if code in ASKABLE else "",
        # A download whose days are over is issued anew without anybody's help, from the page beside.
        "reissue_url": again_url.removesuffix("again") + "reissue" if by_oneself else "",
        "what": what,
    }
    return render(request, "signer/stopped.html", context, status=status_of(code))


def _words(recipient: Recipient, code: str) -> str:
    if code != "code.ended":
        return sentence(code)
    contact = contact_of(recipient)
    words: str = _("入力回数の上限に達したため、このリンクは使えません。{name}（{phone}）へご連絡ください。")
    return words.format(**contact)


def unknown_page(request: HttpRequest) -> HttpResponse:
    """A link nobody knows: nothing is told, not even whether it ever was one."""
    context = {"heading": _("このリンクは無効です"), "words": sentence("link.unknown"), "again_url": ""}
    return render(request, "signer/stopped.html", context, status=404)


def ask_page(request: HttpRequest, recipient: Recipient, *, what: str, at: datetime) -> HttpResponse:
    """M20: ask the sender for a new link (the download anew, a code anew), and say what happens next."""
    told = {
        "link": _("再送の依頼を送信者に送りました。新しいリンクはメールで届きます。"),
        "download": _("再発行の依頼を送信者に送りました。新しいリンクはメールで届きます。"),
        "code": _("コードの再届出の依頼を送信者に送りました。ご本人の確認が済むと、新しいコードを決めるためのリンクがメールで届きます。"),
    }
    words = told[what]
    try:
        ask_sender_again(recipient, what=what, at=at)
    except Refusal as refusal:
        words = sentence(refusal.code, refusal.facts)
    context = {**header_of(recipient), "heading": _("依頼は送信されています"), "words": words}
    return render(request, "signer/asked.html", context)
