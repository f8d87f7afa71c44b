"""P-12: registrations: the list, entering one from paper, approving it by a second member, revoking it."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock, counterparties
from tachiai.accounts.languages import Language
from tachiai.accounts.models import Member
from tachiai.counterparties.access import may_approve, may_register, may_see_registrations, registration_for
from tachiai.counterparties.history import Step, history_of
from tachiai.counterparties.models import Registration, RegistrationState
from tachiai.counterparties.registering import Entered
from tachiai.counterparties.usable import registrations_of
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.problems import sentence

PER_PAGE = 50


def quiet() -> forms.TextInput:
    """A line that the browser fills with nothing: it is somebody else's data that is entered here."""
    return forms.TextInput(attrs={"autocomplete": "off"})


class EntryForm(forms.Form):
    """What the paper says. The code is read once: it is never put back into a page, not even after an error elsewhere."""

    counterparty = forms.CharField(
        label=gettext_lazy("商号又は名称"),
        max_length=200,
        widget=quiet(),
        error_messages={"required": gettext_lazy("商号又は名称を入力してください。")},
    )
    address = forms.CharField(label=gettext_lazy("所在地"), required=False, max_length=300, widget=quiet())
    title = forms.CharField(
        label=gettext_lazy("署名者の役職"),
        required=False,
        max_length=100,
        widget=quiet(),
        help_text=gettext_lazy("例：代表取締役"),
    )
    name = forms.CharField(
        label=gettext_lazy("署名者の氏名"),
        max_length=100,
        help_text=gettext_lazy("契約を締結する権限のある方"),
        widget=quiet(),
        error_messages={"required": gettext_lazy("署名者の氏名を入力してください。")},
    )
    mail = forms.EmailField(
        label=gettext_lazy("電子契約用メールアドレス"),
        max_length=254,
        help_text=gettext_lazy("このアドレスへ、確認用のリンクを送ります。"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("メールアドレスを入力してください。"),
            "invalid": gettext_lazy("メールアドレスの形式で入力してください（例：name@example.jp）。"),
        },
    )
    phone = forms.CharField(label=gettext_lazy("電話番号"), required=False, max_length=40, widget=quiet())
    language = forms.ChoiceField(
        label=gettext_lazy("メールと画面の言語"), choices=Language.choices, initial=Language.JA, widget=forms.RadioSelect
    )
    code = forms.CharField(
        label=gettext_lazy("アクセスコード（6桁の数字）"),
        max_length=20,
        widget=forms.PasswordInput(render_value=False, attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy("届出書に記入されたコードを入力します。入力は一度だけで、あとから表示することはできません。"),
        error_messages={"required": gettext_lazy("アクセスコードを入力してください。")},
    )

    def entered(self) -> Entered:
        given = self.cleaned_data
        return Entered(
            counterparty=given["counterparty"],
            address=given["address"],
            title=given["title"],
            name=given["name"],
            mail=given["mail"],
            phone=given["phone"],
            language=given["language"],
            code=given["code"],
        )


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("失効させる理由"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("理由を2文字以上で入力してください。")},
    )


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


def chip_state(registration: Registration) -> str:
    """The chip's state: a suspended registration is approved in the rows, but nobody can use it."""
    suspended = registration.suspended_at is not None and registration.state == RegistrationState.APPROVED
    return "suspended" if suspended else registration.state


@at_desk
def registrations(request: HttpRequest, member: Member) -> HttpResponse:
    if not may_see_registrations(member):
        raise Refusal("registration.not_allowed")
    page = Paginator(registrations_of(member.organization), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "heading": _("取引先・届出"),
        "page_obj": page,
        "rows": [{"registration": one, "state": chip_state(one), "may_approve": may_approve(member, one)} for one in page.object_list],
        "may_register": may_register(member),
    }
    return show(request, member, "desk/registrations.html", context, section="counterparties")


@at_desk
def enter(request: HttpRequest, member: Member) -> HttpResponse:
    if not may_register(member):
        raise Refusal("registration.not_allowed")
    form = EntryForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            fresh = counterparties.register(form.entered(), by=member, at=clock.now())
        except Refusal as refusal:
            form.add_error("code" if refusal.code.startswith("code.") else None, sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("届出 {number} を受け付けました。確認用のメールを送ります。").format(number=fresh.number))
            return redirect("desk:registration", fresh.pk)
    if form.errors and "code" not in form.errors:
        form.add_error("code", _("安全のため、アクセスコードは画面に戻しません。もう一度入力してください。"))
    context = {"heading": _("届出を入力する"), "form": form}
    return show(request, member, "desk/registration_new.html", context, section="counterparties", status=422 if form.errors else 200)


@at_desk
def registration(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """One registration with its history; posting approves or revokes it."""
    found = registration_for(member, pk)
    form = RevokeForm(request.POST if request.POST.get("act") == "revoke" else None)
    resets = _resets(request, found)
    if request.method == "POST" and (answer := _act(request, member, found, form, resets)) is not None:
        return answer
    wrong = form.errors or any(one["form"].errors for one in resets)
    context: dict[str, Any] = {
        "heading": found.counterparty.name,
        "registration": found,
        "state": chip_state(found),
        "rows": _said(found),
        "may_approve": may_approve(member, found),
        "own_entry": found.entered_by_id == member.pk and found.state == RegistrationState.CONFIRMED,
        "may_revoke": may_register(member) and found.state != RegistrationState.REVOKED,
        "form": form,
        "resets": resets,
        "events": [_told(step) for step in history_of(found)],
    }
    return show(request, member, "desk/registration.html", context, section="counterparties", status=422 if wrong else 200)


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
    return redirect(reverse("desk:registration", args=[found.pk]))


def _act(request: HttpRequest, member: Member, found: Registration, form: RevokeForm, resets: list[dict[str, Any]]) -> HttpResponse | None:
    """What was asked for; None when the form has to be shown again."""
    at = clock.now()
    if request.POST.get("act") == "reset":
        return _reset(request, member, found, resets)
    if request.POST.get("act") == "approve":
        counterparties.approve(found, by=member, at=at)
        messages.success(request, _("届出 {number} を承認しました。").format(number=found.number))
    elif form.is_valid():
        counterparties.revoke(found, reason=form.cleaned_data["reason"], by=member, at=at)
        messages.success(request, _("届出 {number} を失効させました。").format(number=found.number))
    else:
        return None
    return redirect(reverse("desk:registration", args=[found.pk]))


def _said(found: Registration) -> list[dict[str, str]]:
    method = _("書面（職員入力）") if found.method == "paper" else _("オンライン（本人入力）")
    language = "日本語" if found.language == Language.JA else "English"
    rows = [
        (_("受付番号"), found.number),
        (_("商号又は名称"), found.counterparty.name),
        (_("所在地"), found.counterparty.address or _("記載なし")),
        (_("署名者の役職"), found.title or _("記載なし")),
        (_("署名者の氏名"), found.name),
        (_("電子契約用メールアドレス"), found.mail),
        (_("電話番号"), found.phone or _("記載なし")),
        (_("メールと画面の言語"), language),
        (_("届出方法"), method),
        (_("アクセスコード"), _("届出済み（表示できません）")),
    ]
    return [{"term": term, "value": value} for term, value in rows]


def _told(step: Step) -> dict[str, Any]:
    words = {
        "registration.entered": (_("届出を入力"), "pencil", ""),
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
