"""P-17: pictures of seals (印影) for signatures of ours: a member's own, and the organization's."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.seal_images import end_image, image_for, images_of, keep_image, may_keep, picture
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.filling import READ_AT_MOST
from tachiai.web.problems import sentence


class SealImageForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("印影の名前"),
        max_length=60,
        help_text=gettext_lazy("署名するときの選択肢に表示します（例：市長印）。"),
        error_messages={"required": gettext_lazy("印影画像の名前を入力してください。")},
    )
    image = forms.FileField(
        label=gettext_lazy("画像ファイル"),
        help_text=gettext_lazy("PNGまたはJPEG、5MBまで。背景が白い画像は、白い部分を透明にします。"),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        error_messages={
            "required": gettext_lazy("印影か署名の画像（PNGまたはJPEG）を選択してください。"),
            "empty": gettext_lazy("画像の中身が空（0バイト）です。元の画像を確認してください。"),
        },
    )
    shared = forms.BooleanField(label=gettext_lazy("組織の印影として、署名する職員全員が使えるようにする"), required=False)


@at_desk
def seals(request: HttpRequest, member: Member) -> HttpResponse:
    """What one may be seen with, and adding to it."""
    own, shared = may_keep(member, shared=False), may_keep(member, shared=True)
    if request.method == "POST" and request.POST.get("end"):
        end_image(image_for(member, request.POST["end"]), by=member, at=clock.now())
        messages.success(request, _("印影画像を削除しました。すでに付与した署名は変わりません。"))
        return redirect("desk:seals")
    form = SealImageForm(request.POST, request.FILES) if request.method == "POST" else SealImageForm()
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            keep_image(said["image"].read(READ_AT_MOST), name=said["name"], shared=said["shared"] or not own, by=member, at=clock.now())
        except Refusal as refusal:
            if refusal.code == "image.not_allowed":
                raise
            form.add_error("name" if refusal.code == "image.nameless" else "image", sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("印影画像を登録しました。"))
            return redirect("desk:seals")
    if not (own and shared):
        del form.fields["shared"]
    images = [{"image": one, "ends": may_keep(member, shared=one.member_id is None)} for one in images_of(member)]
    context = {"heading": _("印影画像"), "form": form, "images": images, "may_add": own or shared}
    return show(request, member, "desk/seals.html", context, section="", status=422 if form.errors else 200)


@at_desk
def seal(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """One picture, as it will be seen: a PNG of our own making, whatever was given."""
    response = HttpResponse(picture(image_for(member, pk)), content_type="image/png")
    response.headers["Cache-Control"] = "private, no-store"
    return response
