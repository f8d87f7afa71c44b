"""What an uploaded file is told, through the one door `inspect` and `normalise`."""

from __future__ import annotations

import hashlib
import io
import os

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Dictionary, Name, String

from crypto.test_pades import foreign
from pages import odd_files
from pages.odd_sights import joined
from tachiai.errors import Refusal
from tachiai.pages import forensics
from tachiai.pages.inspect import MAX_FILE_BYTES, MAX_PAGES, inspect, normalise
from tachiai.pages.readings import Readings
from tachiai.pages.render import render
from tachiai.pages.wording import paper_wording


def refused(pdf: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        inspect(pdf)
    return caught.value


def found(pdf: bytes) -> dict[str, dict[str, object]]:
    return {finding.code: dict(finding.facts) for finding in inspect(pdf).findings}


def test_a_plain_file_is_kept_byte_for_byte():
    inspection = inspect(odd_files.plain("One", "Two"))
    assert inspection.page_count == 2
    assert inspection.page_sizes == ((595.0, 842.0), (595.0, 842.0))
    assert (inspection.xref, inspection.has_form, inspection.pdfa) == ("table", False, None)
    assert not inspection.foreign
    assert inspection.reasons_to_normalise == ()


def test_an_object_stream_file_has_a_stream_for_its_table():
    pdf = odd_files.saved(odd_files.document_of("x"), object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert inspect(pdf).xref == "stream"


@pytest.mark.parametrize(
    ("pdf", "code", "facts"),
    [
        (b"", "file.empty", {}),
        (b"PK\x03\x04[Content_Types].xml word/document.xml", "file.not_pdf", {"looks_like": "zip"}),
        (b"hello", "file.not_pdf", {"looks_like": "unknown"}),
        (b"\x00" * 2000 + odd_files.plain(), "file.not_pdf", {"looks_like": "unknown"}),
        (odd_files.encrypted(user="secret"), "file.encrypted", {"reason": "password"}),
        (odd_files.encrypted(restricted=True), "file.encrypted", {"reason": "restricted"}),
        (odd_files.beyond_repair(), "file.broken", {"cause": "unreadable"}),
        (odd_files.page_tree_loop(), "file.broken", {"cause": "unreadable"}),
        (odd_files.no_pages(), "file.no_pages", {}),
        (odd_files.signed(docmdp=1), "file.locked_by_signature", {"reason": "docmdp"}),
        (odd_files.signed(fieldmdp="All"), "file.locked_by_signature", {"reason": "fieldmdp"}),
        (odd_files.signed(fieldmdp="Exclude", fields=("a",)), "file.locked_by_signature", {"reason": "fieldmdp"}),
    ],
    ids=lambda value: None if isinstance(value, (bytes, dict)) else value,
)
def test_refusals_name_their_reason(pdf, code, facts):
    refusal = refused(pdf)
    assert (refusal.code, refusal.facts) == (code, facts)


def test_too_large_is_refused_before_a_child_is_started(monkeypatch):
    monkeypatch.setattr("tachiai.pages.child.run", lambda *_, **__: pytest.fail("a child was started"))
    assert refused(bytes(MAX_FILE_BYTES + 1)).facts == {"limit_mb": 50}


def test_too_many_pages():
    document = odd_files.document_of("x")
    for _ in range(MAX_PAGES):
        document.pages.append(document.pages[0])
    refusal = refused(odd_files.saved(document))
    assert (refusal.code, refusal.facts) == ("file.too_many_pages", {"pages": MAX_PAGES + 1, "limit": MAX_PAGES})


@pytest.mark.parametrize(
    ("pdf", "kind"),
    [
        (odd_files.with_action(Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))), "javascript"),
        (odd_files.with_action(Dictionary(S=Name.Launch, F=String("calc.exe"))), "launch"),
        (odd_files.with_action(Dictionary(S=Name.SubmitForm, F=String("http://example.com"))), "submit_form"),
        (odd_files.with_action(Dictionary(S=Name.URI, URI=String("http://example.com")), automatic=True), "automatic_link"),
        (odd_files.with_xfa(), "xfa"),
        (odd_files.with_attachment("見積書.pdf.exe", b"data"), "embedded_executable"),
        (odd_files.with_attachment("notes.txt", b"MZ\x90\x00"), "embedded_executable"),
    ],
    ids=["javascript", "launch", "submit", "automatic link", "xfa", "program by name", "program by content"],
)
def test_active_content_is_refused(pdf, kind):
    refusal = refused(pdf)
    assert refusal.code == "file.active_content"
    assert kind in refusal.facts["kinds"]


