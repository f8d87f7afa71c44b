"""S-09 after its days: address and code, and a new link goes to the registered address."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from tachiai import clock
from tachiai.envelopes.models import Gate, Recipient
from tachiai.envelopes.reissuing import reissue_download
from tachiai.envelopes.visiting import Visit, barred, expired_download
from tachiai.errors import Refusal
from tachiai.web.addresses import address_of, agent_of
from tachiai.web.code_form import CodeForm
from tachiai.web.languages import speaking_to
from tachiai.web.problems import status_of
from tachiai.web.sender import form_url, header_of
from tachiai.web.signer.doorway import DOWNLOADING
from tachiai.web.signer.mailed_code import ENDS
from tachiai.web.signer.sayings import code_sentence
from tachiai.web.signer.stopping import stop_page, unknown_page


class ReissueForm(CodeForm):
    """Who it was sent to, and the code: neither opens anything without the other."""

    mail = forms.EmailField(
        label=gettext_lazy("メールアドレス"),
        help_text=gettext_lazy("署名依頼のメールが届いた、届出済みのアドレスです。新しいリンクは、このアドレスへ送信します。"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "id": "mail"}),
        error_messages={
            "required": gettext_lazy("メールアドレスを入力してください。"),
            "invalid": gettext_lazy("メールアドレスの形式で入力してください（例：name@example.jp）。"),
        },
    )
    field_order = ("mail", "code")


def _after_its_days(view: Callable[[HttpRequest, str, Visit], HttpResponse]) -> Callable[[HttpRequest, str], HttpResponse]:
    """A view for the holder of a link whose days are over; whoever has one that works is led to the files."""

    @wraps(view)
    def seen(request: HttpRequest, token: str) -> HttpResponse:
        try:
            found = expired_download(token, at=clock.now())
        except Refusal as refusal:
            recipient = refusal.facts.get("recipient")
            if not isinstance(recipient, Recipient):
                return unknown_page(request)
            with speaking_to(request, recipient.language):
                return _stop(request, token, recipient, refusal.code)
        if found is None:
            return HttpResponseRedirect(DOWNLOADING.url("entry", token))
        with speaking_to(request, found.holder.language):
            return view(request, token, found)

    return seen


@require_http_methods(["GET", "HEAD", "POST"])
@_after_its_days
def reissue(request: HttpRequest, token: str, found: Visit) -> HttpResponse:
    """The form, and what came of it. A link that was tried too often helps nobody any more: the sender does."""
    if found.holder.gate != Gate.REGISTERED:
        # Who has no code of their own cannot prove themselves here; the sender can help.
        return _stop(request, token, found.recipient, "download.expired")
    bar = barred(found, at=clock.now())
    if bar is not None and bar.code in ENDS:
        return _stop(request, token, found.recipient, bar.code)
    if request.method != "POST":
        notice = {"kind": "warning", "title": code_sentence(bar)} if bar else None
        return _page(request, token, found, ReissueForm(), notice=notice)
    form = ReissueForm(request.POST)
    if not form.is_valid():
        return _page(request, token, found, form, status=422)
    try:
        _issue(request, found, form)
    except Refusal as refusal:
        if refusal.code in ENDS or refusal.code == "link.replaced":
            return _stop(request, token, found.recipient, refusal.code)
        if not refusal.code.startswith("code."):
            raise
        form.add_error("code", _words(refusal))
        return _page(request, token, found, form, status=status_of(refusal.code))
    words = _("新しいリンクを、登録済みのメールアドレスへ送信しました。届いたメールのリンクから、14日以内にダウンロードしてください。")
    context = {**header_of(found.recipient), "heading": _("再発行を受け付けました"), "words": words}
    return render(request, "signer/asked.html", context)


def _issue(request: HttpRequest, found: Visit, form: ReissueForm) -> None:
    given = form.cleaned_data
    reissue_download(found, mail=given["mail"], code=given["code"], address=address_of(request), agent=agent_of(request), at=clock.now())


def _words(refusal: Refusal) -> str:
    """A wrong address and a wrong code are told in one breath."""
    if refusal.code != "code.wrong":
        return code_sentence(refusal)
    words: str = _("メールアドレスまたはアクセスコードが正しくありません。あと{left}回入力できます。")
    return words.format(left=refusal.facts.get("left", 0))


def _stop(request: HttpRequest, token: str, recipient: Recipient, code: str) -> HttpResponse:
    return stop_page(request, recipient, code, again_url=DOWNLOADING.url("again", token), what=DOWNLOADING.asks)


def _page(
    request: HttpRequest, token: str, found: Visit, form: ReissueForm, *, notice: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    context = {
        **header_of(found.recipient),
        "heading": _("ダウンロードの再発行"),
        "envelope": found.envelope,
        "recipient": found.holder,
        "form": form,
        "notice": notice,
        "again_url": DOWNLOADING.url("again", token),
        "copies_url": form_url(found.envelope.organization, "copies"),
    }
    return render(request, "download/reissue.html", context, status=status)
