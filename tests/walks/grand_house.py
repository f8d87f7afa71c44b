"""One house in which every page has something to show, told by the verbs; told once in a run, then copied."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, time, timedelta

from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from ruler import JAPANESE

import fielded
from approvals import any_of, approver, awaiting, route, stands_in
from cast import Cast, link_for
from desk.test_backups_page import backups_told
from desk.test_members import link_of
from desk.test_own_seals import picture
from pages.odd_files import encrypted, japanese
from pages.odd_layers import layered
from registrar.test_copies import NEW, TYPED, code_for
from registrar.test_filling import confirmed, opened, power, typed
from stages import HERE, drafted, recalled, sees_everything, signs
from stories import mayor_of, offered, work
from stories import sent as sent_sample
from tachiai import clock, counterparties
from tachiai.accounts.models import Folder, Group, Member
from tachiai.administration.members import Details, invite_member
from tachiai.archive.models import Record
from tachiai.archive.samples import draw_sample
from tachiai.archive.searching import Wanted
from tachiai.counterparties import Entered
from tachiai.counterparties.models import Registration
from tachiai.envelopes.addressing import Place, Typed
from tachiai.envelopes.approving import return_envelope
from tachiai.envelopes.copy_models import CopyRequest
from tachiai.envelopes.drafting import add_document, address_envelope
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.field_models import FieldKind
from tachiai.envelopes.intake import hold_upload
from tachiai.envelopes.models import Envelope, Gate, HeldUpload, Kind, Proof
from tachiai.envelopes.placing import Spot, place_field
from tachiai.envelopes.scheduling import schedule_sending
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.signing import sign
from tachiai.envelopes.templates import save_as_template
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.outbox.mailbox import messages
from tachiai.pages.samples import samples
from ventures import HEIR, PARTNER, comes, person

# What people say of an envelope is kept in the ledger's encrypted part, and not in rows that could be read here.
SAID = (
    "金額を直してください。",
    "金額に誤りがあったため。",
    "委任状の日付をご記入ください。",
    "第3条の金額を直してください。",
    "監査用の抽出",
)
PAPER = ("本書2通を作成し、甲乙記名押印のうえ", "収入印紙を貼付する。")
WRITTEN = "places.json"


def tell() -> None:
    """Everything; where it is stands in the house's folder."""
    cast = recalled()
    # No passkey at a number: whoever looks at these pages calls the house by a name, too.
    before, settings.TACHIAI = settings.TACHIAI, replace(settings.TACHIAI, public_url="http://localhost:8000")
    cast.city.is_operator = True
    cast.city.save()
    Member.objects.filter(pk=cast.admin.pk).update(may_approve=True)
    told = {**_sent(cast), **_draft(cast), **_approvals(cast), **_people(cast), **_registrations(cast)}
    told |= {"sample": str(draw_sample(Wanted(), size=1, conditions=(), language="ja", by=cast.auditor, at=clock.now()).pk)}
    backups_told()
    work()
    # Last of all, so that nobody inspects it any more: a file of which something is left to be done.
    hold_upload(Envelope.objects.get(pk=told["draft"]), file_name="長い契約書.pdf", pdf=samples()[1].pdf, by=cast.clerk, at=clock.now())
    HeldUpload.objects.filter(state="inspecting").update(stage="drawing", done=120, total=480)
    settings.TACHIAI = before
    (settings.TACHIAI.home / WRITTEN).write_text(json.dumps(told))


def places() -> dict[str, str]:
    return dict(json.loads((settings.TACHIAI.home / WRITTEN).read_text()))