def test_active_content_hidden_by_escapes_in_names_is_seen():
    pdf = odd_files.with_action(Dictionary(S=Name.JavaScript, JS=String("app.alert(1)")))
    hidden = pdf.replace(b"/JavaScript", b"/Java#53cri#70t").replace(b"/JS ", b"/#4aS ")
    assert hidden != pdf
    assert refused(hidden).code == "file.active_content"


def test_a_chain_of_actions_without_an_end_is_seen_through():
    document = odd_files.document_of("x")
    action = document.make_indirect(Dictionary(S=Name.GoTo, D=pikepdf.Array([])))
    action.Next = pikepdf.Array([action, action])
    document.Root.OpenAction = action
    assert inspect(odd_files.saved(document)).page_count == 1


def test_warnings_are_told_and_do_not_stop():
    assert found(odd_files.with_attachment("本文.txt", b"text"))["file.attachments"] == {"names": ["本文.txt"]}
    assert found(odd_files.with_field("x"))["form.fields"] == {"fields": 1}
    links = found(odd_files.with_action(Dictionary(S=Name.URI, URI=String("https://example.jp/"))))["links.external"]
    assert links == {"count": 1, "targets": ["https://example.jp/"], "pages": [1]}


def test_links_and_fonts_are_told_with_their_pages():
    linked = odd_files.with_action(Dictionary(S=Name.URI, URI=String("https://example.jp/")))
    told = found(joined(odd_files.sized(595, 842), linked, odd_files.sized(595, 842), linked))
    assert told["links.external"]["pages"] == [2, 4]
    assert told["fonts.unembedded"]["pages"] == [2, 4]


def test_fonts_are_told_by_name_also_in_shift_jis():
    assert found(odd_files.plain())["fonts.unembedded"] == {"fonts": ["Helvetica"], "pages": [1]}
    escaped = "".join(f"#{byte:02x}" for byte in "ＭＳ明朝".encode("cp932")).encode()
    pdf = odd_files.japanese("契約", font_name="Gothic-Plain").replace(b"/Gothic-Plain", b"/" + escaped)
    assert found(pdf)["fonts.unembedded"] == {"fonts": ["ＭＳ明朝"], "pages": [1]}


def test_foreign_signatures_are_counted_with_what_they_permit():
    told = forensics.examine(odd_files.signed(docmdp=2, fieldmdp="Include", fields=("a",))).foreign
    assert (told.signatures, told.timestamps, told.docmdp, told.locks) == (1, 0, 2, False)
    assert forensics.examine(odd_files.signed(timestamp=True)).foreign.timestamps == 1


def foreign_facts(pdf: bytes) -> dict[str, object]:
    (finding,) = (one for one in forensics.examine(pdf).findings if one.code == "signatures.foreign")
    return dict(finding.facts)


def test_foreign_signatures_are_told_with_what_they_claim():
    fields = ("fee", "term\u202e", "fee", *(f"field {number}" for number in range(30)))
    told = foreign_facts(odd_files.signed(docmdp=2, fieldmdp="Include", fields=fields, name="  桜\u202e 太郎\n\x07（架空） " + "あ" * 100))
    assert (told["signatures"], told["timestamps"], told["docmdp"]) == (1, 0, 2)
    (name,) = told["names"]  # type: ignore[misc]
    assert name == ("桜 太郎 （架空） " + "あ" * 100)[:80]
    assert told["locked"] == ["fee", "term", *(f"field {number}" for number in range(18))]


