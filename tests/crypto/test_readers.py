"""Whatever reads bytes that somebody else may have made: only its named errors, in bounded time, and never a pass.

The targets are those of the fuzzing campaigns (``tests/fuzz``); here hypothesis drives each for a second or two. What campaigns have found
stands below as tests of their own.
"""

from __future__ import annotations

import base64
import io
import json
import re
import time
from datetime import timedelta
from decimal import Decimal

import pikepdf
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto import pdfs, uploads
from crypto.contract import HOUSE, Contract
from fuzz import scene, targets
from fuzz.edits import edited
from pki import MOMENT, _draft, _name, embedded, hierarchy, key
from tachiai.crypto import chains, cms, pades, pades_verify, planning, plans, release, timestamps
from tachiai.crypto.fields import Place, Slot, ValueField
from tachiai.crypto.revocation_answers import UnusableAnswer, read_ocsp
from tachiai.errors import Refusal

BOUND = 2.0  # CPU seconds, for what usually takes milliseconds
quickly = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
slowly = settings(quickly, max_examples=40)
scripts = st.binary(min_size=2, max_size=80)


def check(name: str, held: bytes) -> None:
    begun = time.process_time()
    targets.TARGETS[name].check(held)
    assert time.process_time() - begun < BOUND


@pytest.fixture(scope="module", autouse=True)
def _made_before() -> None:
    """What all examples begin with is made outside the time that one may take."""
    for stream in (False, True):
        scene.closed(stream=stream)


@pytest.mark.parametrize("name", sorted(targets.TARGETS.keys() - {"public_examiner"}))
def test_what_a_campaign_begins_with_holds(name: str) -> None:
    seeds = targets.TARGETS[name].seeds()
    assert seeds
    for seed in seeds:
        check(name, seed)


@quickly
@given(held=st.binary(max_size=400))
@pytest.mark.parametrize("name", ["plan_reader", "appearance_reader", "cms_reader", "token_reader", "answer_reader"])
def test_any_bytes(name: str, held: bytes) -> None:
    check(name, held)


@quickly
@given(data=st.data(), script=scripts)
@pytest.mark.parametrize("name", ["plan_reader", "appearance_reader", "cms_reader", "token_reader", "answer_reader"])
def test_edits_of_good_bytes(name: str, data: st.DataObject, script: bytes) -> None:
    check(name, edited(data.draw(st.sampled_from(targets.TARGETS[name].seeds())), script))


@quickly
@given(script=scripts)
@pytest.mark.parametrize("name", ["file_planner", "release_verifier", "gap_verifier"])
def test_edits_of_files(name: str, script: bytes) -> None:
    check(name, script)


@slowly
@given(script=scripts)
@pytest.mark.parametrize("name", ["forger", "public_examiner"])
def test_objects_rewritten_and_files_edited(name: str, script: bytes) -> None:
    check(name, script)


# ---------------------------------------------------------------------------------------------------------- plans

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@quickly
@given(held=json_values)
def test_any_json_is_no_plan(held: object) -> None:
    with pytest.raises(plans.BadPlan):
        plans.read_plan(json.dumps(held).encode())


@quickly
@given(data=st.data(), value=json_values)
def test_a_plan_with_one_value_of_another_kind(data: st.DataObject, value: object) -> None:
    """Any entry, at any depth, may hold anything: the reader gives a plan that survives its encoding, or BadPlan."""
    held = json.loads(data.draw(st.sampled_from(targets.TARGETS["plan_reader"].seeds())))
    place: object = held
    for _depth in range(data.draw(st.integers(0, 4))):
        inner = list(place.values()) if isinstance(place, dict) else place if isinstance(place, list) else []
        chosen = [one for one in inner if isinstance(one, dict | list) and one]
        if not chosen:
            break
        place = data.draw(st.sampled_from(chosen))
    if isinstance(place, dict):
        place[data.draw(st.sampled_from(sorted(place)))] = value
    elif isinstance(place, list):
        place[data.draw(st.integers(0, len(place) - 1))] = value
    check("plan_reader", json.dumps(held).encode())


@given(held=st.sampled_from([False, True]), at=st.integers(0, 3))
@settings(deadline=None, max_examples=8)
def test_every_plan_comes_back_as_it_was(held: bool, at: int) -> None:
    made = (scene.upload, scene.frozen, scene.once, scene.closed)[at]
    plan = planning.plan(made(stream=held))
    assert plans.read_plan(plan.encode()) == plan
    assert plans.read_plan(plan.encode()).encode() == plan.encode()


def test_a_plan_too_large_is_none() -> None:
    with pytest.raises(plans.BadPlan):
        plans.read_plan(b" " * (plans.LARGEST + 1))


