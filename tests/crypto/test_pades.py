"""What is made: only tails, of the right shape, and judged by programs that share no code with the maker."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from crypto import pdfs
from crypto.contract import HOUSE, Contract, at_once, consent, words
from pki import MOMENT, hierarchy, key
from tachiai.crypto import cms, pades, timestamps
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.pades import SealText
from tachiai.crypto.pades_verify import Expected, examine, verify
from tachiai.crypto.timestamps import Token
from tachiai.errors import Refusal

KINDS: dict[str, Callable[[], bytes]] = {
    "classic": lambda: pdfs.plain(pages=2),
    "stream": lambda: pdfs.plain(pages=2, stream_xref=True),
    "form": lambda: pdfs.plain(form=True),
    "direct form": lambda: pdfs.plain(form=True, direct_form=True),
    "stream form": lambda: pdfs.plain(form=True, stream_xref=True),
    "hybrid": pdfs.hybrid,
}


@dataclass(frozen=True)
class Value:
    """A signature dictionary, read with another program than the one that wrote it."""

    ranges: tuple[int, int, int, int]
    contents: bytes
    entries: dict[str, object]


def _value(held: pikepdf.Object) -> Value:
    start, before, after, rest = (int(part) for part in held.ByteRange)  # type: ignore[union-attr]
    wanted = ((k, held[k]) for k in ("/SubFilter", "/Cert", "/XXTachiaiConsent") if k in held)
    entries = {k: bytes(e) if isinstance(e, pikepdf.String) else str(e) for k, e in wanted}
    return Value((start, before, after, rest), bytes(held.Contents), entries)


def signature_values(pdf: bytes) -> list[Value]:
    """The signature dictionaries in the order of their coverage."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        found = [f.V for f in document.Root.AcroForm.Fields if f.get("/FT") == pikepdf.Name.Sig and "/V" in f]
        values = [_value(held) for held in found]
    return sorted(values, key=lambda value: value.ranges[2] + value.ranges[3])


# -------------------------------------------------------------------------------------------- outside judges


