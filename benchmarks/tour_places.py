"""Where the tour goes, asked inside the house: ``python -m benchmarks.tour_places`` prints each page, and who looks at it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

CODELESS = "A" * 43
# What a sender looks at before sending, as the counterparty will see it.
SCREENS = ("letters", "entry", "review", "confirm")


def places() -> dict[str, Any]:
    """``pages`` as (name, who, path); ``links`` to the doors that ask for a code; ``named``: every name of the URL table."""
    from django.urls import URLPattern, URLResolver, get_resolver

    def names(resolver: Any, prefix: str = "") -> Iterator[str]:
        for one in resolver.url_patterns:
            if isinstance(one, URLResolver):
                yield from names(one, f"{prefix}{one.namespace}:" if one.namespace else prefix)
            elif isinstance(one, URLPattern) and one.name:
                yield f"{prefix}{one.name}"

    return {
        "pages": [*_public(), *_desk(), *_own(), *_deciding(), *_arranging()],
        "links": _links(),
        "named": sorted(set(names(get_resolver()))),
    }


def token(subject: Any, purpose: str) -> str:
    """The token that the invited person's mail carries."""
    from django.conf import settings

    from tachiai.ceremony.models import Invitation
    from tachiai.crypto.tokens import link_token

    invitation = Invitation.objects.get(subject=subject.pk, purpose=purpose)
    return link_token(settings.TACHIAI.secret("link"), invitation.pk, generation=invitation.generation)


def _public() -> list[tuple[str, str, str]]:
    from tachiai.archive.models import Record
    from tachiai.outbox.models import Mail

    certificate = Record.objects.order_by("concluded_at").last()
    number = getattr(certificate, "certificate_number", "") or getattr(certificate, "certificate_code", "")
    mail = Mail.objects.filter(kind="M01").last()
    found = {
        "login": "/login",
        "reset": "/password/reset",
        "reset_done": "/password/reset/done",
        "logout": "/logout",
        "verify": "/v",
        "certificate_unknown": "/v/AAAA-AAAA-AAAA-AAAA",
        "about": "/about",
        "terms": "/about/terms",
        "privacy": "/about/privacy",
        "accessibility": "/about/accessibility",
        "log": "/log/",
        "guide": "/i/sakuragaoka",
        "fill": "/i/sakuragaoka/form",
        "copies": "/i/sakuragaoka/copies",
        "mailbox": "/mailbox/",
        "letter": f"/mailbox/{mail.message_id.strip('<>').partition('@')[0]}" if mail else "",
        "not_found": "/nothing-here",
        "link_unknown": f"/s/{CODELESS}",
        "download_unknown": f"/d/{CODELESS}",
        "registration_link_unknown": f"/r/{CODELESS}",
        "join_unknown": f"/join/{CODELESS}",
    }
    if number:
        found["certificate"] = f"/v/{number}"
    return [(f"public_{name}", "public", path) for name, path in found.items() if path]


def _envelopes() -> dict[str, Any]:
    from tachiai.envelopes.models import Envelope

    rows = Envelope.objects.order_by("created_at")
    drafts = rows.filter(state="draft", described=True, recreated_from=None, send_tasks=None, sender__mail__startswith="clerk@")
    states = ("concluded", "declined", "withdrawn", "expired", "in_progress")
    found = {state: rows.filter(state=state).last() for state in states}
    return found | {
        "draft": drafts.filter(documents__fields__isnull=False).first() or drafts.first(),
        "bare": rows.filter(state="draft", described=False, sender__mail__startswith="clerk@").first(),
        "venture": rows.filter(recipients__kind="reviewer").first(),
        "filled": rows.filter(documents__fields__isnull=False).first(),
        "reassigned": rows.filter(recipients__state="forwarded").first(),
        "bounced": rows.filter(recipients__undelivered=True).first(),
        "long": rows.filter(name__startswith="令和八年度").first(),
        "ours": rows.filter(state="in_progress", recipients__side="own", recipients__state="requested").first(),
    }