# ------------------------------------------------------------------------------------ what campaigns have found


@pytest.mark.parametrize("script", ["WigABigH8f8AViA=", "/+sABAAUKQcvVusABAA=", "AAAvh1zWIA=="])
def test_edits_that_were_found(script: str) -> None:
    check("file_planner", base64.b64decode(script))


@pytest.mark.parametrize("odd", [b"/\xff", b"/A#ff", b"/#82l#82r", b"/#e3#81", b"/A#20B", b"/#28"])
@pytest.mark.parametrize("holder", [b"/Type /Page ", b"/Type /Catalog ", b"/Root "])
def test_a_name_that_is_no_text_is_carried_on_as_it_stands(odd: bytes, holder: bytes) -> None:
    """Names are bytes (ISO 32000-2, 7.3.5); files from Japanese systems of the nineties name things in Shift JIS."""
    upload = _with_entry(odd + b" (kept) ", before=holder)
    contract, roots = Contract(embedded()), embedded().roots
    frozen = contract.freeze(upload)
    release.verify(frozen, expected=contract.expected(upload), roots=roots, tsa_roots=roots, at=scene.LATER)
    if odd != b"/\xff":  # the deep verifier's reader wants such a byte escaped; the rehearsal says so at arrival
        contract.verify(frozen, contract.expected(upload))
    with pikepdf.open(io.BytesIO(upload)) as before, pikepdf.open(io.BytesIO(frozen)) as after:
        holders = [(d.pages[0].obj, d.Root, d.trailer) for d in (before, after)]
        for old, new in zip(*holders, strict=True):
            assert {name for name in old if name not in ("/Prev",)} <= set(new.keys())


def _with_entry(entry: bytes, *, before: bytes) -> bytes:
    """A classic file with one more entry, its table put right."""
    held = uploads.made("classic", "indirect")
    at = held.index(before)
    held = held[:at] + entry + held[at:]
    start = held.index(b"xref\n0 1")
    table = b"".join(b"%d 1\n%010d 00000 n \n" % (n, held.index(b"\n%d 0 obj" % n) + 1) for n in range(1, 11))
    rest = held[held.index(b"trailer") :]
    rest = re.sub(rb"startxref\n\d+", b"startxref\n%d" % start, rest)
    return held[:start] + b"xref\n0 1\n0000000000 65535 f \n" + table + rest


def test_a_small_number_is_written_without_an_exponent() -> None:
    """A page's unit of 0.0000001 would come back as 1E-7, which no PDF can hold."""
    upload = _with_entry(b"/UserUnit 0.0000001 ", before=b"/Type /Page /Parent")
    frozen = Contract(embedded()).freeze(upload)
    assert b"E-" not in frozen[len(upload) : len(upload) + 4000].split(b"/Contents <")[0]
    with pikepdf.open(io.BytesIO(frozen)) as document:
        assert document.pages[0].obj.UserUnit == Decimal("0.0000001")


def test_certificates_that_issue_each_other_round_and_round() -> None:
    """A dozen of one name and key have more paths among them than anybody can count; the search ends all the same."""
    name, pair = _name("Round and round"), key("rsa2048")
    since, until = MOMENT - timedelta(days=1), MOMENT + timedelta(days=1)
    drafts = [_draft(name, name, pair, since=since, until=until, authority=True) for _n in range(14)]
    ring = [draft.sign(pair, hashes.SHA256()).public_bytes(Encoding.DER) for draft in drafts]
    begun = time.process_time()
    with pytest.raises(chains.BrokenChain, match="too many certificates"):
        chains.build_chain(ring[0], pool=ring, roots=[hierarchy().root_der], at=MOMENT)
    assert time.process_time() - begun < BOUND
    assert len(chains.build_chain(ring[0], pool=ring, roots=[ring[5]], at=MOMENT)) == 2


def test_a_certificate_with_the_same_extension_twice() -> None:
    """The library has an error of its own for it, which is no ValueError."""
    authority = embedded()
    chain = authority.seal_credential.whole_chain
    (answer,) = authority.revocation_source.gather([chain], after=MOMENT - timedelta(hours=1), at=MOMENT).ocsps
    twice = answer.replace(b"\x06\x03\x55\x1d\x23", b"\x06\x03\x55\x1d\x0e")
    assert twice != answer
    with pytest.raises(UnusableAnswer):
        read_ocsp(twice, certificate=chain[0], issuer=chain[1], at=MOMENT)
    odd = authority.stamp_credential.certificate.replace(b"\x06\x03\x55\x1d\x23", b"\x06\x03\x55\x1d\x0e")
    with pytest.raises(chains.BrokenChain):
        chains.extensions(odd)
    with pytest.raises((timestamps.BadToken, chains.BrokenChain)):
        timestamps.check_purpose(odd)