def _addressed(cast: Cast, *people: Place) -> Envelope:
    envelope = drafted(cast)
    address_envelope(envelope, list(people), by=cast.clerk, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    return envelope


def _sent(cast: Cast) -> dict[str, str]:
    """What is under way, and what has ended in each way; the links of whoever was asked."""
    open_, filled = sent_sample(cast, documents=2), fielded.sent(cast)
    partner = Place(1, PARTNER, gate=Gate.OTP, may_reassign=True)
    done = _addressed(cast, Place(1, cast.vendor), Place(1, PARTNER, gate=Gate.OTP), Place(2, cast.mayor))
    mailed = _addressed(cast, partner, Place(2, cast.mayor))
    strong = _addressed(cast, Place(1, cast.vendor, proof=Proof.PASSKEY), Place(1, cast.builder, proof=Proof.TOTP), Place(2, cast.mayor))
    reviewed = _addressed(cast, Place(1, HEIR, kind=Kind.REVIEWER, gate=Gate.NONE), Place(2, cast.vendor), Place(3, cast.mayor))
    ours = _addressed(cast, Place(1, cast.mayor), Place(2, cast.vendor))
    signing, declining, withdrawn, expired = (_addressed(cast, Place(1, cast.vendor), Place(2, cast.mayor)) for _ in range(4))
    work()
    Envelope.objects.filter(pk=expired.pk).update(deadline=clock.today(clock.now()) - timedelta(days=1))
    expire_envelopes(at=clock.now())
    withdraw_envelope(withdrawn, reason="金額に誤りがあったため。", by=cast.clerk, at=clock.now())
    sign(comes(person(done, PARTNER.mail)), HERE, at=clock.now())
    signs(person(done, cast.vendor.mail))
    work()
    sees_everything(mayor_of(done))
    signs(mayor_of(done))
    work()
    asked = {"open": open_, "filled": filled, "passkey": strong, "signing": signing, "declining": declining, "withdrawn": withdrawn}
    links = {f"/{name}": f"/s/{link_for(person(one, cast.vendor.mail).pk)}" for name, one in asked.items()}
    links |= {"/mailed": f"/s/{link_for(person(mailed, PARTNER.mail).pk)}", "/app": f"/s/{link_for(person(strong, cast.builder.mail).pk)}"}
    links |= {"/reviewed": f"/s/{link_for(person(reviewed, HEIR.mail).pk)}"}
    links |= {
        f"/done-{name}": f"/d/{link_for(person(done, mail).pk, 'download')}"
        for name, mail in (("code", cast.vendor.mail), ("mailed", PARTNER.mail))
    }
    rows = {"open": open_, "done": done, "ours": ours, "mailed": mailed, "withdrawn": withdrawn, "reviewed": reviewed, "expired": expired}
    found = {name: str(one.pk) for name, one in rows.items()}
    found |= {"asked": str(person(open_, cast.vendor.mail).pk), "reassignable": str(person(mailed, PARTNER.mail).pk)}
    return {
        **links,
        **found,
        "document": str(open_.documents.order_by("position")[0].pk),
        "number": Record.objects.get().certificate_number,
    }


def _draft(cast: Cast) -> dict[str, str]:
    """A draft with everything that an upload can come to, one with fields, one that is scheduled, and a template."""
    at, draft, planned = clock.now(), drafted(cast), drafted(cast)
    for name, pdf in (("紙の契約.pdf", japanese(*PAPER)), ("層のある契約.pdf", layered())):
        add_document(draft, file_name=name, pdf=pdf, by=cast.clerk, at=at)
    hold_upload(draft, file_name="鍵.pdf", pdf=encrypted(user="secret"), by=cast.clerk, at=at)
    upload = offered(draft, by=cast.clerk)
    typed_in = Typed("仮設興業（架空）", "仮名 花", "hana@gmail.com", "部長")
    people = [
        Place(1, cast.vendor, may_reassign=True),
        Place(1, typed_in, kind=Kind.REVIEWER, gate=Gate.NONE, language="en"),
        Place(2, cast.mayor),
    ]
    fields = drafted(cast)
    address_envelope(fields, people, by=cast.clerk, at=at)
    for top, kind in ((400, FieldKind.SEAL), (900, FieldKind.TEXT)):
        place_field(fields.documents.get(), Spot(1, kind, 1, 300, top, 600, 200, guide="備考"), by=cast.clerk, at=at)
    own = [fields.recipients.get(member=cast.mayor).pk]
    template = save_as_template(fields, name="業務委託契約（標準）", fixed=own, by=cast.second, at=at)
    schedule_sending(
        planned, send_at=datetime.combine(clock.today(at) + timedelta(days=1), time(9), clock.JAPAN), by=cast.clerk, at=at, acknowledged=()
    )
    return {
        "draft": str(draft.pk),
        "upload": str(upload.pk),
        "warned": str(draft.documents.get(name="層のある契約").pk),
        "fields": str(fields.pk),
        "shown": str(fields.recipients.get(registration=cast.vendor).pk),
        "planned": str(planned.pk),
        "template": str(template.pk),
    }


def _approvals(cast: Cast) -> dict[str, str]:
    head = approver(cast, "head", "課長 一")
    stands_in(cast, cast.second, head)
    along = route(cast, any_of(cast.second, head), any_of(head))
    envelope, approval = awaiting(cast, along)
    returned, sent_back = awaiting(cast, along)
    return_envelope(sent_back.pk, comment="金額を直してください。" * 20, by=head, at=clock.now())
    return {"waiting": str(envelope.pk), "approval": str(approval.pk), "returned": str(returned.pk), "route": str(along.pk)}


def _people(cast: Cast) -> dict[str, str]:
    at = clock.now()
    fresh = invite_member("shin@example.jp", Details(name="新田 新", role="staff"), by=cast.admin, at=at)
    fresh.refresh_from_db()
    admin = Client()
    admin.force_login(cast.admin, backend="tachiai.administration.logins.MemberBackend")
    admin.post("/me/seals", {"name": "市長印", "image": SimpleUploadedFile("seal.png", picture(), "image/png")})
    group = Group.objects.create(organization=cast.city, name="契約課", created_at=at)
    folder = Folder.objects.create(organization=cast.city, name="工事", created_at=at)
    return {"join": link_of(fresh), "group": str(group.pk), "folder": str(folder.pk), "clerk": str(cast.clerk.pk), "invited": str(fresh.pk)}


def _registrations(cast: Cast) -> dict[str, str]:
    """Registrations and requests for copies at each of their steps; one from paper that is to confirm itself."""
    door, staff = opened(cast), Client()
    begun, sent, done = (staff.post(f"{door}/form", typed(attorney=power())).headers["Location"] for _ in range(3))
    confirmed(staff, done)
    staff.post(sent)
    back = Registration.objects.get(mail="nozomi@example.jp")
    counterparties.return_registration(back, reason="委任状の日付をご記入ください。", by=cast.second, at=clock.now())
    confirmed(staff, staff.post(f"{door}/form", typed(attorney=power(), mail="other@example.jp")).headers["Location"], "other@example.jp")
    waiting = Registration.objects.get(mail="other@example.jp")
    paper = Entered(
        counterparty="合同会社みなと設計（架空）",
        title="代表社員",
        name="港 はじめ",
        mail="minato@example.jp",
        code="528017",
        language="ja",
    )
    asked = counterparties.register(paper, by=cast.clerk, at=clock.now())
    work()
    copies = [staff.post(f"{door}/copies", {**TYPED, "mail": mail}).headers["Location"] for mail in ("one@example.jp", NEW)]
    staff.post(copies[1], {"code": code_for()})
    pages = {"begun": begun, "sent": sent.replace("/check", "/code"), "receipt": done.replace("/check", "/done"), "copies": copies[0]}
    pages |= {
        "corrected": f"/r/{link_for(back.pk, 'confirm')}",
        "paper": f"/r/{link_for(asked.pk, 'confirm')}",
        "copied": f"{copies[1]}/done",
    }
    rows = {"back": back, "vendor": cast.vendor, "filed": waiting, "request": CopyRequest.objects.get(mail=NEW)}
    return {**{f"/{name}": path for name, path in pages.items()}, **{name: str(one.pk) for name, one in rows.items()}}


def people_wrote() -> list[str]:
    """Every Japanese word in the rows of the house, the longest first: what a page in English may show as it is."""
    found: set[str] = set()
    for model in apps.get_models():
        names = [
            one.attname for one in model._meta.concrete_fields if isinstance(one, models.CharField | models.TextField | models.JSONField)
        ]
        for row in model._default_manager.values_list(*names) if names else ():
            for value in row:
                found.update(_strings(value))
    found.update(letter.subject for letter in messages())  # the title of a page cannot say that it is in another language
    return sorted((one for one in (*found, *SAID) if 1 < len(one) < 500 and JAPANESE.search(one)), key=len, reverse=True)


def _strings(value: object) -> set[str]:
    if isinstance(value, str):
        return {value.strip(), *(line.strip() for line in value.splitlines())}
    if isinstance(value, dict | list):
        return {text for one in (value.values() if isinstance(value, dict) else value) for text in _strings(one)}
    return set()