def test_nothing_is_claimed_by_who_says_nothing():
    for pdf in (odd_files.signed(), odd_files.signed(timestamp=True, name="Server")):
        assert {key: foreign_facts(pdf)[key] for key in ("names", "docmdp", "locked")} == {"names": [], "docmdp": None, "locked": []}


def test_a_signature_that_is_none_cannot_be_signed_beside():
    """Nobody could judge the file afterwards, and it is said before anybody has signed."""
    assert refused(odd_files.signed()).code == "file.unwritable"


@pytest.mark.parametrize(
    ("pdf", "code"),
    [
        (odd_files.without_xref(), "file.repaired"),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n" + odd_files.plain(), "file.prepended"),
        (odd_files.plain() + b"9 0 obj << >> endobj", "file.appended"),
        (odd_files.encrypted(), "file.empty_password"),
        (odd_files.two_contents(), "file.repaired"),
    ],
    ids=["table", "before", "behind", "empty password", "two contents"],
)
def test_recoverable_damage_is_normalised_for_a_stated_reason(pdf, code):
    assert code in [finding.code for finding in inspect(pdf).reasons_to_normalise]
    rewritten = normalise(pdf)
    assert inspect(rewritten).reasons_to_normalise == ()
    assert [page.text for page in render(rewritten).pages] == [page.text for page in render(pdf).pages]
    assert hashlib.sha256(normalise(pdf)).digest() == hashlib.sha256(rewritten).digest()


def test_a_signed_file_is_never_rewritten():
    with pytest.raises(Refusal) as caught:
        normalise(odd_files.signed())
    assert (caught.value.code, caught.value.facts) == ("file.locked_by_signature", {"reason": "signed"})
    damaged = odd_files.signed().replace(b"startxref", b"startxxxx")
    assert refused(damaged).code == "file.signed_and_damaged"


def test_normalise_refuses_what_inspect_refuses():
    with pytest.raises(Refusal) as caught:
        normalise(odd_files.with_xfa())
    assert caught.value.code == "file.active_content"


def test_two_readings_of_one_file_are_told_apart():
    one, other = odd_files.plain("Pay 100", "End"), odd_files.plain("Pay 900", "End")
    assert Readings.of(one, one).findings == ()
    assert Readings.of(one, other).findings[0].facts == {"difference": "content", "pages": [1]}
    assert Readings.of(one, odd_files.plain("Pay 100")).findings[0].facts == {"difference": "pages"}
    assert Readings.of(odd_files.beyond_repair(), one).findings[0].facts == {"difference": "opening"}


def test_paper_wording_is_found_with_its_page():
    lines = ("本契約の成立を証するため本書２通を", "作成し、記名押印の上、各自１通を保有する。", "収入印紙")
    hits = found(odd_files.japanese(*lines))["wording.paper"]["hits"]
    assert {(hit["kind"], hit["phrase"], tuple(hit["pages"])) for hit in hits} >= {
        ("copies", "本書2通", (1,)),
        ("seal", "記名押印", (1,)),
        ("copies", "各自1通を", (1,)),
        ("stamp_duty", "収入印紙", (1,)),
    }


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("本書\n弐通を作成", {"copies"}),
        ("署名捺印のうえ", {"seal"}),
        ("代表取締役 見本 花子 ㊞", {"seal"}),
        ("割印を押す", {"binding"}),
        ("正本・副本各1通を作成する", {"copies"}),
        ("正本及び副本を作成し、各自署名押印の上、保有する", {"copies", "seal"}),
        ("契約書2通を作成し、", {"copies"}),
        ("朱肉で鮮明に押印すること。", {"seal"}),
        ("収入印紙貼付\n印紙代は乙の負担とする。", {"stamp_duty"}),
        ("所定の額の印紙を貼り、", {"stamp_duty"}),
        ("製本テープで綴じる", {"binding"}),
        ("契約書に押印し、郵送にて返送するものとする。", {"seal", "post"}),
        ("同封の返信用封筒をご利用ください。", {"post"}),
        ("電子契約のため、押印する必要はない。", set()),
        ("押印に代えて電子署名の措置を講ずる。", set()),
        ("乙は、貸与品を郵送で返却する。", set()),
        ("通知は、書留郵便により送付する。", set()),
        ("申請書の原本を確認する。副本の交付を求めることができる。", set()),
        ("調印式は行わない。印影の画像は法的な効果を持たない。", set()),
        ("業務報告書を3通の電子メールで送付する。", set()),
        ("甲及び乙が電子署名を行い、各自その電磁的記録を保管する。", set()),
        ("印刷物を2通送付する。", set()),
    ],
)
def test_paper_wording_knows_paper_from_its_neighbours(text, kinds):
    assert {hit["kind"] for finding in paper_wording([text]) for hit in finding.facts["hits"]} == kinds


