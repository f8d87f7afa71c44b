"""The joint venture 市 → 構成員 → 代表構成員 → 市 through the doors, without scripts, judged by pdfsig and pyHanko."""

from __future__ import annotations

import io
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from cast import Cast, link_for
from signer.walking import device, enter, press, words
from stages import drafted
from stories import work
from tachiai import clock, vault
from tachiai.accounts.models import Member
from tachiai.envelopes.checking import check_envelope
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.outbox.models import Mail
from ventures import HEIR, PARTNER, mailed, person


@pytest.fixture
def seat() -> Any:
    def seated(member: Member) -> Client:
        client = Client()
        client.force_login(member, backend="tachiai.administration.logins.MemberBackend")
        return client

    return seated


def requested(cast: Cast, desk: Client) -> Envelope:
    """Through the wizard: the city confirms, two members sign at the same time, their representative, then the mayor."""
    envelope = drafted(cast)
    rows = {
        "counterparty": f"r:{cast.vendor.pk}",
        "counterparty_order": "2",
        "own": f"m:{cast.second.pk}",
        "own_order": "1",
        "own_kind": "reviewer",
        "more_0": f"r:{cast.builder.pk}",
        "more_0_order": "2",
        "more_1": "typed",
        "more_1_order": "3",
        "more_1_organization": PARTNER.organization,
        "more_1_name": PARTNER.name,
        "more_1_mail": PARTNER.mail,
        "more_1_may_reassign": "on",
        "more_2": f"m:{cast.mayor.pk}",
        "more_2_order": "4",
    }
    assert desk.post(f"/envelopes/{envelope.pk}/recipients", rows).headers["Location"].endswith("/fields")
    assert desk.post(f"/envelopes/{envelope.pk}/review").status_code == 302
    work()
    return envelope


def confirms(desk: Client, envelope: Envelope) -> None:
    desk.get(f"/envelopes/{envelope.pk}/sign")
    assert "確認しました" in words(desk.get(f"/envelopes/{envelope.pk}/sign/confirm"))
    assert "確認を受け付けました" in words(desk.post(f"/envelopes/{envelope.pk}/sign/confirm", follow=True))


def goes_in(recipient: Recipient) -> tuple[Client, str]:
    browser, link = device(), f"/s/{link_for(recipient.pk)}"
    if recipient.gate == "otp":
        browser.post(link)
        assert enter(browser, link + "/otp", mailed(recipient)).status_code == 302
    else:
        enter(browser, link)
    assert browser.get(link + "/review").status_code == 200
    return browser, link


def signs(recipient: Recipient) -> None:
    browser, link = goes_in(recipient)
    assert press(browser, link).headers["Location"] == link + "/done"
    work()


def judged(envelope: Envelope, folder: Path) -> list[str]:
    """Whose signatures are in the file as it is now, if both judges find every one of them intact."""
    (document,) = envelope.documents.select_related("blob")
    pdf = vault.read(document.blob)
    (folder / "judged.pdf").write_bytes(pdf)
    told = subprocess.run(["pdfsig", "-nocert", "judged.pdf"], cwd=folder, capture_output=True, text=True, check=False).stdout
    reader = PdfFileReader(io.BytesIO(pdf))
    for signature in reader.embedded_regular_signatures:
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[], allow_fetching=False))
        assert (status.intact, status.valid) == (True, True), signature.field_name
    # pdfsig looks into no document timestamp; pyHanko and our own gate did so at the closing.
    names = [one.field_name for one in reader.embedded_regular_signatures]
    assert told.count("Signature Validation: Signature is Valid.") == len(names), told
    return [name for name in names if name.startswith("TachiaiSlot")]


