"""The bundle of an envelope with a reviewer, any one of two, and somebody named in another's place; and twins of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from approvals import route
from cast import Cast
from invariants import check_house
from offline.accepting import accepted, bundle_of
from offline.bench import Bench
from offline.test_html_verifier import answer_on, comparable, opened
from offline.twins import AT
from stages import drafted, signs
from stories import work
from tachiai import clock
from tachiai.accounts.route_models import Timing
from tachiai.envelopes.approving import submit_for_approval
from tachiai.envelopes.drafting import name_recipients
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.offline.tachiai_verify import Reader, verify_bundle
from tachiai.pages.render import render
from ventures import DECLINED_BECAUSE, HEIR, PARTNER, concluded_venture, person


def signed_by(content: bytes, slot: int, recipient: str) -> bytes:
    """As if somebody who never consented were the signer of a slot."""
    bench = Bench(content)
    bench.manifest["signers"][slot - 1]["recipient"] = recipient
    return bench.packed()


def of_all(content: bytes) -> bytes:
    """As if the second signer had signed every document."""
    bench = Bench(content)
    del bench.manifest["signers"][1]["documents"]
    return bench.packed()


def test_what_the_counterparty_alone_signs_is_a_whole_contract(cast: Cast) -> None:
    """請書、誓約書: asked, sealed, concluded, sound in the house's own eyes and in the bundle's verifier."""
    envelope = drafted(cast)
    name_recipients(envelope, [(1, cast.vendor)], by=cast.clerk, at=clock.now())
    with pytest.raises(Refusal, match=r"approval\.nobody_after"):
        submit_for_approval(envelope, route(cast, timing=Timing.AFTER).pk, by=cast.clerk, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    signs(person(envelope, cast.vendor.mail))
    work()
    answer = accepted(bundle_of(envelope))
    assert envelope.state == EnvelopeState.CONCLUDED
    assert [one["slot"] for one in answer["consents"]] == [1]
    assert check_house() == []


@pytest.mark.browser
def test_both_verifiers_follow_who_was_asked_in_the_end(cast: Cast, settings: Any) -> None:
    settings.TACHIAI = replace(settings.TACHIAI, public_url="http://localhost:8000")
    envelope = concluded_venture(cast)
    whole = bundle_of(envelope)
    answer = accepted(whole)
    assert [one["slot"] for one in answer["consents"]] == [1, 2, 3]
    assert [one["level"] for one in answer["consents"]][1] == "mail-only"
    assert len([one for one in answer["signatures"] if one["kind"] == "slot"]) == 5
    signers = json.loads(Bench(whole).files["manifest.json"])["signers"]
    # The certificate names who confirmed without signing, whose place the heir took, and who declined.
    (paper,) = (content for name, content in Bench(whole).files.items() if "certificate" in name and content[:5] == b"%PDF-")
    told = re.sub(r"\s", "", "".join(page.text for page in render(paper).pages))
    confirmed = ("確認した方（署名なし）", cast.second.name, "届出なし（送信者が入力）")
    for wanted in (*confirmed, PARTNER.mail, HEIR.mail, "署名者変更", "辞退した方", cast.vendor.mail):
        assert re.sub(r"\s", "", wanted) in told
    # That the vendor declined is told to everybody; why, to the sender alone.
    assert any(b"recipient.declined" in content for content in Bench(whole).files.values())
    assert not any(DECLINED_BECAUSE.encode() in content for content in Bench(whole).files.values())
    assert [one["recipient"] for one in signers][:2] == [str(person(envelope, mail).pk) for mail in (cast.builder.mail, HEIR.mail)]

    refused = {
        "entry.consent": signed_by(whole, 1, str(person(envelope, cast.vendor.mail).pk)),
        "entry.sent": signed_by(whole, 2, str(person(envelope, PARTNER.mail).pk)),
        "pdf.signer_missing": of_all(whole),
    }
    for code, content in refused.items():
        answer = verify_bundle(content)
        assert answer["verdict"] != "true"
        assert code in [one["code"] for one in answer["problems"]]
    with opened() as desk:
        page = desk.open()
        for content in (whole, *refused.values()):
            assert comparable(answer_on(page, content, Reader(at=AT))) == comparable(verify_bundle(content, Reader(at=AT)))
