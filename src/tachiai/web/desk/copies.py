"""P-12: requests for copies by whoever lost their mailbox (写しの交付): the list, and deciding one."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.counterparties.models import Registration
from tachiai.envelopes.copy_models import CopyRequest, CopyState
from tachiai.envelopes.giving_copies import (
    copy_request_for,
    copy_requests_of,
    grant_copies,
    may_decide,
    places_for,
    refuse_copies,
    registrations_for,
    took_in,
)
from tachiai.envelopes.models import Recipient
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.problems import sentence
from tachiai.web.templatetags.look import day, jst

PER_PAGE = 50
ONE_TIME = "otp"
TWO_LETTERS = gettext_lazy("2文字以上で入力してください。")


def _words(label: Any, hint: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        min_length=2,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=hint,
        error_messages={"required": TWO_LETTERS, "min_length": TWO_LETTERS},
    )


class GrantForm(forms.Form):
    """Which contracts, what opens them, and how it was made sure who asks."""

    places = forms.MultipleChoiceField(
        label=gettext_lazy("写しを交付する契約"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("写しを交付する契約を選択してください。")},
    )
    gate = forms.ChoiceField(
        label=gettext_lazy("ダウンロードのときの確認"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("確認の方法を選択してください。")},
    )
    checked = _words(
        gettext_lazy("ご本人であることを確認した方法"),
        gettext_lazy("操作記録に残り、依頼した方には伝わりません。例：契約書に記載の代表番号へ電話し、代表者ご本人に確認した"),
    )

    def __init__(self, *args: Any, places: list[Recipient], registrations: list[Registration], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("places", [(str(one.pk), _place(one)) for one in places])
        known = [(str(one.pk), _("届出 {number} のアクセスコード").format(number=one.number)) for one in registrations]
        gates = [*known, (ONE_TIME, _("新しいメールアドレスへ送る認証コード"))]
        self._choices("gate", gates)
        self.fields["gate"].initial = gates[0][0]

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def chosen(self) -> tuple[list[uuid.UUID], uuid.UUID | None]:
        """The places, and the registration whose code is to be asked for."""
        gate = self.cleaned_data["gate"]
        return [uuid.UUID(pk) for pk in self.cleaned_data["places"]], None if gate == ONE_TIME else uuid.UUID(gate)


class RefuseForm(forms.Form):
    reason = _words(gettext_lazy("交付しない理由"), gettext_lazy("依頼した方にメールで伝わります。"))


class SearchForm(forms.Form):
    q = forms.CharField(label=gettext_lazy("契約を探す（管理番号・封筒名・組織・氏名・メール）"), required=False, max_length=100)


def _place(one: Recipient) -> str:
    concluded = day(one.envelope.concluded_at) if one.envelope.concluded_at else ""
    return _("{number}　{name}（{concluded} 締結）　{organization}　{person} 様 <{mail}>").format(
        number=one.envelope.number,
        name=one.envelope.name,
        concluded=concluded,
        organization=one.organization_name,
        person=one.name,
        mail=one.mail,
    )


@at_desk
def copies(request: HttpRequest, member: Member) -> HttpResponse:
    """What was asked, the latest first; what waits is marked."""
    page = Paginator(copy_requests_of(member), PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"request": one, "mine": may_decide(member, one)} for one in page.object_list]
    context = {"heading": _("写しの交付の依頼"), "page_obj": page, "rows": rows, "query": ""}
    return show(request, member, "desk/copies.html", context, section="counterparties")


@at_desk
def copy_request(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """One request: what it says, the contracts it may mean, and the decision."""
    found = copy_request_for(member, pk)
    decides = may_decide(member, found)
    search = SearchForm(request.GET)
    words = search.cleaned_data["q"] if search.is_valid() else ""
    theirs = took_in(member, found) if decides else None
    gives = decides and theirs is None
    places = places_for(found, member, words=words) if gives else []
    asked = request.POST.get("act")
    grant = GrantForm(request.POST if asked == "grant" else None, places=places, registrations=registrations_for(found) if gives else [])
    refuse = RefuseForm(request.POST if asked == "refuse" else None)
    if request.method == "POST" and (answer := _decided(request, member, found, grant, refuse)) is not None:
        return answer
    wrong = next((form for form in (grant, refuse) if form.is_bound and form.errors), None)
    context: dict[str, Any] = {
        "heading": found.party,
        "asked": found,
        "rows": _said(found),
        "decision": _decision(found),
        "grants": list(found.grants.select_related("recipient__envelope", "registration").order_by("granted_at")),
        "may_decide": decides,
        "same_member": sentence("copies.same_member", {"number": theirs.number}) if theirs else "",
        "places": places,
        "searched": bool(words.strip()),
        "search": search,
        "grant": grant,
        "refuse": refuse,
        "form": wrong,
    }
    return show(request, member, "desk/copy_request.html", context, section="counterparties", status=422 if wrong else 200)


def _decided(request: HttpRequest, member: Member, found: CopyRequest, grant: GrantForm, refuse: RefuseForm) -> HttpResponse | None:
    """What came of the button; None when its form has to be shown again."""
    bound = next((form for form in (grant, refuse) if form.is_bound), None)
    if bound is None:
        raise Refusal("page.unknown")
    if not bound.is_valid():
        return None
    try:
        done = _grant(member, found, grant) if bound is grant else _refuse(member, found, refuse)
    except Refusal as refusal:
        if not refusal.code.startswith("vault.") and refusal.code != "copies.same_member":
            raise
        bound.add_error(None, sentence(refusal.code, refusal.facts))
        return None
    messages.success(request, done)
    return redirect("desk:copy_request", found.pk)


def _grant(member: Member, found: CopyRequest, form: GrantForm) -> str:
    places, registration = form.chosen()
    given = grant_copies(found, places, registration=registration, checked=form.cleaned_data["checked"], by=member, at=clock.now())
    words = ngettext("{count}件の契約の写しを交付しました。", "{count}件の契約の写しを交付しました。", len(given))
    return words.format(count=len(given))


def _refuse(member: Member, found: CopyRequest, form: RefuseForm) -> str:
    refuse_copies(found, reason=form.cleaned_data["reason"], by=member, at=clock.now())
    return _("交付しないことを、依頼した方へメールでお知らせします。")


def _taken_in(found: CopyRequest) -> list[tuple[str, str]]:
    """The registrations whose codes open the copies: who approved each, and when."""
    behind = Registration.objects.filter(pk__in=found.grants.values("registration")).select_related("approved_by").order_by("approved_at")
    return [
        (
            _("届出 {number} を承認した職員").format(number=one.number),
            _("{name}（{at}）").format(name=one.approved_by.name, at=jst(one.approved_at)),
        )
        for one in behind
        if one.approved_by is not None and one.approved_at is not None
    ]


def _said(found: CopyRequest) -> list[dict[str, str]]:
    rows = [
        (_("依頼した方"), f"{found.title}　{found.name}".strip("　")),
        (_("電話番号"), found.phone),
        (_("以前のメールアドレス"), found.former_mail),
        (_("新しいメールアドレス（確認済み）"), found.mail),
        (_("写しが必要な契約"), found.contracts),
        (_("受付日時"), jst(found.asked_at) if found.asked_at else ""),
    ]
    return [{"term": term, "value": value} for term, value in rows]


def _decision(found: CopyRequest) -> list[dict[str, str]]:
    """Who took the new address in, who decided what, and why; nothing while it waits."""
    if found.decided_by is None or found.decided_at is None:
        return []
    rows = [*_taken_in(found), (_("判断した職員"), found.decided_by.name), (_("判断した日時"), jst(found.decided_at))]
    if found.state == CopyState.GRANTED:
        rows.append((_("ご本人であることを確認した方法"), found.checked))
    else:
        rows.append((_("交付しない理由"), found.reason))
    return [{"term": term, "value": value} for term, value in rows]