def test_the_representative_is_changed_after_the_first_seal(cast: Cast, seat: Any, tmp_path: Path) -> None:
    desk = seat(cast.clerk)
    envelope = requested(cast, desk)
    assert not Mail.objects.filter(kind="M01").exists()
    confirms(seat(cast.second), envelope)
    assert set(Mail.objects.filter(kind="M01").values_list("to", flat=True)) == {cast.vendor.mail, cast.builder.mail}
    signs(person(envelope, cast.vendor.mail))
    assert judged(envelope, tmp_path) == ["TachiaiSlot001"]
    old = person(envelope, PARTNER.mail)
    form = {"who": "typed", "organization": HEIR.organization, "name": HEIR.name, "mail": HEIR.mail, "reason": "異動"}
    page = f"/envelopes/{envelope.pk}/recipients/{old.pk}/change-signer"
    assert desk.get(page).status_code == 200
    assert desk.post(page, {**form, "mail": "x"}).status_code == 422
    assert desk.post(page, form).headers["Location"] == f"/envelopes/{envelope.pk}"
    signs(person(envelope, cast.builder.mail))
    signs(person(envelope, HEIR.mail))
    mayor = seat(cast.mayor)
    mayor.get(f"/envelopes/{envelope.pk}/sign")
    shown = mayor.get(f"/envelopes/{envelope.pk}/sign/confirm").content.decode()
    offer = shown.split('name="offer" value="')[1].split('"')[0]
    mayor.post(f"/envelopes/{envelope.pk}/sign/confirm", {"offer": offer})
    work()
    envelope.refresh_from_db()
    assert envelope.state == "concluded"
    assert sorted(judged(envelope, tmp_path)) == ["TachiaiSlot001", "TachiaiSlot002", "TachiaiSlot003", "TachiaiSlot004"]
    assert [one.code for one in check_envelope(envelope.pk)] == []


def test_a_member_declines_after_another_has_sealed(cast: Cast, seat: Any, tmp_path: Path) -> None:
    envelope = requested(cast, seat(cast.clerk))
    confirms(seat(cast.second), envelope)
    signs(person(envelope, cast.vendor.mail))
    browser, link = goes_in(person(envelope, cast.builder.mail))
    assert browser.post(link + "/decline", {"wish": "refusal", "reason": "条件が合いません"}).status_code == 302
    work()
    envelope.refresh_from_db()
    assert envelope.state == "declined"
    assert judged(envelope, tmp_path) == ["TachiaiSlot001"]
    told = set(Mail.objects.filter(kind="M10").values_list("to", flat=True))
    assert told == {cast.clerk.mail, cast.second.mail, cast.vendor.mail}
    assert device().get(f"/s/{link_for(person(envelope, cast.vendor.mail).pk)}").status_code == 410
    assert [one.code for one in check_envelope(envelope.pk)] == []


def test_the_wizard_warns_once_and_moves_by_buttons(cast: Cast, seat: Any) -> None:
    """B04: a mail that is none stands in the summary, the same one twice is a warning; order by buttons alone."""
    envelope, desk = drafted(cast), seat(cast.clerk)
    page = f"/envelopes/{envelope.pk}/recipients"
    typed = {"organization": "はなれ商店（架空）", "name": "離野 守", "mail": "x", "gate": "none", "order": "3"}
    rows = {
        "counterparty": "typed",
        **{f"counterparty_{part}": value for part, value in typed.items()},
        "own": f"m:{cast.mayor.pk}",
        "own_order": "2",
    }
    wrong = desk.post(page, rows).content.decode()
    assert "error-summary" in wrong
    assert "メールアドレスの形式で" in wrong
    moved = desk.post(page, {**rows, "move": "up:counterparty"}).content.decode()
    assert 'name="counterparty_order" value="2"' in moved
    rows |= {"counterparty_mail": "someone@gmail.com", "more_0": "typed", "more_0_order": "3"}
    rows |= {"more_0_organization": "はなれ商店（架空）", "more_0_name": "離野 守", "more_0_mail": "someone@gmail.com"}
    warned = desk.post(page, rows)
    text = warned.content.decode()
    assert warned.status_code == 200
    for caution in ("2回以上", "だれでも取得できる", "認証なし"):
        assert caution in text
    seen = text.split('name="seen" value="')[1].split('"')[0]
    day = clock.today(clock.now()) + timedelta(days=3)
    rows |= {"counterparty_deadline_0": str(day.year), "counterparty_deadline_1": str(day.month), "counterparty_deadline_2": str(day.day)}
    assert desk.post(page, {**rows, "seen": seen}).headers["Location"].endswith("/fields")
    named = person_named(envelope)
    assert (named.deadline, named.gate, named.order) == (day, "none", 3)
    assert desk.get(page).status_code == 200


def person_named(envelope: Envelope) -> Recipient:
    return envelope.recipients.filter(name="離野 守").order_by("position")[0]
