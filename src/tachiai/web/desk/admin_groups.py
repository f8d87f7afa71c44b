"""P-16 グループ・フォルダ, and セキュリティ: who works together, what is open to whom, and what logins must bring."""

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
from tachiai.accounts.models import Folder, Group, Member
from tachiai.administration.groups import LONGEST, delete_group, folders_of, groups_of, save_folder, save_group
from tachiai.administration.policies import set_policy
from tachiai.envelopes.foldering import Contents, contents_of, delete_folder
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.problems import sentence

SECTION = "administration"


class GroupForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("グループの名前"), max_length=LONGEST)
    folder = forms.ChoiceField(
        label=gettext_lazy("新しい封筒の保管フォルダ"),
        choices=(),
        required=False,
        help_text=gettext_lazy("このグループの職員が作る封筒は、はじめこのフォルダに入ります。"),
    )

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folders = [(str(one.pk), one.name) for one in folders_of(by)]
        self.fields["folder"].choices = [("", _("フォルダなし")), *folders]  # type: ignore[attr-defined]


class FolderForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("フォルダの名前"), max_length=LONGEST)
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("見られるグループ"), choices=(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].choices = [(str(one.pk), one.name) for one in groups_of(by)]  # type: ignore[attr-defined]


class PolicyForm(forms.Form):
    requires_second_factor = forms.BooleanField(
        label=gettext_lazy("二要素認証を必須にする"),
        required=False,
        help_text=gettext_lazy("設定していない利用者は、設定が済むまで画面を使えません。"),
    )
    staff_may_download = forms.BooleanField(label=gettext_lazy("担当者によるファイルのダウンロードを許可する"), required=False)
    approver_label = forms.CharField(
        label=gettext_lazy("「承認者」（署名せずに承認する方）の呼び名"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("例：決裁者。宛先と締結証明書に使います。空欄は「承認者」です。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    approver_label_en = forms.CharField(
        label=gettext_lazy("英語での呼び名"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("空欄は Approver です。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@at_desk
def groups(request: HttpRequest, member: Member) -> HttpResponse:
    folders = [{"folder": one, "groups": [opening.group.name for opening in one.openings.all()]} for one in folders_of(member)]
    context = {"heading": _("グループ・フォルダ"), "groups": list(groups_of(member)), "folders": folders}
    return show(request, member, "desk/groups.html", context, section=SECTION)


@at_desk
def group(request: HttpRequest, member: Member, pk: uuid.UUID | None = None) -> HttpResponse:
    found: Group | None = groups_of(member).filter(pk=pk).first() if pk else None
    if pk and found is None:
        raise Refusal("group.unknown")
    initial = {"name": found.name, "folder": str(found.folder_id or "")} if found else {}
    if found is not None and request.POST.get("act") == "delete":
        delete_group(found.pk, by=member, at=clock.now())
        messages.success(request, _("グループ「{name}」を削除しました。").format(name=found.name))
        return redirect("desk:groups")
    form = GroupForm(request.POST if request.method == "POST" else None, initial=initial, by=member)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["folder"]
        folder = uuid.UUID(typed) if typed else None
        try:
            save_group(form.cleaned_data["name"], folder=folder, group=pk, by=member, at=clock.now())
        except Refusal as refusal:
            _into(form, refusal)
        else:
            messages.success(request, _("保存しました。"))
            return redirect("desk:groups")
    context = {"heading": _("グループを変更する") if found else _("グループを追加する"), "form": form}
    if found is not None:
        context |= {"removal": _("このグループを削除する"), "keeps": _members_kept(found.memberships.count())}
    return show(request, member, "desk/group.html", context, section=SECTION, status=422 if form.errors else 200)


@at_desk
def folder(request: HttpRequest, member: Member, pk: uuid.UUID | None = None) -> HttpResponse:
    found: Folder | None = folders_of(member).filter(pk=pk).first() if pk else None
    if pk and found is None:
        raise Refusal("folder.unknown")
    initial = {"name": found.name, "groups": [str(one.group_id) for one in found.openings.all()]} if found else {}
    if found is not None and request.POST.get("act") == "delete":
        delete_folder(found.pk, by=member, at=clock.now())
        messages.success(request, _("フォルダ「{name}」を削除しました。").format(name=found.name))
        return redirect("desk:groups")
    form = FolderForm(request.POST if request.method == "POST" else None, initial=initial, by=member)
    if request.method == "POST" and form.is_valid():
        open_to = {uuid.UUID(one) for one in form.cleaned_data["groups"]}
        try:
            save_folder(form.cleaned_data["name"], groups=open_to, folder=pk, by=member, at=clock.now())
        except Refusal as refusal:
            _into(form, refusal)
        else:
            messages.success(request, _("保存しました。"))
            return redirect("desk:groups")
    context = {"heading": _("フォルダを変更する") if found else _("フォルダを追加する"), "form": form}
    if found is not None:
        context |= {"removal": _("このフォルダを削除する"), "keeps": _contents_kept(contents_of(found))}
    return show(request, member, "desk/group.html", context, section=SECTION, status=422 if form.errors else 200)


def _members_kept(members: int) -> str:
    return sentence("group.not_empty", {"members": members}) if members else ""


def _contents_kept(held: Contents) -> str:
    return sentence("folder.not_empty", held._asdict()) if any(held) else ""


def _into(form: forms.Form, refusal: Refusal) -> None:
    if not refusal.code.endswith((".taken", ".nameless")):
        raise refusal
    form.add_error("name", sentence(refusal.code, refusal.facts))


@at_desk
def policies(request: HttpRequest, member: Member) -> HttpResponse:
    groups_of(member)
    held = member.organization
    initial = {name: getattr(held, name) for name in PolicyForm.base_fields}
    form = PolicyForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            set_policy(**form.cleaned_data, by=member, at=clock.now())
        except Refusal as refusal:
            if refusal.code != "policy.own_factor_first":
                raise
            form.add_error("requires_second_factor", sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("保存しました。"))
            return redirect("desk:policies")
    context = {"heading": _("方針・セキュリティ"), "form": form}
    return show(request, member, "desk/policies.html", context, section=SECTION, status=422 if form.errors else 200)