def _desk() -> list[tuple[str, str, str]]:
    from tachiai.accounts.models import Folder, Group, Member
    from tachiai.counterparties.models import Registration, RegistrationState

    found: list[tuple[str, str, str]] = []

    def add(who: str, **paths: str) -> None:
        found.extend((f"{who}_{name}", who, path) for name, path in paths.items())

    told = {name: row for name, row in _envelopes().items() if row is not None}
    add("clerk", home="/", envelopes="/envelopes", list_none="/envelopes?words=nobody", new="/envelopes/new", me="/me", seals="/me/seals")
    add("clerk", mfa="/login/mfa/", password="/password/change", documents="/documents", documents_none="/documents?words=nobody")  # noqa: S106
    add("clerk", validity="/documents/validity", counterparties="/counterparties", registration_new="/counterparties/new")
    add("clerk", counterparties_none="/counterparties?q=nobody", registration_import="/counterparties/import", ledger="/ledger")
    add("clerk", forbidden="/admin/users", nobody_elses="/envelopes/00000000-0000-4000-8000-000000000000")
    for state in RegistrationState.values:
        one = Registration.objects.filter(state=state).order_by("-entered_at").first()
        if one is not None:
            add("second", **{f"registration_{state}": f"/counterparties/{one.pk}"})
    for name, row in told.items():
        add("admin", **{f"envelope_{name}": f"/envelopes/{row.pk}"})
    for name in ("draft", "bare"):
        if name in told:
            steps = {f"{name}_{step}": f"/envelopes/{told[name].pk}/{step}" for step in ("files", "recipients", "fields", "review")}
            add("clerk", **steps)
            add("clerk", **{f"{name}_placing": f"/envelopes/{told[name].pk}/fields?place=1"})
    open_ = told["in_progress"]
    asked = open_.recipients.filter(side="counterparty").order_by("position").last()
    at = f"/envelopes/{open_.pk}"
    document = open_.documents.order_by("position")[0]
    add("admin", sent=f"{at}/sent", withdraw=f"{at}/withdraw", sharing=f"{at}/sharing", document=f"{at}/documents/{document.pk}")
    person = f"{at}/recipients/{asked.pk}"
    add("admin", again=f"{person}/again", change_signer=f"{person}/change-signer", revoke=f"{person}/revoke")
    add("admin", home="/", users="/admin/users", user_new="/admin/users/new", user_sheet="/admin/users/sheet", groups="/admin/groups")
    add("admin", group_new="/admin/groups/new", folder_new="/admin/folders/new", policies="/admin/security", backups="/backups")
    add(
        "admin",
        group=f"/admin/groups/{Group.objects.order_by('name')[0].pk}",
        folder=f"/admin/folders/{Folder.objects.order_by('name')[0].pk}",
    )
    add("admin", handover="/admin/handover", reminders="/admin/reminders", form="/counterparties/form")
    add("admin", ledger="/ledger", ledger_check="/ledger/check", envelopes="/envelopes", ledger_none="/ledger?words=nobody")
    for key in ("clerk", "auditor", "school", "newcomer", "admin"):
        one = Member.objects.filter(mail__startswith=f"{key}@").first()
        if one is not None:
            add("admin", **{f"user_{key}": f"/admin/users/{one.pk}"})
    add("auditor", home="/", samples="/documents/samples", sample_new="/documents/samples/new", documents="/documents", ledger="/ledger")
    add("system", home="/", envelopes="/envelopes", users="/admin/users", ledger="/ledger")
    return found


def _deciding() -> list[tuple[str, str, str]]:
    """What approvers are asked, and what the registrar's window asks of the desk."""
    from tachiai.envelopes.approval_models import Approval
    from tachiai.envelopes.copy_models import CopyRequest

    found = [("second_approvals", "second", "/approvals"), ("clerk_approvals", "clerk", "/approvals")]
    for state in sorted(set(Approval.objects.values_list("state", flat=True))):
        one = Approval.objects.filter(state=state).order_by("asked_at").last()
        found += [(f"admin_approval_{state}", "admin", f"/approvals/{one.pk}")] if one else []
    found.append(("second_copy_requests", "second", "/counterparties/copies"))
    for state in sorted(set(CopyRequest.objects.values_list("state", flat=True))):
        one = CopyRequest.objects.filter(state=state).last()
        found += [(f"second_copy_request_{state}", "second", f"/counterparties/copies/{one.pk}")] if one else []
    return found


