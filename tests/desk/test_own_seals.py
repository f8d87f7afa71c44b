"""Our own signer fills in the same inputs at the desk, with a picture of the organization's seal (P-17)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, ImageDraw

import fielded
from cast import Cast
from stages import HERE, enters
from stories import work
from tachiai import ceremony, clock, ledger
from tachiai.accounts.models import Member
from tachiai.envelopes.field_models import FieldEntry, SealImage
from tachiai.envelopes.signing import sign

Seat = Callable[[Member], Client]


def picture() -> bytes:
    image = Image.new("RGB", (120, 120), "white")
    ImageDraw.Draw(image).ellipse((10, 10, 110, 110), outline=(200, 40, 30), width=8)
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=None)
    return out.getvalue()


def test_the_organizations_seal_is_kept_and_used_at_the_desk(people: Cast, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    admin, mayor, clerk = seat(people.admin), seat(people.mayor), seat(people.clerk)

    def given(name: str, content: bytes, **more: str) -> dict[str, object]:
        return {"name": name, "image": SimpleUploadedFile("seal.png", content, "image/png"), **more}

    for content, words in ((b"<svg/>", "PNGまたはJPEG"), (b"", "0バイト"), (picture()[:200], "壊れていて")):
        wrong = admin.post("/me/seals", given("市長印", content))
        assert wrong.status_code == 422
        assert words in wrong.content.decode()
    endless, read = b"\0" * (6 * 2**20), list[int]()  # of which no more is read than it takes to refuse it
    with monkeypatch.context() as spied:
        spied.setattr("tachiai.web.desk.seals.keep_image", lambda image, **_: read.append(len(image)))
        admin.post("/me/seals", given("大きな印", endless))
    assert admin.post("/me/seals", given("市長印", picture())).status_code == 302
    assert mayor.post("/me/seals", given("認印", picture())).status_code == 302
    assert clerk.post("/me/seals", given("偽の印", picture())).status_code == 403
    shared, own = SealImage.objects.get(member=None), SealImage.objects.get(member=people.mayor)
    shown = mayor.get(f"/me/seals/{shared.pk}.png")
    assert shown.content.startswith(b"\x89PNG")
    with Image.open(io.BytesIO(shown.content)) as opened:
        assert (opened.mode, opened.size, opened.getpixel((0, 0))[3]) == ("RGBA", (120, 120), 0)  # type: ignore[index]
    for outsider in (admin, seat(people.stranger_admin)):
        assert outsider.get(f"/me/seals/{own.pk}.png").status_code == 404
    assert mayor.post("/me/seals", {"end": str(shared.pk)}).status_code == 403

    envelope = fielded.sent(people)
    vendor = fielded.person(envelope, "counterparty")
    assert not fielded.entered(vendor, text="千葉県", date="2026/11/26", signature="緑野 太郎")
    sign(enters(vendor), HERE, at=clock.now())
    work()
    step = f"/envelopes/{envelope.pk}/sign"
    page = mayor.get(f"{step}?doc=1&page=2").content.decode()
    assert "入力項目 2件" in page
    assert 'class="field-box party-1"' in page
    # What the counterparty entered is not in the pictures of the pages, and is told beside them.
    assert re.search(r"ほかの署名者の入力内容.*所在地.*千葉県.*文字で署名「緑野 太郎」", page, re.DOTALL)
    assert mayor.get(f"{step}/confirm").headers["Location"] == f"{step}?unseen=1"
    assert "氏名：入力してください" in mayor.get(f"{step}?unseen=1").content.decode()
    (look,) = re.findall(r'fieldset class="field" id="(f-[^"]+)"', page)
    (name,) = re.findall(r'name="(f-[^"]+)" id="f-[^"]+" value="坂本 一郎"', page)
    with monkeypatch.context() as spied:
        spied.setattr("tachiai.web.filling.enter", lambda _, said, at: read.extend(len(one.image) for one in said.values()) or {})
        mayor.post(step, {f"{look}-manner": "image", f"{look}-image": SimpleUploadedFile("seal.png", endless, "image/png")})
    assert read == [5 * 2**20 + 1] * 2
    typed = {f"{look}-manner": f"kept:{shared.pk}", name: "坂本 一郎", "act": "onward"}
    assert mayor.post(step, {**typed, f"{look}-manner": "kept:00000000-0000-0000-0000-000000000000"}).status_code == 422
    assert mayor.post(step, typed).headers["Location"] == f"{step}/confirm"
    confirm = mayor.get(f"{step}/confirm").content.decode()
    assert "印影の画像" in confirm
    offer = re.findall(r'name="offer" value="([^"]+)"', confirm)[0]
    # A picture that is no longer offered stays where it was used.
    assert admin.post("/me/seals", {"end": str(shared.pk)}).status_code == 302
    assert mayor.post(f"{step}/confirm", {"offer": offer}).headers["Location"] == f"{step}/done"
    work()
    envelope.refresh_from_db()
    assert envelope.state == "concluded"
    place = fielded.person(envelope, "own")
    said = ceremony.instruction_of(ceremony.consents_of([place.pk])[0]).values
    assert sorted(text.split(":")[0] for text in said.values()) == ["image", "坂本 一郎"]
    assert FieldEntry.objects.filter(recipient=place).count() == 2
    events = [entry.event for entry in ledger.entries(f"organization:{people.city.pk}")]
    assert (events.count("seal_image.kept"), events.count("seal_image.ended")) == (2, 1)
