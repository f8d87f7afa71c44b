"""バックアップ: when the house was last copied, what became of it when it was restored for trial, and the paper about that."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.backups.models import Drill
from tachiai.backups.showing import drill_report, overview
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import attachment

TROUBLES: dict[str, str | Promise] = {
    "backup": gettext_lazy("予定どおりにバックアップが作成されていません。"),
    "drill": gettext_lazy("予定どおりに復元訓練が行われていないか、合格していません。"),
    "failed": gettext_lazy("最後の復元訓練が不合格でした。報告書で見つかった問題を確認してください。"),
    "outage": gettext_lazy("バックアップまたは復元訓練の処理が止まっています。空き容量と保存先を確認してください。"),
}


@at_desk
def backups(request: HttpRequest, member: Member) -> HttpResponse:
    found = overview(member)
    context = {
        "heading": _("バックアップ"),
        "configured": found.configured,
        "backups": [{"row": row, "seconds": round((row.ended_at - row.began_at).total_seconds())} for row in found.backups],
        "drills": [_line(row) for row in found.drills],
        "troubles": [TROUBLES[code] for code in found.troubles if code in TROUBLES],
    }
    return show(request, member, "desk/backups.html", context, section="backups")


def _line(row: Drill) -> dict[str, object]:
    minutes = (row.ended_at - row.began_at).total_seconds() / 60
    return {"row": row, "state": "passed" if row.passed else "failed", "minutes": f"{minutes:.1f}", "judged": row.figures.get("judged", 0)}


@at_desk
def report(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    name, pdf = drill_report(member, pk, at=clock.now())
    return attachment(name, pdf, kind="application/pdf")
