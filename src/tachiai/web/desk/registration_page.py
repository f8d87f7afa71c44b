"""P-12: one registration: what it says, what has happened to it, and what may be done with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock, counterparties
from tachiai.accounts import rights
from tachiai.accounts.languages import Language
from tachiai.accounts.models import Member
from tachiai.counterparties.access import may_approve, may_register, may_return, registration_for
from tachiai.counterparties.attorneys import attorney_of
from tachiai.counterparties.history import Step, history_of
from tachiai.counterparties.models import Method, Registration, RegistrationState, Scope
from tachiai.counterparties.recoding import may_approve_code, may_ask_for_code
from tachiai.counterparties.reviewing import replaceable
from tachiai.errors import Refusal
from tachiai.web.desk.dates import DayField
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import attachment
from tachiai.web.desk.registrations import chip_state
from tachiai.web.problems import sentence
from tachiai.web.templatetags.look import day


def _reason(label: Any, hint: Any = "") -> forms.CharField:
    words = gettext_lazy("理由を2文字以上で入力してください。")
    return forms.CharField(
        label=label,
        min_length=2,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=hint,
        error_messages={"required": words, "min_length": words},
    )


class RevokeForm(forms.Form):
    reason = _reason(gettext_lazy("失効させる理由"))


class ReturnForm(forms.Form):
    return_reason = _reason(gettext_lazy("差し戻す理由"), gettext_lazy("届け出た方にメールで伝わります。"))


class DatesForm(forms.Form):
    """Both days belong to the time of validity; none given is no limit."""

    valid_from = DayField(label=gettext_lazy("有効期間の始まり"), required=False, help_text=gettext_lazy("空欄は、承認した日からです。"))
    valid_until = DayField(label=gettext_lazy("有効期間の終わり"), required=False, help_text=gettext_lazy("空欄は、期限なしです。"))


class ApproveForm(DatesForm):
    """``shown`` is when the registration on the page had been confirmed: a correction made meanwhile is not approved unseen."""

    shown = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    replacing = forms.MultipleChoiceField(
        label=gettext_lazy("この届出で置き換える、同じ方の古い届出"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("選んだ届出は失効し、署名が済んでいないリンクは使えなくなります。"),
    )

    def __init__(self, *args: Any, older: list[Registration], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not older:
            del self.fields["replacing"]
            return
        choices = [(str(one.pk), f"{one.number} {one.name} <{one.mail}>") for one in older]
        field = self.fields["replacing"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = choices


class ResetForm(forms.Form):
    """A lost app or passkey ends here; the counterparty reads the reason."""

    kind = forms.ChoiceField(choices=[("totp", ""), ("passkey", "")], widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("解除する理由"),
        max_length=1000,
        min_length=2,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("相手方にメールで伝わります。例：スマートフォンの紛失について、電話で本人を確認した"),
        error_messages={
            "required": gettext_lazy("理由を2文字以上で入力してください。"),
            "min_length": gettext_lazy("理由を2文字以上で入力してください。"),
        },
    )


@dataclass(frozen=True)
class Forms:
    """The forms of the page: the one whose button was pressed is bound."""

    approve: ApproveForm
    send_back: ReturnForm
    dates: DatesForm
    revoke: RevokeForm
    resets: list[dict[str, Any]]

    def wrong(self) -> forms.Form | None:
        told = [self.approve, self.send_back, self.dates, self.revoke, *(one["form"] for one in self.resets)]
        return next((form for form in told if form.is_bound and form.errors), None)


def _forms(request: HttpRequest, found: Registration) -> Forms:
    asked = request.POST.get("act")

    def given(act: str) -> Any:
        return request.POST if asked == act else None

    older = list(replaceable(found))
    dates = {"valid_from": found.valid_from, "valid_until": found.valid_until}
    same = [str(one.pk) for one in older if one.mail.lower() == found.mail.lower()]
    seen = {"replacing": same, "shown": found.confirmed_at.isoformat() if found.confirmed_at else ""}
    return Forms(
        ApproveForm(given("approve"), older=older, initial=seen),
        ReturnForm(given("return")),
        DatesForm(given("dates"), initial={name: value.isoformat() if value else "" for name, value in dates.items()}, prefix="dates"),
        RevokeForm(given("revoke")),
        _resets(request, found),
    )


@at_desk
def registration(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """One registration with its history; posting is one act on it."""
    found = registration_for(member, pk)
    told = _forms(request, found)
    if request.method == "POST" and (answer := _act(request, member, found, told)) is not None:
        return answer
    wrong = told.wrong()
    context: dict[str, Any] = {
        "heading": found.counterparty.name,
        "registration": found,
        "state": chip_state(found),
        "rows": _said(found),
        "may_approve": may_approve(member, found),
        "may_return": may_return(member, found),
        "may_ask_for_code": may_register(member) and may_ask_for_code(member, found),
        "may_approve_code": may_approve_code(member, found),
        "may_date": rights.may_approve(member) and found.state == RegistrationState.APPROVED,
        "own_entry": found.entered_by_id == member.pk and found.state == RegistrationState.CONFIRMED,
        "may_revoke": may_register(member) and found.state != RegistrationState.REVOKED,
        "form": wrong,
        "forms": told,
        "resets": told.resets,
        "events": [_told(step) for step in history_of(found)],
    }
    return show(request, member, "desk/registration.html", context, section="counterparties", status=422 if wrong else 200)


@at_desk
def attorney(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """The power of attorney, to be saved."""
    name, pdf = attorney_of(registration_for(member, pk), by=member, at=clock.now())
    return attachment(name, pdf, kind="application/pdf")


def _resets(request: HttpRequest, found: Registration) -> list[dict[str, Any]]:
    """Each stronger proof of this registration, with the form that ends it."""
    words = {"totp": _("認証アプリ（TOTP）"), "passkey": _("パスキー")}
    removals = {"totp": _("認証アプリ（TOTP）の登録を解除する"), "passkey": _("パスキーの登録を解除する")}
    rows = []
    for one in counterparties.credentials_of(found):
        asked = request.POST.get("act") == "reset" and request.POST.get(f"{one.kind}-kind") == one.kind
        form = ResetForm(request.POST if asked else None, prefix=one.kind, initial={"kind": one.kind})
        rows.append({"kind": one.kind, "word": words[one.kind], "removal": removals[one.kind], "at": one.enrolled_at, "form": form})
    return rows


def _reset(request: HttpRequest, member: Member, found: Registration, resets: list[dict[str, Any]]) -> HttpResponse | None:
    asked = next((one for one in resets if one["form"].is_bound), None)
    if asked is None:
        raise Refusal("credential.none")
    if not asked["form"].is_valid():
        return None
    reason = asked["form"].cleaned_data["reason"]
    counterparties.reset_credential(found, asked["kind"], reason=reason, by=member, at=clock.now())
    messages.success(request, _("{word}の登録を解除しました。相手方にメールでお知らせします。").format(word=asked["word"]))
    return redirect("desk:registration", found.pk)


Act = Callable[[Registration, Forms, Member, datetime], str]


def _act(request: HttpRequest, member: Member, found: Registration, told: Forms) -> HttpResponse | None:
    """What was asked for; None when its form has to be shown again."""
    asked = request.POST.get("act", "")
    if asked == "reset":
        return _reset(request, member, found, told.resets)
    if asked not in ACTS:
        raise Refusal("page.unknown")
    form, act = ACTS[asked]
    bound = form(told)
    if bound is not None and not bound.is_valid():
        return None
    try:
        done = act(found, told, member, clock.now())
    except Refusal as refusal:
        if bound is None or refusal.code not in SHOWN_IN_FORM:
            raise
        bound.add_error(None, sentence(refusal.code, refusal.facts))
        return None
    messages.success(request, done.format(number=found.number))
    return redirect("desk:registration", found.pk)


def _approve(found: Registration, told: Forms, member: Member, at: datetime) -> str:
    given = told.approve.cleaned_data
    replacing = [uuid.UUID(pk) for pk in given.get("replacing", [])]
    dates = {"valid_from": given["valid_from"], "valid_until": given["valid_until"]}
    counterparties.approve(found, by=member, at=at, replacing=replacing, shown=given["shown"], **dates)
    return _("届出 {number} を承認しました。")


def _return(found: Registration, told: Forms, member: Member, at: datetime) -> str:
    counterparties.return_registration(found, reason=told.send_back.cleaned_data["return_reason"], by=member, at=at)
    return _("届出 {number} を差し戻しました。訂正用のリンクをメールで送ります。")


def _date(found: Registration, told: Forms, member: Member, at: datetime) -> str:
    counterparties.set_validity(found, **told.dates.cleaned_data, by=member, at=at)
    return _("届出 {number} の有効期間を変更しました。")


def _ask_for_code(found: Registration, told: Forms, member: Member, at: datetime) -> str:
    counterparties.ask_for_code(found, by=member, at=at)
    return _("届出 {number} の署名者へ、コードの再届出を依頼しました。")


def _approve_code(found: Registration, told: Forms, member: Member, at: datetime) -> str:
    counterparties.approve_code(found, by=member, at=at)
    return _("届出 {number} の新しいコードを承認しました。")


def _revoke(found: Registration, told: Forms, member: Member, at: datetime) -> str:
    counterparties.revoke(found, reason=told.revoke.cleaned_data["reason"], by=member, at=at)
    return _("届出 {number} を失効させました。")


SHOWN_IN_FORM = ("registration.dates", "reason.missing", "reason.too_long")
ACTS: dict[str, tuple[Callable[[Forms], forms.Form | None], Act]] = {
    "approve": (lambda told: told.approve, _approve),
    "return": (lambda told: told.send_back, _return),
    "dates": (lambda told: told.dates, _date),
    "ask_code": (lambda told: None, _ask_for_code),
    "approve_code": (lambda told: None, _approve_code),
    "revoke": (lambda told: told.revoke, _revoke),
}


def _said(found: Registration) -> list[dict[str, str]]:
    method = _("書面（職員入力）") if found.method == Method.PAPER else _("オンライン（本人入力）")
    if found.method == Method.ONLINE and found.entered_by_id is not None:
        method = _("CSV取込（コードは本人入力）")
    language = "日本語" if found.language == Language.JA else "English"
    rows = [
        (_("受付番号"), found.number),
        (_("商号又は名称"), found.counterparty.name),
        (_("所在地"), found.address or found.counterparty.address or _("記載なし")),
        (_("署名者の役職"), found.title or _("記載なし")),
        (_("署名者の氏名"), found.name),
        (_("電子契約用メールアドレス"), found.mail),
        (_("電話番号"), found.phone or _("記載なし")),
        (_("メールと画面の言語"), language),
        (_("届出方法"), method),
        (_("アクセスコード"), _("届出済み（表示できません）") if found.verifier else _("まだ決められていません")),
        *_said_online(found),
        (_("利用範囲"), _("この契約のみ") if found.scope == Scope.CONTRACT else _("今後の契約にも")),
        *_said_dates(found),
    ]
    return [{"term": term, "value": value} for term, value in rows]


def _said_online(found: Registration) -> list[tuple[str, str]]:
    """What only the form asks for, where it was answered."""
    reviewers = [(_("確認者{number}").format(number=one.position), str(one)) for one in found.reviewers.order_by("position")]
    rows = [
        (_("契約件名"), found.case_name),
        (_("案件番号"), found.case_number),
        (_("法人番号"), found.corporate_number),
        (_("代表者"), f"{found.representative_title} {found.representative}".strip()),
        *reviewers,
        (_("担当者の氏名"), found.contact),
        (_("権限の確認"), _("「署名者は契約を締結する権限を有します」に同意済み") if found.consent else ""),
        (_("同意した文"), found.consent),
    ]
    return [(term, value) for term, value in rows if value]


def _said_dates(found: Registration) -> list[tuple[str, str]]:
    if not (found.valid_from or found.valid_until):
        return []
    first, last = day(found.valid_from) if found.valid_from else "", day(found.valid_until) if found.valid_until else ""
    return [(_("有効期間"), _("{first}〜{last}").format(first=first, last=last))]


def _told(step: Step) -> dict[str, Any]:
    words = {
        "registration.entered": (_("届出を入力"), "pencil", ""),
        "registration.submitted": (_("オンラインで届出"), "pencil", "blue"),
        "registration.corrected": (_("届出を訂正"), "pencil", "blue"),
        "registration.imported": (_("CSVから取込"), "upload", ""),
        "registration.returned": (_("差戻し"), "return", "yellow"),
        "registration.dated": (_("有効期間を変更"), "calendar", ""),
        "registration.expired": (_("有効期間の満了により失効"), "hourglass", "red"),
        "registration.replaced": (_("新しい届出に置換え"), "minus", "red"),
        "registration.code_asked": (_("コードの再届出を依頼"), "mail", ""),
        "registration.code_chosen": (_("新しいコードを届出"), "lock", "blue"),
        "registration.code_changed": (_("新しいコードを承認"), "check-circle", "green"),
        "registration.attorney_taken": (_("委任状をダウンロード"), "download", ""),
        "registration.code_requested": (_("認証コードを送信"), "mail", ""),
        "registration.mail_confirmed": (_("メールアドレスを確認"), "mail", "blue"),
        "registration.approved": (_("承認"), "check-circle", "green"),
        "registration.suspended": (_("アクセスコードの誤入力により停止"), "lock", "red"),
        "registration.revoked": (_("失効"), "minus", "red"),
        "totp.enrolled": (_("認証アプリを登録"), "lock", "blue"),
        "totp.reset": (_("認証アプリの登録を解除"), "return", "yellow"),
        "passkey.enrolled": (_("パスキーを登録"), "lock", "blue"),
        "passkey.reset": (_("パスキーの登録を解除"), "return", "yellow"),
        "mail.accepted": (_("メールを送信"), "mail", ""),
        "mail.refused": (_("メールの送信に失敗"), "warning", "red"),
    }
    word, icon, colour = words.get(step.code, (step.code, "dot", ""))
    detail = _("理由：{reason}").format(reason=step.reason) if step.reason else ""
    return {"at": step.at, "word": word, "who": step.actor, "detail": detail, "icon_name": icon, "colour": colour}
