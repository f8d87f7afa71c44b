"""P-11: a template is made from an envelope or anew, changed by managers, used by staff, archived and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from clicking import Clicker
from django.test import Client
from test_requesting import pdf, said

from cast import Cast
from invariants import check_house, codes
from stages import cast, drafted
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.addressing import Place, Typed
from tachiai.envelopes.drafting import Description, address_envelope
from tachiai.envelopes.field_models import FieldKind
from tachiai.envelopes.models import Document, Envelope, Gate, Kind
from tachiai.envelopes.placing import Spot, fields_of, place_field
from tachiai.envelopes.template_models import Template, TemplateFile
from tachiai.envelopes.templates import archive_template, files_of, new_template, remove_file, save_as_template, templates_for
from tachiai.envelopes.templates_shape import roles_of, spots_of
from tachiai.envelopes.templates_using import still_open, use_template
from tachiai.errors import Refusal
from tachiai.ledger.models import Entry
from tachiai.vault.models import Blob, Segment

__all__ = ["cast"]
Seat = Callable[[Member], Client]


def modelled(cast: Cast) -> Envelope:
    """A draft with everything that a template keeps: two papers, three people, a field of each signer."""
    envelope = drafted(cast, papers=2)
    first, second = envelope.documents.order_by("position")
    typed = Typed("仮設興業（架空）", "仮名 花", "hana@example.com", "部長")
    places = [
        Place(1, cast.vendor, may_reassign=True),
        Place(2, typed, kind=Kind.REVIEWER, gate=Gate.OTP, documents=[second]),
        Place(3, cast.mayor, wants_copy=False),
    ]
    address_envelope(envelope, places, by=cast.clerk, at=clock.now())
    for document, slot, kind in ((first, 1, FieldKind.DATE), (second, 2, FieldKind.SIGNATURE)):
        place_field(document, Spot(slot, kind, 1, 300, 400, 600, 180, guide="控"), by=cast.clerk, at=clock.now())
    envelope.refresh_from_db()
    return envelope


def described() -> Description:
    today = clock.today(clock.now())
    return Description("秋の契約", "よろしく", today, "みどり野", None, today + timedelta(days=20))


def test_what_is_made_from_it_is_as_what_it_was_made_from(cast: Cast) -> None:
    """Files, kinds, order, gates, narrowing, fields and message; places are open but for who was said to stay."""
    envelope = modelled(cast)
    mayor = envelope.recipients.get(member=cast.mayor)
    template = save_as_template(envelope, name="業務委託", fixed=[mayor.pk], by=cast.second, at=clock.now())
    assert "hana@example.com" not in str(template.places)
    assert "緑野" not in str(template.places)
    places = still_open(template, by=cast.clerk)
    assert [(number, role.side, role.kind) for number, role in places] == [(0, "counterparty", "signer"), (1, "counterparty", "reviewer")]
    other = Typed("別の会社（架空）", "別名 太郎", "betsu@example.com")
    used = use_template(template, {0: cast.builder, 1: other}, described(), by=cast.clerk, at=clock.now())
    made = used.envelope
    assert (used.held, used.unplaced) == (0, 0)

    def look(one: Envelope) -> list[tuple[Any, ...]]:
        people = one.recipients.order_by("position")
        terms = ("order", "kind", "slot", "gate", "may_reassign", "wants_copy")
        return [(*(getattr(who, name) for name in terms), [d.position for d in who.documents.all()]) for who in people]

    assert look(made) == look(envelope)
    assert [person.name for person in made.recipients.order_by("position")] == ["𠮷田 健", "別名 太郎", "坂本 一郎"]
    spots = ("slot", "kind", "page", "left", "top", "width", "height", "guide")
    assert [[getattr(f, name) for name in spots] for f in fields_of(made)] == [
        [getattr(f, name) for name in spots] for f in fields_of(envelope)
    ]
    digests = [bytes(d.head_sha256) for one in (envelope, made) for d in one.documents.order_by("position")]
    assert digests[:2] == digests[2:]
    blobs = {d.blob_id for d in Document.objects.all()} | {file.blob_id for file in files_of(template)}
    assert len(blobs) == 6, "each has bytes of its own, so that one can be destroyed without the other"
    assert Entry.objects.filter(event="envelope.from_template").count() == 1
    with pytest.raises(Refusal, match=r"recipients\.incomplete"):
        use_template(template, {0: cast.builder}, described(), by=cast.clerk, at=clock.now())
    check_house()


def test_a_template_is_sent_in_at_most_five_clicks(cast: Cast, seat: Seat) -> None:
    """B01: from home to 「署名依頼を送信しました」."""
    template = save_as_template(drafted(cast), name="業務委託", by=cast.second, at=clock.now())
    visitor = Clicker(seat(cast.clerk), "/")
    visitor.follow("/templates")
    visitor.follow(f"/templates/{template.pk}/use")
    chosen = visitor.choose("place-0-who", f"r:{cast.vendor.pk}") | visitor.already("place-1-who")
    visitor.press("確認へ進む", {**said(counterparty="", name="秋の契約"), **chosen})
    assert Envelope.objects.get(name="秋の契約").counterparty == cast.vendor.counterparty.name
    visitor.press("署名を依頼する", {})
    assert "署名依頼を送信しました" in visitor.page
    assert visitor.clicks <= 5


def test_managers_make_change_archive_and_staff_use(cast: Cast, seat: Seat) -> None:
    manager, staff = seat(cast.second), seat(cast.clerk)
    assert "\0" not in str(templates_for(cast.second, words="型\0").query)  # PostgreSQL takes none
    assert manager.post("/templates/new", {"name": "新しい型"}).status_code == 422
    made = manager.post("/templates/new", {"name": "新しい型", "files": [pdf("一.pdf"), pdf("二.pdf")]})
    template = Template.objects.get()
    url = f"/templates/{template.pk}"
    assert made.headers["Location"] == url
    assert [(role.order, role.side) for role in roles_of(template)] == [(1, "counterparty"), (2, "own")]
    first, second = files_of(template)
    content = {
        "act": "save",
        "name": "改めた型",
        "envelope_name": "封筒の名",
        "comment": "ご確認ください",
        "deadline_days": "14",
        "place-0-who": "theirs",
        "place-0-order": "1",
        "place-0-gate": "otp",
        "place-1-who": f"m:{cast.mayor.pk}",
        "place-1-order": "2",
        "place-2-who": "theirs",
        "place-2-order": "3",
        "place-2-kind": "copy",
        "place-2-papers": str(second.position),
        "field-new-kind": "date",
        "field-new-slot": "2",
        "field-new-file": str(first.position),
        "field-new-page": "1",
        "field-new-left": "２０",
        "field-new-top": "30.5mm",
    }
    for wrong in (
        {"deadline_days": "0"},
        {"place-0-order": "x"},
        {"field-new-left": "遠く"},
        {"field-new-page": "99"},
        {"place-0-kind": "copy", "place-1-who": ""},
    ):
        assert manager.post(url, {**content, **wrong}).status_code == 422, wrong
    assert manager.post(url, content).headers["Location"] == url
    template.refresh_from_db()
    first.refresh_from_db()
    assert (template.name, template.deadline_days, len(roles_of(template))) == ("改めた型", 14, 3)
    assert [(one["kind"], one["left"], one["top"]) for one in first.fields] == [("date", 200, 305)]
    shown = manager.get(url).content.decode()
    assert 'value="30.5"' in shown
    assert manager.post(url, {"act": f"remove:{second.pk}"}).status_code == 422, "somebody is to have it alone"
    for act in ("save", "archive", "add", f"remove:{first.pk}"):
        assert staff.post(url, {**content, "act": act, "files": [pdf("三.pdf")]}).status_code == 403, act
    assert staff.get("/templates/new").status_code == 403
    assert "改めた型" in staff.get("/templates?words=改め").content.decode()
    assert "条件に一致するテンプレートがありません" in staff.get("/templates?words=どこにもない").content.decode()
    assert seat(cast.stranger_admin).get(url).status_code == 404
    assert manager.post(url, {"act": "archive"}).headers["Location"] == "/templates"
    assert "改めた型" not in staff.get("/templates").content.decode()
    assert staff.get(f"{url}/use").status_code == 409
    assert manager.post(url, {"act": "restore"}).headers["Location"] == url
    assert staff.get(f"{url}/use").status_code == 200
    assert list(Entry.objects.filter(event__startswith="template.").order_by("pk").values_list("event", flat=True)) == [
        "template.saved",
        "template.saved",
        "template.archived",
        "template.restored",
    ]
    check_house()


def test_the_bytes_of_a_removed_file_are_gone_and_fsck_knows_each_template(cast: Cast, seat: Seat) -> None:
    paper = pdf("型.pdf").read()
    template = new_template(name="型", files=[("一.pdf", paper), ("二.pdf", paper)], by=cast.second, at=clock.now())
    first, second = files_of(template)
    remove_file(template, second.pk, by=cast.second, at=clock.now())
    assert not Blob.objects.filter(pk=second.blob_id).exists()
    assert not Segment.objects.filter(blob_id=second.blob_id).exists()
    with pytest.raises(Refusal, match=r"template\.only_file"):
        remove_file(template, first.pk, by=cast.second, at=clock.now())
    check_house()
    rows, files = Template.objects.filter(pk=template.pk), TemplateFile.objects.filter(pk=first.pk)
    for change, back in (
        ({"name": "別"}, {"name": "型"}),
        ({"comment": "別"}, {"comment": ""}),
        ({"places": []}, {"places": template.places}),
        ({"updated_at": clock.now()}, {"updated_at": rows.get().updated_at}),
    ):
        rows.update(**change)
        assert codes() == {"template.unlike_entry"}, change
        rows.update(**back)
    files.update(fields=[{"slot": 9}])
    assert codes() == {"template.unlike_entry"}
    files.update(fields=[], sha256=b"0" * 32)
    assert codes() == {"template.unlike_entry", "template.file_differs"}
    files.update(sha256=bytes(first.sha256))
    assert codes() == set()
    TemplateFile.objects.all().delete()
    rows.delete()
    assert codes() == {"template.missing"}


def test_fields_are_placed_on_its_pages_as_on_a_draft_s(cast: Cast, seat: Seat) -> None:
    """By a press on the page, by numbers, once more below, and taken away; each on record, and nobody but managers."""
    made = new_template(name="業務委託", files=[("契約.pdf", pdf("契約.pdf").read())], by=cast.second, at=clock.now())
    desk, url, before = seat(cast.second), f"/templates/{made.pk}/fields", Entry.objects.filter(event="template.saved").count()
    shown = desk.get(url).content.decode()
    for words in ("data-placing", "署名者1（相手方）", f"/templates/{made.pk}/files/"):
        assert words in shown, words
    assert "目印から自動配置" not in shown
    picture = desk.get(f"/templates/{made.pk}/files/{files_of(made)[0].pk}/pages/1")
    assert (picture.status_code, picture.headers["Content-Type"].startswith("image/")) == (200, True)
    pressed = {"act": "add", "new-kind": "text", "new-slot": "1", "new-page": "1", "new-left": "30.5", "new-top": "290"}
    assert desk.post(url, pressed).headers["Location"].endswith("#field-0")
    (spot,) = spots_of(files_of(made)[0])
    assert (spot.kind, spot.slot, spot.left, spot.top + spot.height <= 2970) == (FieldKind.TEXT, 1, 305, True)
    numbers = {
        "kind-0": "date",
        "slot-0": "2",
        "page-0": "1",
        "left-0": "４０",
        "top-0": "50",
        "width-0": "40",
        "height-0": "8",
        "guide-0": "日",
    }
    saved = desk.post(url, {"act": "save", **numbers}, follow=True).content.decode()
    assert re.search(r"保存しました \d\d:\d\d", saved)
    assert spots_of(files_of(made)[0]) == [Spot(2, FieldKind.DATE, 1, 400, 500, 400, 80, required=False, guide="日")]
    for wrong in ({"left-0": "x"}, {"left-0": "200"}, {"page-0": "9"}, {"slot-0": "7"}, {"height-0": "1"}):
        refused = desk.post(url, {"act": "save", **numbers, **wrong})
        ((name, typed),) = wrong.items()
        assert (refused.status_code, f'name="{name}"' in refused.content.decode(), typed in refused.content.decode()) == (422, True, True)
    assert desk.post(url, {"act": "copy:0", **numbers}).headers["Location"].endswith("#field-1")
    assert [(one.left, one.top) for one in spots_of(files_of(made)[0])] == [(400, 500), (400, 600)]
    assert desk.post(url, {"act": "remove:0"}).status_code == 302
    assert desk.post(url, {"act": "next"}).headers["Location"] == f"/templates/{made.pk}"
    assert len(spots_of(files_of(made)[0])) == 1
    assert Entry.objects.filter(event="template.saved").count() == before + 5
    assert codes() == set()
    assert seat(cast.clerk).get(url).status_code == 403
    archive_template(made, by=cast.second, at=clock.now())
    assert desk.get(url).status_code == 302
