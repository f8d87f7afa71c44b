"""P-12: registrations: the list, and entering one from paper."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock, counterparties
from tachiai.accounts.languages import Language
from tachiai.accounts.models import Member
from tachiai.clock import today
from tachiai.counterparties.access import may_approve, may_register, may_see_registrations
from tachiai.counterparties.form_settings import may_set_form
from tachiai.counterparties.models import Method, Registration, RegistrationState
from tachiai.counterparties.recoding import may_approve_code
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


class FilterForm(forms.Form):
    """What the list is narrowed to; nothing chosen shows everything."""

    q = forms.CharField(label=gettext_lazy("取引先・署名者・メール・受付番号・案件"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=gettext_lazy("状態"),
        required=False,
        choices=[
            ("", gettext_lazy("すべて")),
            (RegistrationState.ENTERED, gettext_lazy("メール確認待ち")),
            (RegistrationState.CONFIRMED, gettext_lazy("承認待ち")),
            (RegistrationState.APPROVED, gettext_lazy("承認済み")),
            (RegistrationState.RETURNED, gettext_lazy("差戻し")),
            ("suspended", gettext_lazy("停止中")),
            (RegistrationState.REVOKED, gettext_lazy("失効")),
        ],
    )
    way = forms.ChoiceField(
        label=gettext_lazy("届出方法"),
        required=False,
        choices=[
            ("", gettext_lazy("すべて")),
            ("paper", gettext_lazy("書面（職員入力）")),
            ("online", gettext_lazy("オンライン（本人入力）")),
            ("imported", gettext_lazy("CSV取込")),
        ],
    )

    def narrowed(self, rows: QuerySet[Registration]) -> QuerySet[Registration]:
        """``rows`` as asked for; what was not understood narrows nothing."""
        given = self.cleaned_data if self.is_valid() else {}
        if given.get("state") == "suspended":
            rows = rows.filter(state=RegistrationState.APPROVED, suspended_at__isnull=False)
        elif given.get("state"):
            rows = rows.filter(state=given["state"])
        if given.get("way"):
            online = rows.exclude(method=Method.PAPER)
            ways = {"paper": rows.filter(method=Method.PAPER), "online": online.filter(entered_by=None)}
            rows = ways.get(given["way"], online.exclude(entered_by=None))
        for word in given.get("q", "").split():
            places = ("counterparty__name", "name", "mail", "number", "case_name", "case_number")
            rows = rows.filter(reduce(or_, (Q(**{f"{place}__icontains": word}) for place in places)))
        return rows


def chip_state(registration: Registration) -> str:
    """The chip's state: a suspended registration is approved in the rows, but nobody can use it."""
    if registration.state != RegistrationState.APPROVED:
        return registration.state
    if registration.suspended_at is not None:
        return "suspended"
    at = today(clock.now())
    if registration.is_valid_on(at):
        return registration.state
    return "not_yet" if registration.valid_from and at < registration.valid_from else RegistrationState.REVOKED


def _row(member: Member, one: Registration) -> dict[str, object]:
    mine = may_approve(member, one) or may_approve_code(member, one)
    return {"registration": one, "state": chip_state(one), "may_approve": mine}


@at_desk
def registrations(request: HttpRequest, member: Member) -> HttpResponse:
    if not may_see_registrations(member):
        raise Refusal("registration.not_allowed")
    form = FilterForm(request.GET)
    page = Paginator(form.narrowed(registrations_of(member.organization)), PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "filter": form,
        "filtered": any(request.GET.get(name) for name in form.fields),
        "query": query.urlencode(),
        "may_set_form": may_set_form(member),
        "heading": _("取引先・届出"),
        "page_obj": page,
        "rows": [_row(member, one) for one in page.object_list],
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