def test_a_signer_named_by_a_key_that_an_odd_certificate_may_have() -> None:
    """A SignerInfo may name its certificate by key identifier; one whose extensions cannot be read is not it."""
    held = scene.signatures()[0]
    data = cms.read_signed_data(held)
    odd = data.certificates[0].replace(b"\x06\x03\x55\x1d\x23", b"\x06\x03\x55\x1d\x0e")
    signer = cms.SignerInfo(**{**vars(data.signer), "issuer_and_serial": None, "key_identifier": b"nobody's"})
    with pytest.raises(cms.BadSignature):
        cms.SignedData(data.content_type, data.content, (odd,), signer).signer_certificate()


@pytest.mark.parametrize("above", ["TachiaiHouse", "TachiaiSlot001", "TachiaiValue001-01"])
def test_a_field_above_others_takes_its_name_too(above: str) -> None:
    """``TachiaiSlot001.x`` leaves no room for ``TachiaiSlot001``: siblings have different names (ISO 32000-2, 12.7.4.2)."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdfs.plain(form=True))) as document:
        child = document.Root.AcroForm.Fields[0]
        child.T = pikepdf.String("x")
        parent = document.make_indirect(pikepdf.Dictionary(T=pikepdf.String(above), Kids=pikepdf.Array([child])))
        child.Parent = parent
        document.Root.AcroForm.Fields = pikepdf.Array([parent])
        document.save(out, static_id=True)
    contract = Contract(embedded())
    seal, stamps = contract.authority.seal_credential, contract.stamps
    slots = [Slot(1, None, (ValueField(1, "text", Place(1, (9, 9, 99, 29)), "住所"),))]
    with pytest.raises(Refusal, match=r"file\.field_name_taken"):
        pades.freeze(out.getvalue(), slots=slots, credential=seal, timestamper=stamps, text=HOUSE, at=MOMENT)


@pytest.mark.parametrize("wanted", [(1, 2), (1,)])
def test_pages_that_share_a_list_of_annotations_get_one_each(wanted: tuple[int, ...]) -> None:
    """A widget on one page must not be lost with, nor stand on, the other."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdfs.plain(pages=2, form=True))) as document:
        document.pages[0].obj.Annots = document.make_indirect(document.pages[0].obj.Annots)
        document.pages[1].obj.Annots = document.pages[0].obj.Annots
        document.save(out, static_id=True)
    upload, contract, roots = out.getvalue(), Contract(embedded()), embedded().roots
    slots = [Slot(number, Place(number, (72, 100, 172, 150))) for number in wanted]
    seal, stamps = contract.authority.seal_credential, contract.stamps
    frozen = upload + pades.freeze(upload, slots=slots, credential=seal, timestamper=stamps, text=HOUSE, at=MOMENT).tail
    for verify in (release.verify, pades_verify.verify):
        verify(frozen, expected=contract.expected(upload), roots=roots, tsa_roots=roots, at=scene.LATER)
    with pikepdf.open(io.BytesIO(frozen)) as document:
        named = [{str(note.get("/T", "")) for note in page.obj.Annots} - {"", "remarks"} for page in document.pages]
    assert named == [{"TachiaiHouse", "TachiaiSlot001"}, {"TachiaiSlot002"} if 2 in wanted else set()]


def test_a_form_that_only_some_readers_see_is_never_lost_in_silence() -> None:
    """Objects of a hybrid file that its table calls free: some readers look for them in the stream beside it, some do not.

    The sealer's parser does not, so freezing would put a new form in place of the old. Whoever would release that is told.
    """
    upload = _hidden_behind_free_rows(uploads.made("hybrid", "stream"))
    contract = Contract(embedded())
    refused: list[str] = []
    for judge in (release.verify, pades_verify.verify):
        try:
            made = pades.freeze(
                upload,
                slots=[1],
                credential=contract.authority.seal_credential,
                timestamper=contract.stamps,
                text=HOUSE,
                at=MOMENT,
            )
            roots = contract.authority.roots
            judge(upload + made.tail, expected=contract.expected(upload), roots=roots, tsa_roots=roots, at=scene.LATER)
        except Refusal as told:
            refused.append(told.code)
    assert len(refused) == 2


def _hidden_behind_free_rows(pdf: bytes) -> bytes:
    rows = b"8 2\n0000000000 65535 f \n0000000000 65535 f \n"
    at = pdf.index(b"10 1\n", pdf.index(b"\nxref\n"))
    return pdf[:at] + rows + pdf[at:]


def test_uploads_of_every_kind_are_planned() -> None:
    assert planning.plan(pdfs.hybrid()).classic
    assert planning.plan(uploads.made("hybrid", "stream")).form is not None
