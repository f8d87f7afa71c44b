"""V-01: one PDF is judged and told of. It is read in memory and in a limited child, and kept nowhere."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tachiai import clock
from tachiai.archive.verification import LARGEST, Judgement, judge
from tachiai.errors import Outage, Refusal
from tachiai.web.problems import sentence, status_of
from tachiai.web.verifier.carried import Carried, hand_out
from tachiai.web.verifier.limits import FILES, busy_page, spend
from tachiai.web.verifier.names import until_words
from tachiai.web.verifier.papers import questions
from tachiai.web.verifier.uploads import InMemory
from tachiai.web.verifier.versions import versions
from tachiai.web.verifier.words import headline, when, who, whole


class FileForm(forms.Form):
    """The file to judge. Its emptiness and size are judged by the verb, in better words."""

    pdf = forms.FileField(
        label=gettext_lazy("検証するPDF"),
        help_text=gettext_lazy("PDF・1件・50MBまで"),
        allow_empty_file=True,
        error_messages=dict.fromkeys(("required", "missing", "invalid"), gettext_lazy("検証するPDFを選択してください。")),
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )


class NumberForm(forms.Form):
    """A certificate's number as printed."""

    number = forms.CharField(
        label=gettext_lazy("締結証明書の番号"),
        help_text=gettext_lazy("16文字の英数字です。空白・ハイフン・小文字で入力してもかまいません。"),
        max_length=40,
        error_messages={"required": gettext_lazy("番号を入力してください。"), "max_length": gettext_lazy("番号は16文字の英数字です。")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
    )


# Nothing is changed by asking, and a reader without cookies may ask too; so there is nothing for a forged form to do.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Ask for a file or a number; judge the file that was sent."""
    if request.method == "POST":
        return _judged(request)
    number = NumberForm(request.GET) if "number" in request.GET else NumberForm()
    if number.is_bound and number.is_valid():
        return HttpResponseRedirect(reverse("verifier:certificate", args=[plain(number.cleaned_data["number"])]))
    return _ask(request, FileForm(), number, status=422 if number.is_bound else 200)


def plain(number: str) -> str:
    """Only letters and digits: what may stand in an address, whatever was typed between them."""
    return "".join(char for char in number.upper() if char.isascii() and char.isalnum()) or "-"


def _ask(request: HttpRequest, form: FileForm, number: NumberForm, *, status: int = 200) -> HttpResponse:
    wrong = [{"href": "#id_number", "text": error} for error in number.errors.get("number", [])]
    context = {"heading": _("署名検証"), "form": form, "number_form": number, "page_errors": wrong}
    return render(request, "verifier/ask.html", context, status=status)


def _judged(request: HttpRequest) -> HttpResponse:
    if not spend(request, "files", limit=FILES):
        return busy_page(request)
    request.upload_handlers = [InMemory(request)]
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _ask(request, form, NumberForm(), status=422)
    taken: SimpleUploadedFile = form.cleaned_data["pdf"]
    at = clock.now()
    try:
        judgement = _judge(taken, at=at)
    except Refusal as refusal:
        form.add_error("pdf", sentence(refusal.code, refusal.facts))
        return _ask(request, form, NumberForm(), status=status_of(refusal.code))
    except Outage:
        form.add_error("pdf", _("ただいま混み合っています。しばらくしてから、もう一度お試しください。"))
        return _ask(request, form, NumberForm(), status=503)
    return _told(request, judgement, name=taken.name or "", at=at)


def _judge(taken: SimpleUploadedFile, *, at: datetime) -> Judgement:
    if (taken.size or 0) > LARGEST:
        raise Refusal("file.too_large", limit_mb=LARGEST // (1024 * 1024))
    return judge(taken.read(), at=at)


def _told(request: HttpRequest, judgement: Judgement, *, name: str, at: datetime) -> HttpResponse:
    until = until_words(judgement.report, judgement.rows) if judgement.report else ""
    context = {
        "heading": _("検証結果"),
        "judgement": judgement,
        "headline": headline(judgement),
        "cards": _cards(judgement) if judgement.rows else [],
        "versions": versions(judgement),
        "until": until,
        "file_name": name,
        "sha256": judgement.sha256.hex(),
        "judged_at": at,
        "address": settings.TACHIAI.public_url + reverse("verifier:verify"),
        "carried": hand_out(Carried(judgement, name, at)),
    }
    return render(request, "verifier/result.html", context)


def _cards(judgement: Judgement) -> list[dict[str, object]]:
    answers = (who(judgement), whole(judgement), when(judgement))
    return [{"asks": asks, "term": term, "card": card} for (asks, term), card in zip(questions(), answers, strict=True)]
