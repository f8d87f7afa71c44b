"""The house's word on a judgement: a report sealed like any paper of its own. Neither the file nor the report is kept."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tachiai import ledger, sealing
from tachiai.accounts.models import Operator
from tachiai.archive.verification import Judgement
from tachiai.errors import Refusal
from tachiai.pages.certificate import AuthorityKind
from tachiai.pages.verdict_paper import VerdictFacts, VerdictWords, verdict_paper

STREAM = "house"


@dataclass(frozen=True)
class Attested:
    """A sealed report. ``number`` is the one it bears, under which the ledger knows its digest."""

    number: uuid.UUID
    pdf: bytes
    sha256: bytes


def attest_verdict(judgement: Judgement, words: VerdictWords, *, judged_at: datetime, at: datetime) -> Attested:
    """Print the judgement in ``words``, certify and close the paper (PAdES B-LTA), and note its digest in the ledger.

    Which bytes were judged, when and by whom is taken from the judgement and the rows, whatever the words say. It costs a seal and a
    timestamp: whoever lets strangers ask has to count them. Raises `Outage` while key or authority is away, and refuses with
    ``key.revoked`` or ``operator.missing``.
    """
    operator = Operator.objects.order_by("pk").first()
    if operator is None:
        raise Refusal("operator.missing")
    number = uuid.uuid4()
    paper = verdict_paper(_facts(judgement, words, operator, number=number, judged_at=judged_at, at=at))
    prepared = sealing.prepare(sealing.Act.PAPER, paper, subject=number, stream=STREAM, at=at)
    sealed = sealing.attest(prepared, text=_text(operator, words), at=at)
    with transaction.atomic(durable=True):
        sealed.record()
        data: dict[str, object] = {
            "report": str(number),
            "sha256": sealed.sha256.hex(),
            "file": judgement.sha256.hex(),
            "verdict": str(judgement.verdict),
            "seal": str(sealed.intent.pk),
        }
        ledger.append(STREAM, "verdict.attested", by=ledger.Actor.house(), at=at, data=data)
    return Attested(number, paper + sealed.tail, sealed.sha256)


def _facts(
    judgement: Judgement, words: VerdictWords, operator: Operator, *, number: uuid.UUID, judged_at: datetime, at: datetime
) -> VerdictFacts:
    english = words.language == "en"
    return VerdictFacts(
        number=str(number),
        operator=operator.name_en if english and operator.name_en else operator.name,
        sha256=judgement.sha256.hex(),
        size=judgement.size,
        judged_at=judged_at,
        issued_at=at,
        authority_kind=authority_kind(),
        words=words,
    )


def authority_kind() -> AuthorityKind:
    """By whose clock the house's papers are stamped."""
    authority = sealing.stamping_authority()
    if authority.accredited:
        return "accredited"
    return "embedded" if authority.embedded else "other"


def _text(operator: Operator, words: VerdictWords) -> sealing.SealText:
    reason = "Signature verification report" if words.language == "en" else "署名検証報告書の発行 (Signature verification report)"
    return sealing.SealText(name=operator.name, reason=reason, contact=operator.mail, location=operator.name)
