"""The rehearsal at a file's arrival: what passes it can be concluded, what does not is refused with the gate's reason."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest

from crypto import pdfs
from crypto.contract import HOUSE, Contract, consent, words
from crypto.server import serving
from crypto.test_pades import KINDS, foreign
from crypto.test_revocation import Responder
from pki import MOMENT, hierarchy
from tachiai.crypto import pades, planning
from tachiai.crypto.filling import Ground
from tachiai.crypto.long_term import _begin_archive
from tachiai.crypto.pades_verify import Expected, verify
from tachiai.crypto.rehearsal import rehearse
from tachiai.crypto.revocation_http import HttpRevocation
from tachiai.errors import Refusal


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_sound_file_passes_and_may_be_certified(kind: str) -> None:
    assert rehearse(KINDS[kind]())


def test_a_file_signed_by_others_passes_uncertified() -> None:
    assert not rehearse(foreign(pdfs.plain(form=True)))


def test_refusals_of_freezing_keep_their_names() -> None:
    with pytest.raises(Refusal, match=r"file\.locked_by_signature"):
        rehearse(foreign(pdfs.plain(), certify=1))
    with pytest.raises(Refusal, match=r"file\.unreadable"):
        rehearse(pdfs.plain().replace(b"/Root", b"/Boot"))


def test_what_would_not_pass_the_gate_is_refused_with_its_reason() -> None:
    dangling = re.sub(rb"/Resources <<[^>]*?>>(?:[^>]*>>)*", b"/Resources << /Font 4711 0 R >>", pdfs.plain(), count=1)
    looped = pdfs.appended(pdfs.plain(), replace={number_of_pages(): b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % number_of_pages()})
    for broken in (looped, dangling):
        with pytest.raises(Refusal, match=r"file\.un"):
            rehearse(broken)


def number_of_pages() -> int:
    found = re.search(rb"/Pages (\d+) 0 R", pdfs.plain())
    assert found is not None
    return int(found.group(1))


def test_an_upload_closed_by_a_house_nobody_here_knows_can_still_be_concluded(contract: Contract) -> None:
    """Its own document timestamp leads to no pinned root; that must not spoil the proof of ours."""
    upload = closed_elsewhere()
    held = contract.close(contract.seal(contract.freeze(upload)))
    report = contract.verify(held, contract.expected(upload, (1,), closed=True, certification=False))
    assert [row.level for row in report.rows[2:]] == ["B-LTA", "B-LTA", "none"]
    assert report.rows[1].problems == ("timestamp_wrong",)


def closed_elsewhere() -> bytes:
    """A file that somebody else has signed and put a document timestamp on."""
    signed = foreign(pdfs.plain())
    stamper = hierarchy(6).timestamper()
    begun = _begin_archive(planning.plan(signed), Ground(signed), stamper.reserve)
    stamped = signed + begun.finish(stamper.timestamp(begun.imprint, at=MOMENT)).tail
    assert stamped.count(b"TachiaiArchive1") == 1
    assert planning.plan(stamped).taken == ("TachiaiArchive1",), "a second field of ours must find a name of its own"
    return stamped


def test_a_three_level_chain_with_a_responder_and_lists_on_the_network_closes_to_b_lta() -> None:
    with serving(lambda _path, _body: (500, {}, [])) as served:
        world = Responder.over(served)
        upload, stamps, roots = pdfs.plain(), world.stamper(), [world.tree.root_der]
        held = upload + pades.freeze(upload, slots=[1], credential=world.seal, timestamper=stamps, text=HOUSE, at=MOMENT).tail
        held += pades.seal(
            held, slot=1, credential=world.seal, timestamper=stamps, text=words(1), consent_digest=consent(1), at=MOMENT
        ).tail
        source = HttpRevocation(roots, allow_private=True, timeout=2)
        made = pades.close(held, timestamper=stamps, revocation=source, roots=roots, at=MOMENT + timedelta(hours=1))
    assert not made.fresh, "the intermediate's list is older than the signature"
    expected = Expected(True, {1: consent(1)}, True, len(upload), hashlib.sha256(upload).digest())
    report = verify(held + made.tail, expected=expected, roots=roots, tsa_roots=roots, at=MOMENT + timedelta(days=1))
    assert [row.level for row in report.rows] == ["B-LTA", "B-LTA", "none"]