@pytest.mark.parametrize("slots", [(1,), (1, 2), (1, 2, 3)], ids=["1 slot", "2 slots", "3 slots"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_level_stands_before_pdfsig_qpdf_and_the_gate(
    contract: Contract, program: Callable[..., object], tmp_path: Path, kind: str, slots: tuple[int, ...]
) -> None:
    upload = KINDS[kind]()
    held = contract.freeze(upload, slots)
    contract.verify(held, contract.expected(upload))
    judge(program, tmp_path, held, signatures=1, whole=1)
    for number, slot in enumerate(slots, start=1):
        held = contract.seal(held, slot)
        contract.verify(held, contract.expected(upload, slots[:number]))
    judge(program, tmp_path, held, signatures=1 + len(slots), whole=1)
    closed = contract.close(held)
    report = contract.verify(closed, contract.expected(upload, slots, closed=True))
    assert [row.level for row in report.rows] == ["B-LTA"] * (1 + len(slots)) + ["none"]
    assert [row.kind for row in report.rows] == ["certification", *["signature"] * len(slots), "timestamp"]
    judge(program, tmp_path, closed, signatures=1 + len(slots), whole=1)
    assert closed.startswith(held)
    assert held.startswith(upload)


def judge(program: Callable[..., object], folder: Path, pdf: bytes, *, signatures: int, whole: int) -> None:
    (folder / "judged.pdf").write_bytes(pdf)
    told = program("pdfsig", "-nocert", "judged.pdf").stdout  # type: ignore[attr-defined]
    assert told.count("Signature is Valid") == signatures
    assert len(re.findall(r"^  - Total document signed", told, re.MULTILINE)) == whole
    assert "- Signature Field Name: TachiaiHouse" in told
    checked = program("qpdf", "--check", "judged.pdf")
    assert checked.returncode == 0, checked.stderr  # type: ignore[attr-defined]
    assert "WARNING" not in checked.stderr  # type: ignore[attr-defined]


def test_openssl_verifies_signature_and_token_taken_out_of_the_file(
    contract: Contract, program: Callable[..., object], tmp_path: Path
) -> None:
    held = contract.whole(pdfs.plain(), (1, 2))
    root = x509.load_der_x509_certificate(contract.authority.roots[0])
    (tmp_path / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    moment = str(int((MOMENT + timedelta(days=1)).timestamp()))
    trust = ("-CAfile", "root.pem", "-attime", moment)
    *signatures, stamp = signature_values(held)
    assert len(signatures) == 3
    for value in signatures:
        start, before, after, rest = value.ranges
        covered = held[start : start + before] + held[after : after + rest]
        data = cms.read_signed_data(value.contents, padded=True)
        (tmp_path / "covered").write_bytes(covered)
        (tmp_path / "signature").write_bytes(value.contents.rstrip(b"\x00"))
        told = program(
            "openssl", "cms", "-verify", "-inform", "DER", "-in", "signature", "-content", "covered", "-binary", "-purpose", "any", *trust,
            "-out", "/dev/null",
        )  # fmt: skip
        assert "CMS Verification successful" in told.stderr  # type: ignore[attr-defined]
        (tmp_path / "token").write_bytes(data.signer.unsigned[cms.SIGNATURE_TIME_STAMP][0].raw)
        imprint = hashlib.sha256(data.signer.signature).hexdigest()
        told = program("openssl", "ts", "-verify", "-in", "token", "-token_in", "-digest", imprint, *trust)
        assert "Verification: OK" in told.stdout  # type: ignore[attr-defined]
    start, before, after, rest = stamp.ranges
    (tmp_path / "token").write_bytes(stamp.contents.rstrip(b"\x00"))
    whole = hashlib.sha256(held[:before] + held[after:]).hexdigest()
    told = program("openssl", "ts", "-verify", "-in", "token", "-token_in", "-digest", whole, *trust)
    assert "Verification: OK" in told.stdout  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["rsa3072", "p256", "p384"])
def test_other_keys_and_longer_chains(program: Callable[..., object], tmp_path: Path, kind: str) -> None:
    tree = hierarchy()
    seal = tree.credential("架空電子契約株式会社", key(kind, 40))
    stamper = tree.timestamper(private=key("p384", 41))
    upload = pdfs.plain()
    made = pades.freeze(upload, slots=[1], credential=seal, timestamper=stamper, text=HOUSE, at=MOMENT)
    held = upload + made.tail
    made = pades.seal(
        held, slot=1, credential=seal, timestamper=stamper, text=words(1), consent_digest=consent(1), at=MOMENT + timedelta(hours=1)
    )
    held += made.tail
    judge(program, tmp_path, held, signatures=2, whole=1)
    expected = Expected(True, {1: consent(1)}, False, len(upload), hashlib.sha256(upload).digest())
    verify(held, expected=expected, roots=[tree.root_der], tsa_roots=[tree.root_der], at=MOMENT + timedelta(days=1))


# --------------------------------------------------------------------------------------- what is in a revision


def test_the_words_digest_and_time_are_what_a_reader_shows(contract: Contract) -> None:
    upload = pdfs.plain()
    made = pades.freeze(
        upload,
        slots=[1],
        credential=contract.authority.seal_credential,
        timestamper=contract.stamps,
        text=SealText(name="株式会社𠮷野（見本）", reason="理由 \\ ( ) <>", contact="窓口", location="東京都"),
        at=MOMENT,
    )
    assert made.digest == hashlib.sha256(upload + made.tail).digest()
    (token,) = made.tokens
    assert token.gen_time == MOMENT
    (row,) = contract.verify(upload + made.tail, contract.expected(upload)).rows
    assert (row.name, row.reason, row.contact, row.location) == ("株式会社𠮷野（見本）", "理由 \\ ( ) <>", "窓口", "東京都")
    assert (row.signed_at, row.gen_time, row.consent) == (MOMENT, MOMENT, None)
    (value,) = signature_values(upload + made.tail)
    assert value.entries["/SubFilter"] == "/ETSI.CAdES.detached"
    assert "/Cert" not in value.entries


def test_a_seal_adds_only_its_field_and_its_value(contract: Contract) -> None:
    frozen = contract.freeze(pdfs.plain(form=True), (1, 2))
    sealed = contract.seal(frozen, 1)
    assert len(re.findall(rb"^\d+ 0 obj$", sealed[len(frozen) :], re.MULTILINE)) == 2
    (house, signature) = signature_values(sealed)
    assert signature.entries["/XXTachiaiConsent"] == consent(1)
    assert "/XXTachiaiConsent" not in house.entries


def test_signed_attributes_are_those_of_a_baseline_signature(contract: Contract) -> None:
    """EN 319 142-1, 6.3, table 1: no signing-time, signing-certificate-v2, content-type id-data, one signer."""
    (value,) = signature_values(contract.freeze(pdfs.plain()))
    data = cms.read_signed_data(value.contents, padded=True)
    assert set(data.signer.attributes) == {cms.CONTENT_TYPE, cms.MESSAGE_DIGEST, cms.SIGNING_CERTIFICATE_V2}
    assert set(data.signer.unsigned) == {cms.SIGNATURE_TIME_STAMP}
    assert (data.content_type, data.content) == (cms.DATA, None)
    assert contract.authority.seal_credential.certificate in data.certificates


def test_the_same_call_gives_the_same_bytes_but_for_the_token(contract: Contract) -> None:
    first, second = (contract.freeze(pdfs.plain()) for _ in range(2))
    gap = re.compile(rb"/Contents <[0-9a-f]+>")
    assert gap.sub(b"", first) == gap.sub(b"", second)


def test_no_more_room_is_kept_free_than_needed(contract: Contract) -> None:
    for value in signature_values(contract.whole(pdfs.plain())):
        contents = value.contents
        assert len(contents) - len(contents.rstrip(b"\x00")) < 300


class Growing:
    """A timestamper whose token does not fit into what it announced."""

    name, accredited, embedded, reserve = "growing", False, True, 10

    def __init__(self, authority: EmbeddedAuthority) -> None:
        self._real = authority.timestamper
        self.asked = 0

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        self.asked += 1
        return self._real.timestamp(digest, at=at)

    def submit(self, digest: bytes, *, at: datetime) -> Future[Token]:
        return at_once(self.timestamp(digest, at=at))


def test_a_token_larger_than_announced_is_made_room_for_once(authority: EmbeddedAuthority) -> None:
    growing = Growing(authority)
    contract = Contract(authority, growing)
    upload = pdfs.plain()
    contract.verify(contract.freeze(upload), contract.expected(upload))
    assert growing.asked == 2


def test_an_outage_of_the_authority_leaves_nothing_behind(contract: Contract) -> None:
    from tachiai.crypto.timestampers import HttpTimestamper
    from tachiai.errors import Outage

    gone = HttpTimestamper("http://127.0.0.1:9/", roots=contract.authority.roots, accredited=True, timeout=0.2)
    with pytest.raises(Outage, match=r"tsa\.unreachable"):
        Contract(contract.authority, gone).freeze(pdfs.plain())


# ---------------------------------------------------------------------------------------- the house's own papers


@pytest.mark.parametrize("stream", [False, True])
def test_the_houses_own_papers_are_certified_and_closed_in_one_go(
    contract: Contract, program: Callable[..., object], tmp_path: Path, stream: bool
) -> None:
    authority, paper = contract.authority, pdfs.plain(stream_xref=stream)
    made = pades.attest(
        paper,
        credential=authority.seal_credential,
        timestamper=authority.timestamper,
        revocation=authority.revocation_source,
        text=HOUSE,
        at=MOMENT,
    )
    held = paper + made.tail
    assert (made.fresh, len(made.tokens)) == (True, 2)
    assert made.digest == hashlib.sha256(held).digest()
    expected = Expected(True, {}, True, len(paper), hashlib.sha256(paper).digest(), permission=1)
    report = contract.verify(held, expected)
    assert [(row.kind, row.level) for row in report.rows] == [("certification", "B-LTA"), ("timestamp", "none")]
    judge(program, tmp_path, held, signatures=1, whole=1)
    with pytest.raises(Refusal, match=r"file\.locked_by_signature"):
        contract.freeze(held)


# ------------------------------------------------------------------------------------ uploads of a special kind


def foreign(pdf: bytes, *, certify: int | None = None, lock: str | None = None, names: tuple[str, ...] = ()) -> bytes:
    """``pdf`` signed by somebody else, with another program."""
    from asn1crypto import keys as asn1_keys
    from asn1crypto import x509 as asn1_x509
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    tree = hierarchy(4)
    leaf = tree.leaf("Somebody else", key("rsa2048", 50)).public_bytes(Encoding.DER)
    private = key("rsa2048", 50).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(leaf),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore.from_certs([asn1_x509.Certificate.load(tree.middle_der)]),
    )
    spec = None if lock is None else fields.FieldMDPSpec(fields.FieldMDPAction(f"/{lock}"), list(names))
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    fields.append_signature_field(writer, fields.SigFieldSpec("Foreign", field_mdp_spec=spec))
    meta = signers.PdfSignatureMetadata(
        field_name="Foreign",
        certify=certify is not None,
        docmdp_permissions=fields.MDPPerm(certify or 2),
    )
    out = signers.PdfSigner(meta, signer).sign_pdf(writer)
    return bytes(out.getvalue())


def test_a_file_signed_by_others_keeps_their_signature_and_gets_approvals_only(
    contract: Contract, program: Callable[..., object], tmp_path: Path
) -> None:
    upload = foreign(pdfs.plain(form=True))
    held = contract.freeze(upload, (1, 2))
    contract.verify(held, contract.expected(upload, certification=False))
    held = contract.close(contract.seal(contract.seal(held, 1), 2))
    report = contract.verify(held, contract.expected(upload, (1, 2), closed=True, certification=False))
    assert [row.kind for row in report.rows] == ["signature"] * 4 + ["timestamp"]
    assert report.rows[0].field == "Foreign"
    assert report.rows[0].problems == ("timestamp_missing", "untrusted")
    judge(program, tmp_path, held, signatures=4, whole=1)
    document = pikepdf.open(io.BytesIO(held))
    assert "/Perms" not in document.Root


def test_a_file_certified_by_others_is_sealed_when_they_allow_it(contract: Contract) -> None:
    upload = foreign(pdfs.plain(), certify=2)
    held = contract.seal(contract.freeze(upload))
    report = contract.verify(held, contract.expected(upload, (1,), certification=False))
    assert report.rows[0].kind == "certification"


@pytest.mark.parametrize(
    "how",
    [{"certify": 1}, {"lock": "All"}, {"lock": "Exclude", "names": ("remarks",)}],
    ids=["P=1", "lock all", "lock all but one"],
)
def test_a_file_locked_by_others_is_refused_with_the_reason(contract: Contract, how: dict[str, object]) -> None:
    upload = foreign(pdfs.plain(form=True), **how)  # type: ignore[arg-type]
    with pytest.raises(Refusal, match=r"file\.locked_by_signature") as caught:
        contract.freeze(upload)
    assert caught.value.facts["field"] == "Foreign"


def test_a_lock_on_some_fields_does_not_hinder(contract: Contract) -> None:
    upload = foreign(pdfs.plain(form=True), lock="Include", names=("remarks",))
    contract.verify(contract.freeze(upload), contract.expected(upload, certification=False))


def test_a_concluded_contract_is_refused_as_an_upload(contract: Contract) -> None:
    with pytest.raises(Refusal, match=r"file\.locked_by_signature"):
        contract.freeze(contract.whole(pdfs.plain()))


def test_files_that_cannot_be_appended_to_are_refused_by_name(contract: Contract) -> None:
    def code(pdf: bytes) -> str:
        with pytest.raises(Refusal) as caught:
            contract.freeze(pdf)
        return caught.value.code

    plain = pdfs.plain()
    assert code(b"") == "file.unwritable"
    assert code(b"\n\n" + plain) == "file.unwritable"
    assert code(plain[:-200]) == "file.unwritable"
    assert code(re.sub(rb"startxref\n\d+", b"startxref\n17", plain)) == "file.unwritable"
    assert code(encrypted(user="")) == "file.encrypted"
    assert code(encrypted(user="secret")) == "file.encrypted"
    assert code(with_form(XFA=pikepdf.String("x"))) == "file.xfa"
    assert code(with_form(T=pikepdf.String("TachiaiSlot001"))) == "file.field_name_taken"


def encrypted(*, user: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdfs.plain())) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="owner", user=user))
    return out.getvalue()