def _arranging() -> list[tuple[str, str, str]]:
    """Templates, routes, deputies, items; and what a draft's sender sees before sending."""
    from tachiai.accounts.route_models import ApprovalRoute
    from tachiai.envelopes.template_models import Template

    found = [("admin_templates", "admin", "/templates"), ("admin_template_new", "admin", "/templates/new")]
    fielded = [one for one in Template.objects.order_by("created_at") if any(file.fields for file in one.files.all())]
    if fielded:
        at = f"/templates/{fielded[-1].pk}"
        found += [
            ("admin_template", "admin", at),
            ("admin_template_fields", "admin", f"{at}/fields"),
            ("clerk_template_use", "clerk", f"{at}/use"),
        ]
    found += [("admin_routes", "admin", "/admin/routes"), ("admin_route_new", "admin", "/admin/routes/new")]
    route = ApprovalRoute.objects.order_by("name").last()
    found += [("admin_route", "admin", f"/admin/routes/{route.pk}")] if route else []
    found += [("admin_deputies", "admin", "/admin/deputies"), ("mayor_deputy", "mayor", "/me/deputy")]
    found.append(("admin_items", "admin", "/admin/info-fields"))
    draft = _envelopes()["draft"]
    if draft is not None:
        at, asked = f"/envelopes/{draft.pk}", draft.recipients.filter(side="counterparty").first()
        found.append(("admin_template_save", "admin", f"{at}/template"))
        found += [(f"admin_preview_{one}", "admin", f"{at}/preview/{asked.pk}/{one}") for one in SCREENS]
    open_ = _envelopes()["in_progress"]
    return [*found, ("admin_information", "admin", f"/envelopes/{open_.pk}/information")]


def _own() -> list[tuple[str, str, str]]:
    """What our own signer sees at the desk."""
    ours = _envelopes()["ours"]
    if ours is None:
        return []
    at = f"/envelopes/{ours.pk}/sign"
    return [
        ("mayor_home", "mayor", "/"),
        ("mayor_sign", "mayor", at),
        ("mayor_confirm", "mayor", f"{at}/confirm"),
        ("mayor_decline", "mayor", f"{at}/decline"),
    ]


def _links() -> dict[str, str]:
    """The doors by link: of those who can still sign, of those who cannot, and of downloads."""
    from tachiai.envelopes.models import Recipient

    rows = Recipient.objects.filter(side="counterparty", kind="signer").order_by("envelope__created_at")
    open_ = rows.filter(envelope__state="in_progress", undelivered=False, gate="registered")
    found: dict[str, Any] = {
        "sign": open_.filter(state__in=("requested", "opened"), may_reassign=False).last(),
        "reassignable": open_.filter(may_reassign=True, state__in=("requested", "opened")).last(),
        "expired": rows.filter(envelope__state="expired").last(),
        "declined": rows.filter(envelope__state="declined").last(),
        "withdrawn": rows.filter(envelope__state="withdrawn").last(),
        "forwarded": rows.filter(state="forwarded").last(),
        "done": rows.filter(state="signed", envelope__state="in_progress").last(),
        "long": rows.filter(envelope__name__startswith="令和八年度").last(),
        "english": rows.filter(language="en", state="signed").last(),
    }
    done = rows.filter(envelope__state="concluded", state="signed", gate="registered")
    links = {name: f"/s/{token(row, 'sign')}" for name, row in found.items() if row is not None}
    links["download"] = f"/d/{token(done.last(), 'download')}"
    links["download_over"] = f"/d/{token(done.first(), 'download')}"
    from tachiai.counterparties.models import Registration, RegistrationState

    back = Registration.objects.filter(state=RegistrationState.RETURNED).first()
    if back is not None:
        links["returned"] = f"/r/{token(back, 'confirm')}"
    return links


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tachiai.config.settings")
    import django

    django.setup()
    print(json.dumps(places()))
