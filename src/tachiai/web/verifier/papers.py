"""The result in words for the attested report: the same words as on the page."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tachiai.archive.verification import Judgement
from tachiai.pages.verdict_paper import PaperAnswer, PaperChange, PaperFact, PaperReason, PaperSignature, State, VerdictWords
from tachiai.web.chips import VERDICT
from tachiai.web.templatetags.look import jst_seconds
from tachiai.web.verifier.names import until_words
from tachiai.web.verifier.sentences import Reason
from tachiai.web.verifier.versions import Fact, Version, versions
from tachiai.web.verifier.words import Card, headline, when, who, whole

STATES: dict[str, State] = {
    "valid": "valid",
    "attention": "attention",
    "invalid": "invalid",
    "none": "none",
    "unverifiable": "unverifiable",
    "unjudged": "unjudged",
}


def verdict_words(judgement: Judgement, *, name: str) -> VerdictWords:
    """Everything the page said, in the visitor's language."""
    told = headline(judgement)
    return VerdictWords(
        language="en" if (get_language() or "").startswith("en") else "ja",
        file_name=name,
        state=STATES[str(judgement.verdict)],
        verdict=str(VERDICT[str(judgement.verdict)].word),
        headline=told.words,
        reasons=_reasons(told.reasons),
        facts=_record(judgement),
        answers=_answers(judgement) if judgement.rows else (),
        signatures=tuple(_signature(one) for one in versions(judgement)),
    )


def questions() -> tuple[tuple[str, str], ...]:
    """The three questions and the terms for them, in the order of the cards."""
    return (
        (_("誰が署名したか"), _("本人性")),
        (_("改ざんされていないか"), _("完全性")),
        (_("いつ存在したか"), _("存在時刻")),
    )


def _record(judgement: Judgement) -> tuple[PaperFact, ...]:
    facts = []
    if judgement.file is not None:
        record = judgement.file.record
        facts = [
            PaperFact(_("締結証明書の番号"), record.certificate_number, mono=True),
            PaperFact(_("締結日時"), jst_seconds(record.concluded_at)),
        ]
    until = until_words(judgement.report, judgement.rows) if judgement.report else ""
    return (*facts, *([PaperFact(_("検証できる期限"), until)] if until else []))


def _answers(judgement: Judgement) -> tuple[PaperAnswer, ...]:
    cards = (who(judgement), whole(judgement), when(judgement))
    return tuple(_answer(asked, term, card) for (asked, term), card in zip(questions(), cards, strict=True))


def _answer(asked: str, term: str, card: Card) -> PaperAnswer:
    question = _("{question}（{term}）").format(question=asked, term=term)
    return PaperAnswer(question, card.state, card.answer, card.basis, card.lines)


def _signature(version: Version) -> PaperSignature:
    good = (PaperReason(version.good, ""),) if version.good else ()
    return PaperSignature(
        number=version.number,
        kind=version.kind,
        state=STATES[version.state],
        verdict=str(version.chip.word),
        sentences=(*good, *_reasons(version.reasons)),
        facts=_facts((*version.signer, *version.trust)),
        changes=tuple(PaperChange(change.what, change.allowed) for change in version.changes),
        technical=_facts(version.technical),
        chain=tuple(_facts(link) for link in version.chain),
        time_chain=tuple(_facts(link) for link in version.time_chain),
        algorithms=tuple((one.use, one.name, one.strength, one.sign_until, one.verify_until) for one in version.algorithms),
    )


def _reasons(found: Iterable[Reason]) -> tuple[PaperReason, ...]:
    return tuple(PaperReason(one.cause, one.step) for one in found)


def _facts(found: Iterable[Fact]) -> tuple[PaperFact, ...]:
    return tuple(PaperFact(one.label, one.value, one.mono) for one in found)