def with_form(**entries: pikepdf.Object) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdfs.plain(form=True))) as document:
        for name, value in entries.items():
            holder = document.Root.AcroForm if name == "XFA" else document.Root.AcroForm.Fields[0]
            holder[f"/{name}"] = value
        document.save(out)
    return out.getvalue()


def test_slots_must_be_there_free_and_locked(contract: Contract) -> None:
    frozen = contract.freeze(pdfs.plain(), (1, 2))
    with pytest.raises(Refusal, match=r"seal\.slot_missing"):
        contract.seal(frozen, 3)
    with pytest.raises(Refusal, match=r"seal\.slot_taken"):
        contract.seal(contract.seal(frozen, 1), 1)
    number, body = pdfs.field_number(frozen, "TachiaiSlot001")
    unlocked = pdfs.appended(frozen, replace={number: re.sub(rb"/Lock \d+ 0 R", b"", body)})
    with pytest.raises(Refusal, match=r"seal\.slot_unlocked"):
        contract.seal(unlocked, 1)
    with pytest.raises(Refusal, match=r"seal\.no_signature"):
        contract.close(pdfs.plain())


def test_an_upload_is_found_to_bear_no_signature(contract: Contract) -> None:
    with pytest.raises(Refusal, match=r"seal\.no_signature"):
        examine(pdfs.plain(), roots=contract.authority.roots, tsa_roots=contract.authority.roots, at=MOMENT)


def test_the_imprint_algorithm_of_noise_is_a_bad_token() -> None:
    with pytest.raises(timestamps.BadToken):
        timestamps.imprint_algorithm(b"\x30\x00")
