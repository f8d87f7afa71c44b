"""The sealer and the slow reference, byte for byte: xref kinds × slots × blanks × order × keys, and every plan held against a new one."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta

import pikepdf
import pytest

from crypto import hand_made, pdfs, reference, views
from crypto.contract import HOUSE, at_once, consent, words
from crypto.test_pades import foreign
from pki import MOMENT, hierarchy, key
from tachiai.crypto import pades, planning, plans
from tachiai.crypto.appearances import Appearance
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.fields import Place, Slot, ValueField
from tachiai.crypto.keys import Credential, SigningKey
from tachiai.crypto.pades import FieldValue, SealText
from tachiai.crypto.revocation import Chain, Revocation
from tachiai.crypto.timestamps import Timestamper, Token
from tachiai.errors import Refusal

UPLOADS: dict[str, Callable[[], bytes]] = {
    "classic": lambda: pdfs.plain(pages=2),
    "stream": lambda: pdfs.plain(pages=2, stream_xref=True),
    "form": lambda: pdfs.plain(pages=2, form=True),
    "direct form": lambda: pdfs.plain(pages=2, form=True, direct_form=True),
    "stream form": lambda: pdfs.plain(pages=2, form=True, stream_xref=True),
    "hybrid": pdfs.hybrid,
    "turned": lambda: views.paged(views.TURNED[0], views.TURNED[3]),
    "cut": lambda: views.paged(views.TURNED[5], views.TURNED[2]),
}


class Remembering:
    """A timestamper and a key at once that answer the same question with the same bytes, so that two makers can be compared."""

    name, accredited, embedded = "remembering", False, True

    def __init__(self, stamps: Timestamper, signer: SigningKey) -> None:
        self._stamps, self._signer = stamps, signer
        self._tokens: dict[bytes, Token] = {}
        self._signatures: dict[bytes, bytes] = {}
        self.reserve = stamps.reserve
        self.signature_algorithm, self.algorithm_identifier = signer.signature_algorithm, signer.algorithm_identifier
        self.digest, self.longest_signature = signer.digest, signer.longest_signature

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        if digest not in self._tokens:
            self._tokens[digest] = self._stamps.timestamp(digest, at=at)
        return self._tokens[digest]

    def submit(self, digest: bytes, *, at: datetime) -> Future[Token]:
        return at_once(self.timestamp(digest, at=at))

    def sign(self, message: bytes) -> bytes:
        if message not in self._signatures:
            self._signatures[message] = self._signer.sign(message)
        return self._signatures[message]


class Recording:
    """A revocation source that keeps what it gave."""

    def __init__(self, authority: EmbeddedAuthority) -> None:
        self._source = authority.revocation_source
        self.given: Revocation | None = None
        self.chains: Sequence[Chain] = ()

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None) -> Revocation:
        self.given, self.chains = self._source.gather(chains, after=after, at=at, used=used), chains
        return self.given


def drawn(width: int, height: int) -> Appearance:
    """A frame and a font, as small as an appearance with two objects can be."""
    body = b"0 0 %d %d re S" % (width, height)
    head = b"<< /Type /XObject /Subtype /Form /BBox [0 0 %d %d] /Resources << /Font << /F " % (width, height)
    rest = b" >> >> /Length %d >>\nstream\n%b\nendstream" % (len(body), body)
    return Appearance(width, height, ((head, 1, rest), (b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",)))


def slot_of(number: int, blanks: str) -> Slot:
    """A slot: ``bare``, with blanks on two pages, or with a visible signature as well."""
    if blanks == "bare":
        return Slot(number)
    values = (
        ValueField(1, "text", Place(1, (72, 300 + 30 * number, 300, 320.5 + 30 * number)), "住所"),
        ValueField(2, "check", Place(2, (72, 300 + 30 * number, 90, 318 + 30 * number)), "Agreed"),
        ValueField(3, "date", Place(2, (172, 300 + 30 * number, 290, 318 + 30 * number)), "日付"),
    )
    place = Place(2, (300.25, 60.0 * number, 400, 60 * number + 50.125)) if blanks == "seen" else None
    return Slot(number, place, values)


VALUES = {1: FieldValue("東京都𠮷野町", drawn(228, 20)), 2: FieldValue(True, drawn(18, 18)), 3: FieldValue("2026-11-23", drawn(118, 18))}

Case = tuple[str, str, tuple[int, ...], str]
CASES: list[Case] = [
    *((kind, "bare", (1,), "rsa2048") for kind in UPLOADS),
    *((kind, "seen", (2, 1), "rsa2048") for kind in UPLOADS if kind != "hybrid"),  # that one has a single page
    *(("classic", blanks, tuple(range(5, 0, -1)), "rsa2048") for blanks in ("bare", "blanks", "seen")),
    ("stream", "seen", (3, 1, 2), "p256"),
    ("stream form", "blanks", (1, 3, 2), "p384"),
    ("form", "blanks", (1, 2, 3, 4), "rsa3072"),
    ("direct form", "seen", (1,), "rsa4096"),
]


@pytest.mark.parametrize(("kind", "blanks", "order", "signer"), CASES, ids=lambda part: str(part).replace(" ", ""))
def test_the_reference_builds_the_same_bytes(
    authority: EmbeddedAuthority, kind: str, blanks: str, order: tuple[int, ...], signer: str
) -> None:
    upload = UPLOADS[kind]()
    _compare(authority, upload, [slot_of(number, blanks) for number in sorted(order)], order, signer)


def test_beside_signatures_of_others_too(authority: EmbeddedAuthority) -> None:
    _compare(authority, foreign(pdfs.plain(form=True)), [Slot(1), Slot(2)], (2, 1), "rsa2048")


def _compare(authority: EmbeddedAuthority, upload: bytes, slots: list[Slot], order: Sequence[int], signer: str) -> None:
    credential, memory = _remembering(authority, signer)
    made = pades.freeze(upload, slots=slots, credential=credential, timestamper=memory, text=HOUSE, at=MOMENT)
    held = upload + made.tail
    slow = reference.freeze(upload, slots, credential, memory, HOUSE, MOMENT)
    assert held == slow
    _holds(made.plan, held)
    for number in order:
        filled = VALUES if slots[0].values else {}
        seen = drawn(100, 50) if slots[0].place else None
        at = MOMENT + timedelta(hours=number)
        made = pades.seal(
            held,
            slot=number,
            credential=credential,
            timestamper=memory,
            text=words(number),
            consent_digest=consent(number),
            at=at,
            values=filled,
            appearance=seen,
            plan=made.plan,
        )
        slow = reference.seal(held, number, credential, memory, words(number), consent(number), at, filled, seen)
        held += made.tail
        assert held == slow
        _holds(made.plan, held)
    if signer == "rsa2048":
        _compare_closing(authority, held, made.plan, memory)


def _compare_closing(authority: EmbeddedAuthority, held: bytes, plan: plans.Plan, memory: Remembering) -> None:
    """Closing, and closing again a year later."""
    for at in (MOMENT + timedelta(days=1), MOMENT + timedelta(days=366)):
        source = Recording(authority)
        made = pades.close(held, timestamper=memory, revocation=source, roots=authority.roots, at=at, plan=plan)
        given = source.given
        assert given is not None
        certs = [*given.certs, *(cert for chain in source.chains for cert in chain)]
        slow = reference.close(held, certs, given.ocsps, given.crls, memory, at)
        held += made.tail
        assert held == slow
        plan = made.plan
        _holds(plan, held)


def _remembering(authority: EmbeddedAuthority, signer: str) -> tuple[Credential, Remembering]:
    if signer == "rsa2048":
        credential, stamps = authority.seal_credential, authority.timestamper
    else:
        tree = hierarchy()
        credential, stamps = tree.credential("架空電子契約株式会社", key(signer, 40)), tree.timestamper()
    memory = Remembering(stamps, credential.key)
    return replace(credential, key=memory), memory


def _holds(plan: plans.Plan, held: bytes) -> None:
    """The plan that was carried forward is the one a real parser makes of the finished file, and survives its encoding."""
    assert plan == planning.plan(held)
    assert plans.read_plan(plan.encode()) == plan


# --------------------------------------------------------------------------------------- plans that do not fit


@pytest.mark.parametrize("spoil", [lambda plan: plan._replace(sha256=bytes(32)), lambda plan: plan._replace(length=1), lambda _plan: None])
def test_a_plan_of_another_file_is_made_anew(authority: EmbeddedAuthority, spoil: Callable[[plans.Plan], plans.Plan | None]) -> None:
    upload = pdfs.plain()
    credential, memory = _remembering(authority, "rsa2048")
    good = planning.plan(upload)
    text = SealText("a", "b")
    right = pades.freeze(upload, slots=[1], credential=credential, timestamper=memory, text=text, at=MOMENT, plan=good)
    other = pades.freeze(upload, slots=[1], credential=credential, timestamper=memory, text=text, at=MOMENT, plan=spoil(good))
    assert right == other


def test_a_page_the_plan_does_not_know_is_planned_and_one_that_is_not_there_is_refused(authority: EmbeddedAuthority) -> None:
    upload = pdfs.plain(pages=2)
    credential, memory = _remembering(authority, "rsa2048")
    seen = Slot(1, Place(2, (10, 10, 60, 60)))
    made = pades.freeze(upload, slots=[seen], credential=credential, timestamper=memory, text=HOUSE, at=MOMENT, plan=planning.plan(upload))
    assert made.plan.slots[1].entries[b"/Rect"] == b"[ 10 10 60 60 ]"
    for missing in (3, 0):
        with pytest.raises(Refusal, match=r"file\.page_missing"):
            pades.freeze(
                upload, slots=[Slot(1, Place(missing, (0, 0, 9, 9)))], credential=credential, timestamper=memory, text=HOUSE, at=MOMENT
            )


def test_nothing_is_drawn_where_readers_draw_fields_anew(authority: EmbeddedAuthority) -> None:
    """poppler discards what we have drawn in such a form, and a signer's words with it."""
    held = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdfs.plain(form=True, pages=2))) as document:
        document.Root.AcroForm.NeedAppearances = True
        document.save(held, static_id=True)
    upload = held.getvalue()
    assert planning.plan(upload).form.entries[b"/NeedAppearances"] == b"true"  # type: ignore[union-attr]
    _refuses_blanks(authority, upload)
    by_reference = {**hand_made.with_form(b" /AcroForm << /Fields [7 0 R] /NeedAppearances 9 0 R >>"), 9: b"true"}
    _refuses_blanks(authority, hand_made.laid(by_reference).table())


def _refuses_blanks(authority: EmbeddedAuthority, upload: bytes) -> None:
    credential, memory = _remembering(authority, "rsa2048")
    with pytest.raises(Refusal, match=r"file\.fields_redrawn"):
        pades.freeze(upload, slots=[Slot(1, Place(1, (60, 60, 90, 90)))], credential=credential, timestamper=memory, text=HOUSE, at=MOMENT)
    assert pades.freeze(upload, slots=[1], credential=credential, timestamper=memory, text=HOUSE, at=MOMENT).tail
