"""P-16 利用者: the list, inviting one or a sheet of them, changing what they may do, stopping and restarting them."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.languages import Language
from tachiai.accounts.models import Group, Member, Role
from tachiai.administration.member_history import history_of
from tachiai.administration.member_sheets import HEADS, MAX_BYTES, Line, export_members, invite_sheet, read_sheet
from tachiai.administration.members import (
    Details,
    change_member,
    details_of,
    invite_again,
    invite_member,
    may_change,
    member_for,
    members_of,
    restart_member,
    stop_member,
)
from tachiai.errors import Refusal
from tachiai.web.desk.dates import DateField
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import attachment
from tachiai.web.desk.me import role_words
from tachiai.web.desk.member_words import told_steps
from tachiai.web.problems import sentence

SECTION = "administration"
# Which field of the form a refusal is about; every other stands above it.
FIELDS = {
    "member.mail_malformed": "mail",
    "member.taken": "mail",
    "member.flags_unfit": "may_sign",
    "member.auditor_approves": "may_approve",
    "member.days_reversed": "reads_until",
    "member.nameless": "name",
}
# Shown in the form; what a page of its own says better is left to that.
SHOWN = {*FIELDS, "member.only_admin", "member.is_self", "member.last_admin", "group.unknown"}


class DetailsForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("氏名"), max_length=100, error_messages={"required": gettext_lazy("氏名を入力してください。")}
    )
    department = forms.CharField(label=gettext_lazy("部署"), max_length=100, required=False)
    title = forms.CharField(label=gettext_lazy("役職"), max_length=100, required=False)
    phone = forms.CharField(label=gettext_lazy("電話番号"), max_length=40, required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("メールの言語"), choices=Language.choices, initial=Language.JA, widget=forms.RadioSelect
    )
    role = forms.ChoiceField(label=gettext_lazy("役割"), choices=(), initial=Role.STAFF, widget=forms.RadioSelect)
    may_sign = forms.BooleanField(label=gettext_lazy("署名権限（当方の署名者になれる）"), required=False)
    may_approve = forms.BooleanField(
        label=gettext_lazy("承認権限（届出や封筒を承認できる）"),
        required=False,
        help_text=gettext_lazy("監査担当とシステム管理者には付けられません。"),
    )
    groups = forms.MultipleChoiceField(label=gettext_lazy("グループ"), choices=(), required=False, widget=forms.CheckboxSelectMultiple)
    reads_from = DateField(label=gettext_lazy("閲覧期間の開始日（監査担当のみ）"), required=False)
    reads_until = DateField(label=gettext_lazy("閲覧期間の終了日（監査担当のみ）"), required=False)

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in Role.values if by.role == Role.ADMIN or role != Role.ADMIN]
        groups = [(str(one.pk), one.name) for one in Group.objects.filter(organization_id=by.organization_id).order_by("name")]
        self.fields["role"].choices = [(role, role_words(role)) for role in roles]  # type: ignore[attr-defined]
        self.fields["groups"].choices = groups  # type: ignore[attr-defined]
        if not groups:
            del self.fields["groups"]

    def details(self) -> Details:
        given = dict(self.cleaned_data)
        given.pop("mail", None)
        groups = frozenset(uuid.UUID(one) for one in given.pop("groups", ()))
        return Details(**given, groups=groups)


class InviteForm(DetailsForm):
    mail = forms.EmailField(
        label=gettext_lazy("メールアドレス"),
        max_length=254,
        help_text=gettext_lazy("招待のリンクを送ります。ログインにもこのアドレスを使います。"),
        error_messages={
            "required": gettext_lazy("メールアドレスを入力してください。"),
            "invalid": gettext_lazy("メールアドレスの形式で入力してください（例：name@example.jp）。"),
        },
    )
    field_order = ("mail",)


class SheetForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSVファイル"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": gettext_lazy("CSVファイルを選択してください。")},
    )


def state_of(member: Member) -> str:
    if not member.is_active:
        return "stopped"
    return "active" if member.has_usable_password() else "invited"


@at_desk
def users(request: HttpRequest, member: Member) -> HttpResponse:
    rows = [{"member": one, "role": role_words(one.role), "state": state_of(one)} for one in members_of(member)]
    return show(request, member, "desk/users.html", {"heading": _("利用者"), "rows": rows}, section=SECTION)


@at_desk
def invite(request: HttpRequest, member: Member) -> HttpResponse:
    members_of(member)
    form = InviteForm(request.POST if request.method == "POST" else None, by=member)
    if request.method == "POST" and form.is_valid():
        try:
            fresh = invite_member(form.cleaned_data["mail"], form.details(), by=member, at=clock.now())
        except Refusal as refusal:
            _into(form, refusal)
        else:
            messages.success(request, _("{mail} に招待を送ります。期限は7日間です。").format(mail=fresh.mail))
            return redirect("desk:user", fresh.pk)
    context = {"heading": _("利用者を招待する"), "form": form}
    return show(request, member, "desk/user_new.html", context, section=SECTION, status=422 if form.errors else 200)


@at_desk
def user(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """One member; posting changes them, or does what ``act`` says: ``stop``, ``restart``, ``again``.

    Refuses with ``member.is_self`` or ``member.only_admin`` where the page offers no change.
    """
    found = member_for(member, pk)
    act = request.POST.get("act", "")
    if request.method == "POST" and act != "change":
        _act(request, act, found, member)
        return redirect("desk:user", pk)
    if request.method == "POST" and not may_change(member, found):
        # The page offers no form here, so nothing could be said beside one.
        raise Refusal("member.is_self" if found.pk == member.pk else "member.only_admin")
    held = details_of(found)
    initial = {**vars(held), "groups": [str(one) for one in held.groups]}
    form = DetailsForm(request.POST if request.method == "POST" else None, initial=initial, by=member)
    if request.method == "POST" and form.is_valid():
        try:
            change_member(found, form.details(), by=member, at=clock.now())
        except Refusal as refusal:
            _into(form, refusal)
        else:
            messages.success(request, _("保存しました。"))
            return redirect("desk:user", pk)
    context = {
        "heading": found.name,
        "found": found,
        "state": state_of(found),
        "role": role_words(found.role),
        "form": form if may_change(member, found) else None,
        "events": told_steps(history_of(found)),
    }
    return show(request, member, "desk/user.html", context, section=SECTION, status=422 if form.errors else 200)


def _act(request: HttpRequest, act: str, found: Member, member: Member) -> None:
    acts = {
        "stop": (stop_member, _("利用を停止しました。ログイン中の画面も使えなくなります。")),
        "restart": (restart_member, _("利用を再開しました。")),
        "again": (invite_again, _("招待を送り直します。以前のリンクは使えません。")),
    }
    if act not in acts:
        raise Refusal("member.moved")
    verb, said = acts[act]
    verb(found, by=member, at=clock.now())
    messages.success(request, said)


def _into(form: forms.Form, refusal: Refusal) -> None:
    if refusal.code not in SHOWN:
        raise refusal
    field = FIELDS.get(refusal.code)
    form.add_error(field if field in form.fields else None, sentence(refusal.code, refusal.facts))


@at_desk
def export(request: HttpRequest, member: Member) -> HttpResponse:
    return attachment("members.csv", export_members(by=member, at=clock.now()), kind="text/csv; charset=utf-8")


@at_desk
def sheet(request: HttpRequest, member: Member) -> HttpResponse:
    """Many at once: a sheet with troubles invites nobody and says which lines they are in."""
    members_of(member)
    form = SheetForm(request.POST if request.method == "POST" else None, request.FILES if request.method == "POST" else None)
    lines: list[Line] = []
    if request.method == "POST" and form.is_valid():
        try:
            lines = read_sheet(form.cleaned_data["file"].read(MAX_BYTES + 1), by=member)
            count = invite_sheet(lines, by=member, at=clock.now())
        except Refusal as refusal:
            if not refusal.code.startswith(("sheet.", "member.taken")):
                raise
            form.add_error("file", sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("{count}人に招待を送ります。").format(count=count))
            return redirect("desk:administration")
    troubles = [{"number": line.number, "mail": line.mail, "words": sentence(line.trouble)} for line in lines if line.trouble]
    context = {"heading": _("CSVで招待する"), "form": form, "troubles": troubles, "columns": ", ".join(HEADS)}
    return show(request, member, "desk/user_sheet.html", context, section=SECTION, status=422 if form.errors else 200)
