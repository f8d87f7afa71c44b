"""Drafting: what is taken in and what is refused, under which name, from whom, and only while it is a draft."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from cast import Cast
from crowds import codes_of, together
from crypto.pdfs import plain
from invariants import check_house, events
from pages.odd_files import encrypted
from stages import Scene, drafted
from tachiai import clock, counterparties
from tachiai.clock import JAPAN, end_of
from tachiai.envelopes import drafting
from tachiai.envelopes.addressing import Place
from tachiai.envelopes.candidates import own_people
from tachiai.envelopes.drafting import (
    Description,
    add_document,
    address_envelope,
    create_envelope,
    describe_envelope,
    document_in,
    file_name_of,
    name_recipients,
    remove_document,
    title_of,
)
from tachiai.envelopes.duplicating import duplicate_envelope
from tachiai.envelopes.models import Document, Envelope, Kind
from tachiai.envelopes.sending import missing_before_sending, send_envelope
from tachiai.errors import Refusal
from tachiai.vault import Blob

NOW = clock.now()
TODAY = clock.today(NOW)


def refused(code: str) -> object:
    return pytest.raises(Refusal, match="^" + code.replace(".", r"\."))


def add(envelope: Envelope, by: object, pdf: bytes | None = None, *, name: str = "契約書.pdf") -> Document:
    return add_document(envelope, file_name=name, pdf=plain() if pdf is None else pdf, by=by, at=NOW)  # type: ignore[arg-type]


def described(name: str = "封筒", *, deadline: date = TODAY + timedelta(days=30), amount: int | None = 1) -> Description:
    return Description(name, "", TODAY, "取引先", amount, deadline)


@pytest.mark.parametrize(
    ("pdf", "code"),
    [
        (b"", "file.empty"),
        (b"PK\x03\x04 not a contract at all", "file.not_pdf"),
        ("契約書".encode(), "file.not_pdf"),
        (b"%PDF-1.7\n%%EOF", "file."),
        (encrypted(user="secret"), "file.encrypted"),
        (bytes(50 * 2**20 + 1), "file.too_large"),
    ],
    ids=["empty", "zip", "text", "torn", "encrypted", "large"],
)
def test_what_cannot_be_taken_is_refused_and_leaves_nothing(cast: Cast, pdf: bytes, code: str) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    with refused(code):
        add(envelope, cast.clerk, pdf)
    assert not envelope.documents.exists()
    assert not Blob.objects.exists()
    assert events(envelope) == ["envelope.created"]


def test_an_envelope_holds_so_many_files_and_bytes(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (drafting.MAX_FILES, drafting.MAX_TOTAL_BYTES) == (100, 200 * 2**20)
    envelope, pdf = create_envelope(by=cast.clerk, at=NOW), plain()
    monkeypatch.setattr(drafting, "MAX_FILES", 2)
    add(envelope, cast.clerk)
    # Four at once find room for one more.
    results = together([lambda: add(envelope, cast.clerk)] * 4)
    assert codes_of(results) == ["envelope.too_many_files"] * 3
    monkeypatch.setattr(drafting, "MAX_FILES", 100)
    monkeypatch.setattr(drafting, "MAX_TOTAL_BYTES", 3 * len(pdf) - 1)
    with refused("envelope.too_large"):
        add(envelope, cast.clerk)
    monkeypatch.setattr(drafting, "MAX_TOTAL_BYTES", 3 * len(pdf))
    add(envelope, cast.clerk)
    assert sorted(envelope.documents.values_list("position", flat=True)) == [1, 2, 3]
    check_house()


@pytest.mark.parametrize(
    ("given", "file_name", "title"),
    [
        ("契約書.pdf", "契約書.pdf", "契約書"),
        ("契約書\r\nBcc: x@example.com.pdf", "契約書 Bcc: x@example.com.pdf", "契約書 Bcc: x@example.com"),
        ("契約\u202efdp.exe", "契約fdp.exe", "契約fdp.exe"),
        ("㈱𠮷田建設 契約書.PDF", "㈱𠮷田建設 契約書.PDF", "㈱𠮷田建設 契約書"),
        ("../../etc/passwd.pdf", "passwd.pdf", "passwd"),
        ("C:\\文書\\契約.pdf", "契約.pdf", "契約"),
        ("", "document.pdf", "document"),
        (".pdf", ".pdf", ".pdf"),
        ("\u200b\x00\x1b", "document.pdf", "document"),
        ("a/b/", "document.pdf", "document"),
    ],
)
def test_names_are_one_line_without_folders_or_turned_text(given: str, file_name: str, title: str) -> None:
    assert file_name_of(given) == file_name
    assert title_of(given) == title


def test_long_names_are_cut(cast: Cast) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    document = add(envelope, cast.clerk, name="長" * 10_000 + ".pdf")
    assert len(document.file_name) == 200
    assert len(document.name) == 150
    envelope.refresh_from_db()
    assert envelope.name == "長" * 120


def test_an_envelope_has_a_name_of_one_line(cast: Cast) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    for nothing in ("", "  \r\n\t", "\u202e\u200b"):
        with refused("envelope.nameless"):
            describe_envelope(envelope, described(nothing), by=cast.clerk, at=NOW)
    describe_envelope(envelope, described("委託\r\nBcc: x@example.com \u202e𠮷" + "長" * 200), by=cast.clerk, at=NOW)
    assert envelope.name.startswith("委託 Bcc: x@example.com 𠮷長")
    assert len(envelope.name) == 120


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, False), (1, True), (90, True), (91, False)])
def test_a_deadline_is_tomorrow_to_ninety_days(cast: Cast, days: int, fits: bool) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    description = described(deadline=TODAY + timedelta(days=days))
    if fits:
        describe_envelope(envelope, description, by=cast.clerk, at=NOW)
        assert envelope.deadline == description.deadline
        return
    with refused("deadline.out_of_range"):
        describe_envelope(envelope, description, by=cast.clerk, at=NOW)


def test_days_are_days_in_japan() -> None:
    day = date(2026, 12, 31)
    assert end_of(day) == datetime(2027, 1, 1, tzinfo=JAPAN)
    last = datetime(2026, 12, 31, 23, 59, 59, tzinfo=JAPAN)
    assert last < end_of(day)
    assert last + timedelta(seconds=1) == end_of(day)
    assert clock.today(last) == day
    assert clock.today(last + timedelta(seconds=1)) == date(2027, 1, 1)


def test_an_amount_that_is_not_stated_is_not_zero(cast: Cast) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    for amount in (None, 0, -5000, 10**13):
        describe_envelope(envelope, described(amount=amount), by=cast.clerk, at=NOW)
        envelope.refresh_from_db()
        assert envelope.amount == amount


def test_only_people_who_can_sign_are_named(cast: Cast) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)

    def name(*places: tuple[int, object]) -> None:
        name_recipients(envelope, list(places), by=cast.clerk, at=NOW)  # type: ignore[arg-type]

    with refused("recipients.incomplete"):
        name()
    with refused("member.may_not_sign"):
        name((1, cast.vendor), (2, cast.second))
    with refused("member.may_not_sign"):
        name((1, cast.vendor), (2, cast.stranger))
    for kind in (Kind.REVIEWER, Kind.COPY):  # who sees no contract would be asked for what they cannot do
        with refused("member.may_not_sign"):
            address_envelope(
                envelope, [Place(1, cast.vendor), Place(2, cast.mayor), Place(3, cast.system, kind=kind)], by=cast.clerk, at=NOW
            )
    assert {one.pk for one in own_people(cast.clerk)} >= {cast.clerk.pk, cast.auditor.pk}
    assert cast.system.pk not in {one.pk for one in own_people(cast.clerk)}
    cast.mayor.is_active = False
    with refused("member.may_not_sign"):
        name((1, cast.vendor), (2, cast.mayor))
    cast.mayor.is_active = True
    unconfirmed = counterparties.register(counterparties.Entered("架空", "", "架空", "k@example.net", "739184"), by=cast.clerk, at=NOW)
    with refused("registration.not_usable"):
        name((1, unconfirmed), (2, cast.mayor))
    counterparties.revoke(cast.builder, reason="退任", by=cast.clerk, at=NOW)
    with refused("registration.not_usable"):
        name((1, cast.builder), (2, cast.mayor))
    name((2, cast.mayor), (1, cast.vendor))
    assert list(envelope.recipients.order_by("position").values_list("slot", "order", "mail")) == [
        (1, 1, cast.vendor.mail),
        (2, 2, cast.mayor.mail),
    ]
    name((1, cast.mayor), (1, cast.vendor))
    assert envelope.recipients.count() == 2


def test_the_sender_signs_only_where_policy_says_so(cast: Cast) -> None:
    envelope = create_envelope(by=cast.admin, at=NOW)
    cast.admin.may_sign = True
    with refused("member.is_sender"):
        name_recipients(envelope, [(1, cast.vendor), (2, cast.admin)], by=cast.admin, at=NOW)
    theirs = create_envelope(by=cast.clerk, at=NOW)
    cast.clerk.may_sign = True
    with refused("member.is_sender"):  # whoever enters it
        name_recipients(theirs, [(1, cast.vendor), (2, cast.clerk)], by=cast.admin, at=NOW)
    envelope.organization.sender_may_sign = True
    name_recipients(envelope, [(1, cast.vendor), (2, cast.admin)], by=cast.admin, at=NOW)
    assert envelope.recipients.count() == 2


def test_a_strangers_registration_cannot_be_named(cast: Cast) -> None:
    theirs = create_envelope(by=cast.stranger, at=NOW)
    with refused("registration.not_usable"):
        name_recipients(theirs, [(1, cast.vendor), (2, cast.stranger_admin)], by=cast.stranger, at=NOW)


def test_what_is_missing_is_told_before_sending(cast: Cast) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    everything = ["envelope.no_documents", "envelope.not_described", "recipients.incomplete", "deadline.out_of_range"]
    assert missing_before_sending(envelope, at=NOW) == everything
    with refused("envelope.no_documents"):
        send_envelope(envelope, by=cast.clerk, at=NOW)
    add(envelope, cast.clerk)
    describe_envelope(envelope, described(), by=cast.clerk, at=NOW)
    name_recipients(envelope, [(1, cast.mayor)], by=cast.clerk, at=NOW)
    assert missing_before_sending(envelope, at=NOW) == ["recipients.incomplete"]
    name_recipients(envelope, [(1, cast.vendor), (2, cast.mayor)], by=cast.clerk, at=NOW)
    assert missing_before_sending(envelope, at=NOW) == []
    assert missing_before_sending(envelope, at=NOW + timedelta(days=30)) == ["deadline.out_of_range"]
    counterparties.revoke(cast.vendor, reason="退任", by=cast.clerk, at=NOW)
    with refused("registration.not_usable"):
        send_envelope(envelope, by=cast.clerk, at=NOW)
    assert events(envelope)[-1] == "recipients.named"


def test_a_member_who_may_no_longer_sign_is_noticed_before_sending(cast: Cast) -> None:
    envelope = drafted(cast)
    cast.mayor.may_sign = False
    cast.mayor.save()
    assert missing_before_sending(envelope, at=NOW) == ["member.may_not_sign"]


def test_a_document_is_taken_out_of_a_draft(cast: Cast) -> None:
    envelope = drafted(cast, papers=2)
    first = envelope.documents.get(position=1)
    blob = first.blob
    remove_document(first, by=cast.clerk, at=NOW)
    assert list(envelope.documents.values_list("position", flat=True)) == [2]
    assert Blob.objects.filter(pk=blob.pk).exists()
    assert events(envelope)[-1] == "document.removed"
    again = add(envelope, cast.clerk)
    assert again.position == 3
    with refused("page.unknown"):
        document_in(envelope, first.pk or "gone")
    with refused("page.unknown"):
        document_in(envelope, "no identifier")


def test_nothing_of_a_sent_envelope_can_be_changed(scene: Scene) -> None:
    cast, envelope = scene.cast, scene.envelope
    before = events(envelope)
    with refused("envelope.not_draft"):
        add(envelope, cast.clerk)
    with refused("envelope.not_draft"):
        remove_document(envelope.documents.get(), by=cast.clerk, at=NOW)
    with refused("envelope.not_draft"):
        describe_envelope(envelope, described(), by=cast.clerk, at=NOW)
    with refused("envelope.not_draft"):
        name_recipients(envelope, [(1, cast.vendor), (2, cast.mayor)], by=cast.clerk, at=NOW)
    with refused("envelope.moved"):
        send_envelope(envelope, by=cast.clerk, at=NOW)
    assert events(envelope) == before
    check_house()


def test_a_draft_is_changed_by_nobody_but_who_may_manage_it(cast: Cast) -> None:
    envelope = drafted(cast)
    before = events(envelope)
    for member in (cast.stranger, cast.stranger_admin, cast.mayor, cast.auditor, cast.system):
        with refused("envelope.not_allowed"):
            add(envelope, member)
        with refused("envelope.not_allowed"):
            remove_document(envelope.documents.get(), by=member, at=NOW)
        with refused("envelope.not_allowed"):
            describe_envelope(envelope, described(), by=member, at=NOW)
        with refused("envelope.not_allowed"):
            name_recipients(envelope, [(1, cast.vendor), (2, cast.mayor)], by=member, at=NOW)
        with refused("envelope.not_allowed"):
            send_envelope(envelope, by=member, at=NOW)
    assert events(envelope) == before
    describe_envelope(envelope, described(), by=cast.admin, at=NOW)


def test_sent_at_once_by_many_is_sent_once(cast: Cast) -> None:
    envelope = drafted(cast)
    results = together([lambda: send_envelope(envelope, by=cast.clerk, at=NOW)] * 8)
    assert codes_of(results) == ["envelope.moved"] * 7
    assert events(envelope).count("envelope.sent") == 1


def test_control_numbers_are_never_used_twice(cast: Cast) -> None:
    made = together([lambda: create_envelope(by=cast.clerk, at=NOW)] * 12)
    assert len({envelope.number for envelope in made}) == 12
    for member in (cast.auditor, cast.system):
        with refused("envelope.not_allowed"):
            create_envelope(by=member, at=NOW)


def test_duplicates_tell_of_each_other(scene: Scene) -> None:
    cast = scene.cast
    copy = duplicate_envelope(scene.envelope, by=cast.clerk, at=NOW)
    assert copy.recreated_from == scene.envelope
    assert list(scene.envelope.recreations.all()) == [copy]
    assert events(scene.envelope)[-1] == "envelope.recreated"
    assert (copy.state, copy.name, copy.amount) == ("draft", scene.envelope.name, scene.envelope.amount)
    assert copy.number != scene.envelope.number
    assert bytes(copy.documents.get().head_sha256) == bytes(scene.envelope.documents.get().revisions.get(number=0).sha256)
    assert [row.mail for row in copy.recipients.order_by("position")] == [cast.vendor.mail, cast.mayor.mail]
    counterparties.revoke(cast.vendor, reason="退任", by=cast.clerk, at=NOW)
    again = duplicate_envelope(scene.envelope, by=cast.admin, at=NOW)
    assert [row.mail for row in again.recipients.all()] == [cast.mayor.mail]
    for member in (cast.stranger, cast.stranger_admin, cast.auditor):
        with pytest.raises(Refusal, match=r"^envelope\.(unknown|not_allowed)"):
            duplicate_envelope(scene.envelope, by=member, at=NOW)
    check_house()
