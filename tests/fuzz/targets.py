"""What must hold of each reader, whatever it is given. A target returns, or raises what it found."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import pikepdf

from crypto import pdfs
from crypto.contract import HOUSE
from crypto.test_reference import drawn
from fuzz import scene
from fuzz.edits import edited
from pages import odd_files, odd_forms, odd_layers
from pki import MOMENT
from tachiai.crypto import appearances, ber, chains, cms, der, pades, pades_verify, planning, plans, release, timestamp_requests, timestamps
from tachiai.crypto.revocation_answers import UnusableAnswer, read_crl, read_ocsp
from tachiai.errors import Outage, Refusal
from tachiai.pages import chamber, forensics
from tachiai.pages.appearances import check_appearance, text_appearance
from vectors.attacks import samples

Check = Callable[[bytes], None]


class Found(AssertionError):
    """A promise that does not hold."""


@dataclass(frozen=True)
class Target:
    check: Check
    begin: Callable[[], list[bytes]]

    def seeds(self) -> list[bytes]:
        return _made(self.begin)


@cache
def _made(begin: Callable[[], list[bytes]]) -> list[bytes]:
    return begin()


# ------------------------------------------------------------------------------------------------ small readers


def plan_reader(held: bytes) -> None:
    """Any bytes are a plan that survives its encoding, or :class:`BadPlan`."""
    try:
        plan = plans.read_plan(held)
    except plans.BadPlan:
        return
    if plans.read_plan(plan.encode()) != plan:
        raise Found("a plan that does not survive its encoding")


def appearance_reader(held: bytes) -> None:
    """Any bytes are an appearance that survives its encoding and can be placed, or :class:`BadAppearance`."""
    try:
        found = appearances.read_appearance(held)
    except appearances.BadAppearance:
        return
    if found.encode() != held:
        raise Found("an appearance that is encoded in more than one way")
    if len(appearances.placed(found, range(1, len(found.objects) + 1))) != len(found.objects):
        raise Found("an appearance that loses an object")


def cms_reader(held: bytes) -> None:
    """Any bytes are SignedData whose signer can be asked, or one of three named errors."""
    with suppress(der.DerError):
        settled = ber.definite(held)
        if ber.definite(settled) != settled:
            raise Found("a definite form that is none")
    for padded in (False, True):
        try:
            data = cms.read_signed_data(held, padded=padded)
            digest = data.signer.single(cms.MESSAGE_DIGEST).content
            cms.check_signer(data, content_digest=digest)
        except (cms.BadSignature, der.DerError, chains.BrokenChain):
            continue


def token_reader(held: bytes) -> None:
    """Tokens, replies and requests, each with its one error."""
    roots = scene.contract().authority.roots
    with suppress(timestamps.BadToken):
        timestamps.imprint_algorithm(held)
    with suppress(timestamps.BadToken):
        timestamps.read_token(held, digest=bytes(32), roots=roots)
    with suppress(Outage):
        timestamps.accept_reply(held, digest=bytes(32), nonce=1, roots=roots, at=MOMENT, accredited=False, embedded=False)
        raise Found("a reply that answers another question")
    with suppress(timestamp_requests.BadRequest):
        timestamp_requests.read_request(held)


def answer_reader(held: bytes) -> None:
    """OCSP answers and lists."""
    authority = scene.contract().authority
    issuer = authority.root.certificate
    for read in (read_ocsp, read_crl):
        with suppress(UnusableAnswer):
            read(held, certificate=authority.seal_credential.certificate, issuer=issuer, at=MOMENT)


# ------------------------------------------------------------------------------------------------------- files


# A predictor with rows of gigabytes makes qpdf ask for as much memory. In the house such an upload ends in its limited child.
_WIDE = re.compile(rb"/Co[^ ]*ns\s*\d{5}")


def file_planner(script: bytes) -> None:
    """A damaged file is refused in words, or planned. What was frozen and passes the gate is planned again as the sealer knows it."""
    base = scene.upload(stream=bool(script[:1] > b"\x7f"))
    upload = edited(base, script[1:])
    if _WIDE.search(upload):
        return
    house = scene.contract()
    try:
        plan = planning.plan(upload)
    except Refusal:
        return
    if plans.read_plan(plan.encode()) != plan:
        raise Found("a plan that does not survive its encoding")
    try:
        seal = house.authority.seal_credential
        made = pades.freeze(upload, slots=[1], credential=seal, timestamper=house.stamps, text=HOUSE, at=MOMENT, plan=plan)
    except Refusal:
        return
    frozen = upload + made.tail
    roots = house.authority.roots
    try:
        release.verify(frozen, expected=house.expected(upload), roots=roots, tsa_roots=roots, at=scene.LATER)
    except Refusal:
        return
    if made.plan != planning.plan(frozen):
        raise Found("a plan carried forward that is not the one made anew")


def release_verifier(script: bytes) -> None:
    """Whatever behind the upload is changed outside the signatures themselves is refused."""
    stream, shut = bool(script[:1] > b"\x7f"), bool(script[1:2] > b"\x7f")
    whole = scene.closed(stream=stream) if shut else scene.once(stream=stream)
    size = len(scene.upload(stream=stream))
    tail = whole[size:]
    forged = whole[:size] + edited(tail, script[2:], skip=scene.gaps(tail))
    slots = (1, 2) if shut else (1,)
    if _passes(forged, stream=stream, slots=slots, shut=shut) and forged != whole:
        raise Found("a changed file that passes the gate")


def public_examiner(script: bytes) -> None:
    """Edits anywhere in a file, put before the deep verifier as a stranger would: a report that finds something, or two refusals."""
    stream, shut = bool(script[:1] > b"\x7f"), bool(script[1:2] > b"\x7f")
    whole = scene.closed(stream=stream) if shut else scene.once(stream=stream)
    forged = edited(whole, script[2:], skip=scene.gaps(whole))
    roots = scene.contract().authority.roots
    try:
        report = pades_verify.examine(forged, roots=roots, tsa_roots=roots, at=scene.LATER)
    except Refusal as refused:
        if refused.code not in ("seal.unreadable", "seal.no_signature"):
            raise Found(f"a refusal that nobody expects: {refused.code}") from refused
        return
    if report.sound and forged != whole:
        raise Found("a changed file of which the public is told nothing")


def attack_examiner(script: bytes) -> None:
    """Edits anywhere in a kept sample: a report or two refusals, and what was an attack is sound in no form."""
    held = samples.kept()
    sample = held[int.from_bytes(script[:2], "big") % len(held)]
    forged = edited(sample.read(), script[2:])
    try:
        report = pades_verify.examine(forged, roots=samples.roots(), tsa_roots=samples.roots(), at=scene.LATER)
    except Refusal as refused:
        if refused.code not in ("seal.unreadable", "seal.no_signature"):
            raise Found(f"a refusal that nobody expects: {refused.code}") from refused
        return
    undone = hashlib.sha256(forged).hexdigest() in {one.sha256 for one in held if one.role != "attack"}
    if sample.role == "attack" and report.sound and not undone:
        raise Found(f"an attack of which the public is told nothing: {sample.file}")


def upload_inspector(script: bytes) -> None:
    """Edits of odd uploads: what a file is, or a refusal in words; never one behind which a fault of our own is hidden."""
    held = _odd_uploads()
    upload = edited(held[script[0] % len(held)] if script else held[0], script[1:])
    if _WIDE.search(upload):
        return
    head, _plan = chamber._answer(forensics.inspect_job, upload, {})
    json.dumps(head)
    facts = head.get("facts", {})
    if "where" in facts:
        raise Found(f"an upload that is called broken because of {facts}")


def gap_verifier(script: bytes) -> None:
    """Edits inside the signatures themselves."""
    stream = bool(script[:1] > b"\x7f")
    whole = scene.once(stream=stream)
    start, end = scene.gaps(whole)[-1]
    length = len(whole[start + 1 : end - 1].rstrip(b"0")) // 2 + 1
    held = edited(bytes.fromhex(whole[start + 1 : end - 1].decode())[:length], script[1:]).hex().encode()
    if len(held) > end - start - 2:
        return
    forged = whole[: start + 1] + held.ljust(end - start - 2, b"0") + whole[end - 1 :]
    if _passes(forged, stream=stream, slots=(1,), shut=False) and forged != whole:
        _same_signature(whole, forged, start, end)


def _same_signature(whole: bytes, forged: bytes, start: int, end: int) -> None:
    """Nothing covers the last gap, so its unsigned parts may differ; what was signed, by whom and when may not."""
    told = [cms.read_signed_data(bytes.fromhex(held[start + 1 : end - 1].decode()), padded=True) for held in (whole, forged)]
    one, other = told
    if (one.signer.attributes_raw, one.signer.signature) != (other.signer.attributes_raw, other.signer.signature):
        raise Found("another signature that passes the gate")
    if one.signer_certificate() != other.signer_certificate():
        raise Found("another signer that passes the gate")


def forger(script: bytes) -> None:
    """Somebody appends an update of an object between two of our revisions, itself well made or not, and we seal or close over it."""
    stream, shut = bool(script[:1] > b"\x7f"), bool(script[1:2] > b"\x7f")
    held = scene.once(stream=stream)
    objects = _objects(stream)
    number, body = objects[int.from_bytes(script[2:4], "big") % len(objects)]
    on_body, on_section = (script[4:], b"") if script[4:5] < b"\x80" else (b"", script[5:])
    try:
        changed = pdfs.appended(held, replace={number: edited(body, on_body)})
        changed = held + edited(changed[len(held) :], on_section)
        if changed == held:
            return
        forged = scene.contract().close(changed) if shut else changed + scene.sealed(changed, 2).tail
    except (Refusal, Outage):
        return
    except Exception as trouble:
        # The forger's own reader gives up; that is no concern of ours.
        if _is_ours(trouble):
            raise
        return
    if _passes(forged, stream=stream, slots=(1,) if shut else (1, 2), shut=shut):
        raise Found("a change between two revisions that passes the gate")


@cache
def _objects(stream: bool) -> list[tuple[int, bytes]]:
    with pikepdf.open(io.BytesIO(scene.once(stream=stream))) as document:
        held = [(found.objgen[0], found) for found in document.objects if found is not None and not isinstance(found, pikepdf.Stream)]
        return [(number, found.unparse(resolved=True)) for number, found in held if number]


@cache
def _odd_uploads() -> tuple[bytes, ...]:
    """One of each oddity that a reader gets through in milliseconds; the bombs are for the limited child."""
    link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("https://example.com/"))
    return (
        odd_files.plain("One", "Two"),
        odd_files.japanese("契約書"),
        odd_files.without_xref(),
        odd_files.page_tree_loop(),
        odd_files.with_action(link),
        odd_files.with_action(link, automatic=True),
        odd_files.with_attachment("terms.txt", b"1000 yen"),
        odd_files.with_xfa(),
        odd_layers.layered(odd_layers.off),
        odd_files.with_field("as agreed"),
        odd_forms.text_field("900", odd_forms.line("100")),
        odd_forms.radio("a", {"a": "Off", "b": "b"}),
        odd_files.signed(docmdp=2),
        odd_files.two_contents(),
        odd_files.sized(300, 400, rotate=90),
        pdfs.hybrid(),
        scene.frozen(stream=False),
    )


def _is_ours(trouble: Exception) -> bool:
    at = trouble.__traceback__
    while at is not None:
        if "pades" in at.tb_frame.f_code.co_filename:
            return True
        at = at.tb_next
    return False


def _passes(pdf: bytes, *, stream: bool, slots: tuple[int, ...], shut: bool) -> bool:
    roots = scene.contract().authority.roots
    wanted = scene.expected(stream=stream, slots=slots, shut=shut)
    try:
        release.verify(pdf, expected=wanted, roots=roots, tsa_roots=roots, at=scene.LATER)
    except Refusal as refused:
        return _expected_refusal(refused)
    return True


def _expected_refusal(refused: Refusal) -> bool:
    if not refused.code.startswith("seal."):
        raise Found(f"a refusal that is not the gate's: {refused.code}")
    return False


# ------------------------------------------------------------------------------------------------------- seeds


def _plan_seeds() -> list[bytes]:
    files = [made(stream=stream) for stream in (False, True) for made in (scene.upload, scene.frozen, scene.once, scene.closed)]
    return [planning.plan(pdf).encode() for pdf in files]


def _appearance_seeds() -> list[bytes]:
    return [drawn(228, 20).encode(), check_appearance(18, 18).encode(), text_appearance("𠮷野", width=90, height=20).encode()]


def _token_seeds() -> list[bytes]:
    granted = [der.sequence(der.sequence(der.integer(0)), token) for token in scene.tokens()]
    return [*scene.tokens(), *granted, timestamp_requests.request(hashlib.sha256(b"x").digest(), nonce=1, policy="1.2.3")]


def _answer_seeds() -> list[bytes]:
    authority = scene.contract().authority
    chain = authority.seal_credential.whole_chain
    return list(authority.revocation_source.gather([chain], after=MOMENT - timedelta(hours=1), at=MOMENT).ocsps)


def _scripts() -> list[bytes]:
    """One edit of each kind for each variant."""
    heads = [bytes((stream, shut)) for stream in (0, 255) for shut in (0, 255)]
    return [head + bytes((kind, 0, place, 40, 7)) + b"/V (x) " for head in heads for kind in range(6) for place in (0, 20, 90)]


_TAILS = (b"", bytes((3, 0, 0, 90, 7)))


def _sample_scripts() -> list[bytes]:
    """The first sample of each attack's class, as it is and with one edit."""
    firsts = {sample.group: number for number, sample in reversed(list(enumerate(samples.kept())))}
    return [number.to_bytes(2, "big") + tail for number in firsts.values() for tail in _TAILS]


TARGETS: dict[str, Target] = {
    "plan_reader": Target(plan_reader, _plan_seeds),
    "appearance_reader": Target(appearance_reader, _appearance_seeds),
    "cms_reader": Target(cms_reader, lambda: list(scene.signatures())),
    "token_reader": Target(token_reader, _token_seeds),
    "answer_reader": Target(answer_reader, _answer_seeds),
    "file_planner": Target(file_planner, _scripts),
    "release_verifier": Target(release_verifier, _scripts),
    "public_examiner": Target(public_examiner, _scripts),
    "attack_examiner": Target(attack_examiner, _sample_scripts),
    "upload_inspector": Target(upload_inspector, lambda: [bytes((number,)) + tail for number in range(17) for tail in _TAILS]),
    "gap_verifier": Target(gap_verifier, _scripts),
    "forger": Target(forger, _scripts),
}
