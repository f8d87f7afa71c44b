"""The slow, stepwise way to the same bytes: every revision made from a fresh parse with pikepdf's objects, every signature with
asn1crypto's. It shares no line with the sealer and is written from ``docs/formats/seal-revisions.md``; where the two differ in one
byte, one of them is wrong.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pikepdf
from asn1crypto import algos, tsp
from asn1crypto import cms as asn1_cms
from asn1crypto import x509 as asn1_x509
from pikepdf import Dictionary, Name, Object, Pdf, String

from tachiai.crypto.fields import Place, Slot
from tachiai.crypto.keys import Credential
from tachiai.crypto.pades import FieldValue, SealText
from tachiai.crypto.timestamps import Timestamper

WIDTH = 60
SKIPPED = {"/Size", "/Prev", "/XRefStm", "/Type", "/W", "/Index", "/Filter", "/DecodeParms", "/Length", "/ID", "/Root", "/Info", "/DL"}


class Step:
    """One revision: a document opened anew, numbers handed out one by one, bodies written as text at the end."""

    def __init__(self, pdf: bytes) -> None:
        self.pdf = pdf
        self.document: Pdf = pikepdf.open(io.BytesIO(pdf), inherit_page_attributes=False)
        self.number = max(int(self.document.trailer.Size), self.document.make_indirect(Dictionary()).objgen[0])
        self.size = self.number
        self.bodies: dict[tuple[int, int], bytes] = {}
        self.entries: dict[tuple[int, int], dict[str, bytes]] = {}
        self.startxref = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
        self.classic = pdf[self.startxref : self.startxref + 9].lstrip().startswith(b"xref")

    def add(self, body: bytes) -> int:
        taken, self.number = self.number, self.number + 1
        self.bodies[taken, 0] = body
        return taken

    def changed(self, held: Object) -> None:
        self.bodies[held.objgen] = held.unparse(resolved=True)

    def tail(self) -> tuple[bytes, dict[tuple[int, int], int]]:
        out = b"" if self.pdf[-1:] in (b"\n", b"\r") else b"\n"
        places: dict[tuple[int, int], int] = {}
        starts: dict[tuple[int, int], int] = {}
        for at in sorted(self.bodies):
            places[at] = len(self.pdf) + len(out)
            out += b"%d %d obj\n" % at
            starts[at] = len(out)
            out += self.bodies[at] + b"\nendobj\n"
        section = len(self.pdf) + len(out)
        out += self.table(places) if self.classic else self.stream({**places, (self.number, 0): section})
        return out + b"startxref\n%d\n%%%%EOF\n" % section, starts

    def table(self, places: Mapping[tuple[int, int], int]) -> bytes:
        out = b"xref\n"
        for first, run in grouped(sorted(places)):
            out += b"%d %d\n" % (first, len(run))
            for at in run:
                out += b"%010d %05d n \n" % (places[at], at[1])
        return out + b"trailer\n<< " + self.trailer(self.number) + b" >>\n"

    def stream(self, places: Mapping[tuple[int, int], int]) -> bytes:
        rows, index = b"", b""
        for first, run in grouped(sorted(places)):
            index += b" %d %d" % (first, len(run))
            for at in run:
                rows += bytes([1]) + places[at].to_bytes(5, "big") + at[1].to_bytes(2, "big")
        head = b"/Type /XRef /W [1 5 2] /Index [%b] /Length %d %b" % (index[1:], len(rows), self.trailer(self.number + 1))
        return b"%d 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (self.number, head, rows)

    def trailer(self, size: int) -> bytes:
        trailer = self.document.trailer
        text = b"/Size %d /Prev %d /Root %b" % (size, self.startxref, self.document.Root.unparse())
        if isinstance(info := trailer.get("/Info"), Object) and info.is_indirect:
            text += b" /Info " + info.unparse()
        for key in trailer.keys():  # noqa: SIM118  # iterating a pikepdf dictionary itself is not keys
            if key not in SKIPPED:
                text += b" " + Name(key).unparse() + b" " + literal(trailer[key])
        halves = [bytes(half) for half in trailer.get("/ID", [])]
        first = halves[0] if halves else hashlib.sha256(self.pdf).digest()[:16]
        second = hashlib.sha256(b"".join(halves) + str(len(self.pdf)).encode()).digest()[:16]
        return text + b" /ID [<" + first.hex().encode() + b"> <" + second.hex().encode() + b">]"


def literal(value: object) -> bytes:
    return value.unparse() if isinstance(value, Object) else str(value).encode()


def grouped(numbers: Sequence[tuple[int, int]]) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    run: list[tuple[int, int]] = []
    for at in numbers:
        if run and at[0] != run[-1][0] + 1:
            yield run[0][0], run
            run = []
        run.append(at)
    if run:
        yield run[0][0], run


# ----------------------------------------------------------------------------------------------------- the verbs


def freeze(pdf: bytes, slots: Sequence[Slot], credential: Credential, stamps: Timestamper, text: SealText, at: datetime) -> bytes:
    step = Step(pdf)
    foreign = any(
        "/V" in field and field.get("/FT") == Name.Sig for field in step.document.Root.get("/AcroForm", Dictionary(Fields=[])).Fields
    )
    value = step.add(b"")
    fields: list[bytes] = []
    widgets: dict[int, list[bytes]] = {1: []}
    everything = [name for slot in slots for name in names(slot)]
    fields.append(signature_field(step, "TachiaiHouse", everything, None, {"/V": b"%d 0 R" % value}))
    widgets[1].append(fields[0])
    for slot in sorted(slots, key=lambda held: held.number):
        others = [name for other in slots if other is not slot for name in names(other)]
        fields.append(signature_field(step, names(slot)[0], others, slot, {}))
        widgets.setdefault(slot.place.page if slot.place else 1, []).append(fields[-1])
        for blank in sorted(slot.values, key=lambda held: held.number):
            entries = {
                "/Type": b"/Annot",
                "/Subtype": b"/Widget",
                "/F": b"4",
                "/Ff": b"1",
                "/T": b"(TachiaiValue%03d-%02d)" % (slot.number, blank.number),
                "/TU": text_string(blank.label),
                "/P": page_of(step, blank.place.page).unparse(),
                **where(step, blank.place),
            }
            kind = {"/FT": b"/Btn", "/AS": b"/Off", "/V": b"/Off"} if blank.kind == "check" else {"/FT": b"/Tx", "/DA": b"(/Helv 0 Tf 0 g)"}
            body = body_of(entries | kind)
            fields.append(b"%d 0 R" % step.add(body))
            widgets.setdefault(blank.place.page, []).append(fields[-1])
    for number, refs in widgets.items():
        append(step, page_of(step, number), "/Annots", refs)
    list_in_form(step, fields, with_text=any(slot.values for slot in slots))
    references = b""
    if not foreign:
        perms = step.document.Root.get("/Perms")
        kept = {key: literal(held) for key, held in perms.items()} if perms is not None else {}
        set_entry(step, step.document.Root, "/Perms", body_of(kept | {"/DocMDP": b"%d 0 R" % value}))
        references = b"<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V /1.2 /P 2 >> >> "
    return sign(step, value, words(text, at), references + fieldmdp(step, everything), credential, stamps, at)


def seal(
    pdf: bytes,
    number: int,
    credential: Credential,
    stamps: Timestamper,
    text: SealText,
    consent: bytes,
    at: datetime,
    values: Mapping[int, FieldValue],
    appearance: object | None,
) -> bytes:
    step = Step(pdf)
    form = {str(field.T): field for field in step.document.Root.AcroForm.Fields if "/T" in field}
    field = form[f"TachiaiSlot{number:03d}"]
    value = step.add(b"")
    said = {"/V": b"%d 0 R" % value}
    if appearance is not None:
        said["/AP"] = b"<< /N %d 0 R >>" % draw(step, appearance, field)
    step.bodies[field.objgen] = with_entries(field, said)
    for blank in sorted(values):
        given, held = values[blank], form[f"TachiaiValue{number:03d}-{blank:02d}"]
        if given.text is True:
            ticked = b"<< /N << /Yes %d 0 R >> >>" % draw(step, given.appearance, held)
            step.bodies[held.objgen] = with_entries(held, {"/V": b"/Yes", "/AS": b"/Yes", "/AP": ticked})
        elif isinstance(given.text, str):
            drawn = b"<< /N %d 0 R >>" % draw(step, given.appearance, held)
            step.bodies[held.objgen] = with_entries(held, {"/V": text_string(given.text), "/AP": drawn})
    lock = field.Lock
    others = [str(name) for name in lock.Fields] if "/Fields" in lock else []
    consented = b" /XXTachiaiConsent <" + consent.hex().encode() + b">"
    return sign(step, value, words(text, at) + consented, fieldmdp(step, others), credential, stamps, at)


def close(pdf: bytes, certs: Sequence[bytes], ocsps: Sequence[bytes], crls: Sequence[bytes], stamps: Timestamper, at: datetime) -> bytes:
    step = Step(pdf)
    known = step.document.Root.get("/DSS")
    entries = {"/Type": b"/DSS"}
    for key, wanted in (("/Certs", certs), ("/OCSPs", ocsps), ("/CRLs", crls)):
        kept = list(known.get(key, [])) if known is not None else []
        refs = [stream.unparse() for stream in kept]
        seen = [stream.read_bytes() for stream in kept]
        for content in wanted:
            if content not in seen:
                seen.append(content)
                refs.append(b"%d 0 R" % step.add(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)))
        if refs:
            entries[key] = b"[ " + b" ".join(refs) + b" ]"
    store = step.add(body_of(entries))
    set_entry(step, step.document.Root, "/DSS", b"%d 0 R" % store)
    stored = pdf + step.tail()[0]

    step = Step(stored)
    taken = [str(field.T) for field in step.document.Root.AcroForm.Fields if "/T" in field]
    number = next(n for n in range(1, 100) if f"TachiaiArchive{n}" not in taken)
    value = step.add(b"")
    widget = {"/Type": b"/Annot", "/Subtype": b"/Widget", "/F": b"132", "/FT": b"/Sig", "/Rect": b"[ 0 0 0 0 ]"}
    field = step.add(body_of(widget | {"/T": b"(TachiaiArchive%d)" % number, "/V": b"%d 0 R" % value}))
    list_in_form(step, [b"%d 0 R" % field], with_text=False)
    head = b"/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161"
    tail, gap, end = blank_out(step, value, head, stamps.reserve)
    token = stamps.timestamp(hashlib.sha256(stored + tail[:gap] + tail[end:]).digest(), at=at).der
    return stored + tail[: gap + 1] + token.hex().encode().ljust(end - gap - 2, b"0") + tail[end - 1 :]


# ------------------------------------------------------------------------------------------------ fields and form


def names(slot: Slot) -> list[str]:
    return [f"TachiaiSlot{slot.number:03d}", *(f"TachiaiValue{slot.number:03d}-{value.number:02d}" for value in slot.values)]


def lock_entries(others: Sequence[str]) -> bytes:
    if not others:
        return b"/Action /All"
    return b"/Action /Exclude /Fields [ " + b" ".join(b"(" + name.encode() + b")" for name in sorted(others)) + b" ]"


def signature_field(step: Step, name: str, others: Sequence[str], slot: Slot | None, extra: Mapping[str, bytes]) -> bytes:
    lock = step.add(b"<< " + lock_entries(others) + b" /Type /SigFieldLock >>")
    place = slot.place if slot else None
    entries = {
        "/Type": b"/Annot",
        "/Subtype": b"/Widget",
        "/F": b"132",
        "/FT": b"/Sig",
        "/Rect": b"[ 0 0 0 0 ]",
        "/T": b"(" + name.encode() + b")",
        "/Lock": b"%d 0 R" % lock,
        "/P": page_of(step, place.page if place else 1).unparse(),
    }
    return b"%d 0 R" % step.add(body_of(entries | (where(step, place) if place else {}) | dict(extra)))


def where(step: Step, place: Place) -> dict[str, bytes]:
    """The rectangle, by turning about the middle of the page in the plane of complex numbers."""
    page = step.document.pages[place.page - 1]
    left, lower, right, upper = (float(edge) for edge in page.cropbox)
    quarters, unit = int(inherited(page.obj, "/Rotate") or 0) // 90 % 4, float(page.obj.get("/UserUnit", 1))
    middle = complex(left + right, lower + upper) / 2
    size = complex(right - left, upper - lower) * unit
    seen = (size if quarters % 2 == 0 else complex(size.imag, size.real)) / 2
    corners = [(complex(*corner) - seen) / unit * 1j**quarters + middle for corner in (place.box[:2], place.box[2:])]
    xs, ys = sorted(corner.real for corner in corners), sorted(corner.imag for corner in corners)
    rect = {"/Rect": b"[ " + b" ".join(edge(e) for e in (xs[0], ys[0], xs[1], ys[1])) + b" ]"}
    return rect | ({"/MK": b"<< /R %d >>" % (90 * quarters)} if quarters else {})


def inherited(node: object, key: str) -> object:
    while isinstance(node, Dictionary):
        if key in node:
            return node[key]
        node = node.get("/Parent")
    return None


def edge(value: float) -> bytes:
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return text.encode()


def page_of(step: Step, number: int) -> Object:
    return step.document.pages[number - 1].obj


def body_of(entries: Mapping[str, bytes]) -> bytes:
    return b"<< " + b" ".join(key.encode() + b" " + entries[key] for key in sorted(entries)) + b" >>"


def with_entries(field: Object, more: Mapping[str, bytes]) -> bytes:
    words = {key: b"<" + bytes(field[key]).hex().encode() + b">" for key in ("/TU", "/V") if isinstance(field.get(key), String)}
    return body_of({key: literal(held) for key, held in field.items()} | words | dict(more))


def append(step: Step, holder: Object, key: str, refs: Sequence[bytes]) -> None:
    held = holder.get(key)
    items = b" ".join([*(literal(item) for item in (held or [])), *refs])
    if held is not None and held.is_indirect:
        step.bodies[held.objgen] = b"[ " + items + b" ]"
    else:
        set_entry(step, holder, key, b"[ " + items + b" ]")


def set_entry(step: Step, holder: Object, key: str, value: bytes) -> None:
    """One entry of an object that may have been rewritten in this step already."""
    step.entries.setdefault(holder.objgen, {})[key] = value
    step.bodies[holder.objgen] = with_entries(holder, step.entries[holder.objgen])


def list_in_form(step: Step, refs: Sequence[bytes], *, with_text: bool) -> None:
    root = step.document.Root
    form = root.get("/AcroForm")
    if form is None:
        entries = {"/Fields": b"[ " + b" ".join(refs) + b" ]", "/SigFlags": b"3"}
        if with_text:
            font = b"<< /BaseFont /Helvetica /Encoding /WinAnsiEncoding /Subtype /Type1 /Type /Font >>"
            entries |= {"/DA": b"(/Helv 0 Tf 0 g)", "/DR": b"<< /Font << /Helv " + font + b" >> >>"}
        set_entry(step, root, "/AcroForm", b"%d 0 R" % step.add(body_of(entries)))
        return
    items = b"[ " + b" ".join([*(item.unparse() for item in form.Fields), *refs]) + b" ]"
    listed = form.Fields.is_indirect
    if listed:
        step.bodies[form.Fields.objgen] = items
    if listed and form.get("/SigFlags") == 3:
        return
    body = with_entries(form, {"/SigFlags": b"3"} | ({} if listed else {"/Fields": items}))
    if form.is_indirect:
        step.bodies[form.objgen] = body
    else:
        set_entry(step, root, "/AcroForm", body)


def draw(step: Step, appearance: object, field: Object) -> int:
    objects: Sequence[Sequence[bytes | int]] = appearance.objects  # type: ignore[attr-defined]
    first = step.number
    upright = {0: b"", 90: b"0 1 -1 0 0 0", 180: b"-1 0 0 -1 0 0", 270: b"0 -1 1 0 0 0"}[int(field.get("/MK", Dictionary(R=0)).R)]
    for parts in objects:
        body = b"".join(b"%d 0 R" % (first + part) if isinstance(part, int) else part for part in parts)
        if upright and parts is objects[0]:
            body = b"<< /Matrix [%b]" % upright + body[2:].replace(b" /Matrix [1 0 0 1 0 0]", b"")
        step.add(body)
    return first


# ---------------------------------------------------------------------------------------------------- signatures


def words(text: SealText, at: datetime) -> bytes:
    out = b" /M (D:" + at.astimezone(UTC).strftime("%Y%m%d%H%M%S").encode() + b"+00'00')"
    for key, held in (("Name", text.name), ("Reason", text.reason), ("ContactInfo", text.contact), ("Location", text.location)):
        if held:
            out += b" /" + key.encode() + b" " + text_string(held)
    return out


def text_string(held: str) -> bytes:
    octets = held.encode() if held.isascii() else b"\xfe\xff" + held.encode("utf-16-be")
    return b"<" + octets.hex().encode() + b">"


def fieldmdp(step: Step, others: Sequence[str]) -> bytes:
    params = b"<< " + lock_entries(others) + b" /Type /TransformParams /V /1.2 >>"
    return b"<< /Type /SigRef /TransformMethod /FieldMDP /Data " + step.document.Root.unparse() + b" /TransformParams " + params + b" >>"


def blank_out(step: Step, value: int, head: bytes, reserve: int) -> tuple[bytes, int, int]:
    """The revision with an empty /Contents, and where in it the gap begins and ends."""
    step.bodies[value, 0] = b"<< " + head + b" /ByteRange [" + b" " * WIDTH + b"] /Contents <" + b"00" * reserve + b"> >>"
    tail, starts = step.tail()
    stated = starts[value, 0] + len(b"<< " + head + b" /ByteRange [")
    gap = stated + WIDTH + len(b"] /Contents ")
    end = gap + 2 * reserve + 2
    ranges = f"0 {len(step.pdf) + gap} {len(step.pdf) + end} {len(tail) - end}".encode()
    return tail[:stated] + ranges.ljust(WIDTH) + tail[stated + WIDTH :], gap, end


def sign(step: Step, value: int, head: bytes, references: bytes, credential: Credential, stamps: Timestamper, at: datetime) -> bytes:
    head = b"/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached" + head + b" /Reference [" + references + b"]"
    longest = credential.key.longest_signature
    size = len(signed_data(credential, bytes(hashlib.new(credential.key.digest).digest_size), bytes(longest), stamps.reserve))
    tail, gap, end = blank_out(step, value, head, size)
    digest = hashlib.new(credential.key.digest, step.pdf + tail[:gap] + tail[end:]).digest()
    signature = credential.key.sign(signed_attributes(credential, digest).dump())
    token = stamps.timestamp(hashlib.sha256(signature).digest(), at=at).der
    held = signed_data(credential, digest, signature, token)
    return step.pdf + tail[: gap + 1] + held.hex().encode().ljust(end - gap - 2, b"0") + tail[end - 1 :]


def digest_algorithm(credential: Credential) -> algos.DigestAlgorithm:
    """Without parameters (RFC 5754, 2); asn1crypto would write NULL."""
    last = {"sha256": "01", "sha384": "02"}[credential.key.digest]
    return algos.DigestAlgorithm.load(bytes.fromhex("300b06096086480165030402" + last))


def signed_attributes(credential: Credential, digest: bytes) -> asn1_cms.CMSAttributes:
    named = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(credential.certificate).digest()})
    return asn1_cms.CMSAttributes(
        [
            asn1_cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            asn1_cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
            asn1_cms.CMSAttribute({"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [named]})]}),
        ]
    )


def signed_data(credential: Credential, digest: bytes, signature: bytes, token: bytes | int) -> bytes:
    """The ContentInfo; a number of bytes instead of a token stands for one of that size."""
    certificate = asn1_x509.Certificate.load(credential.certificate)
    info = asn1_cms.SignerInfo(
        {
            "version": "v1",
            "sid": {"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}},
            "digest_algorithm": digest_algorithm(credential),
            "signed_attrs": signed_attributes(credential, digest),
            "signature_algorithm": algos.SignedDigestAlgorithm.load(credential.key.algorithm_identifier),
            "signature": signature,
        }
    )
    if isinstance(token, bytes):
        stamp = asn1_cms.ContentInfo.load(token)
    else:
        # Tags and lengths around the octets come to 23 bytes for any size that a token has.
        stamp = asn1_cms.ContentInfo({"content_type": "data", "content": bytes(token - 23)})
    info["unsigned_attrs"] = [asn1_cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [stamp]})]
    chain = [asn1_x509.Certificate.load(held) for held in sorted(credential.shown_chain)]
    body = asn1_cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [digest_algorithm(credential)],
            "encap_content_info": {"content_type": "data"},
            "certificates": chain,
            "signer_infos": [info],
        }
    )
    made: bytes = asn1_cms.ContentInfo({"content_type": "signed_data", "content": body}).dump()
    return made