def test_the_largest_file_is_inspected():
    document = pikepdf.new()
    for _ in range(12):
        page = document.add_blank_page(page_size=odd_files.A4)
        shape = Dictionary(Type=Name.XObject, Subtype=Name.Image, Width=2048, Height=2048, ColorSpace=Name.DeviceGray, BitsPerComponent=8)
        image = document.make_stream(os.urandom(4 * 1024 * 1024), shape)
        page.obj.Resources = Dictionary(XObject=Dictionary(I=image))
        page.obj.Contents = document.make_stream(b"500 0 0 500 0 0 cm /I Do")
    pdf = odd_files.saved(document)
    assert 48 * 1024 * 1024 < len(pdf) <= MAX_FILE_BYTES
    assert inspect(pdf).page_count == 12


def test_a_table_that_is_a_bomb_is_answered():
    assert refused(odd_files.xref_bomb()).code in {"file.broken", "file.too_complex"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 724), st.integers(0, 255)), min_size=1, max_size=12))
def test_flipped_bytes_are_always_answered(flips):
    damaged = bytearray(odd_files.plain())
    for place, value in flips:
        damaged[place % len(damaged)] = value
    refusal = None
    try:
        inspect(bytes(damaged))
    except Refusal as caught:
        refusal = caught
    # Only a fault of our own code leaves its place behind.
    assert refusal is None or (refusal.code.startswith("file.") and "where" not in refusal.facts)


def claiming(part: str, document: pikepdf.Pdf) -> bytes:
    with document.open_metadata() as metadata:
        metadata["pdfaid:part"], metadata["pdfaid:conformance"] = part, "B"
    return odd_files.saved(document)


def test_a_claim_to_be_pdfa_is_read():
    document = pikepdf.new()
    document.add_blank_page(page_size=odd_files.A4)
    pdf = claiming("2", document)
    assert inspect(pdf).pdfa == "2B"
    assert found(pdf)["pdfa.claim"] == {"level": "2B"}
    assert found(odd_files.plain()).keys().isdisjoint({"pdfa.claim", "pdfa.broken"})


@pytest.mark.parametrize(
    ("part", "name", "reasons"),
    [("2", "plain", ["fonts"]), ("1", "attached", ["attachments", "fonts"]), ("3", "attached", ["fonts"])],
)
def test_a_claim_that_is_plainly_false_is_told(part, name, reasons):
    pdf = odd_files.plain() if name == "plain" else odd_files.with_attachment("a.txt", b"text")
    with pikepdf.open(io.BytesIO(pdf)) as document:
        told = found(claiming(part, document))
    assert told["pdfa.broken"] == {"level": f"{part}B", "reasons": reasons}
    assert "pdfa.claim" not in told


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_a_slip_that_every_reader_passes_over_is_told_and_kept(signed):
    pdf = odd_files.plain().replace(b"\nxref\n", b"\n\nxref\n")
    inspection = inspect(foreign(pdf) if signed else pdf)
    assert "file.irregular" in [finding.code for finding in inspection.warnings]
    assert inspection.reasons_to_normalise == ()
