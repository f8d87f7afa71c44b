"""The report of a finished sample: what was found in each drawn contract, sealed by the house and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from tachiai import ledger, sealing, vault, work
from tachiai.archive.attesting import authority_kind
from tachiai.archive.models import FileKind, Sample, SampleItem, SampleTask
from tachiai.archive.samples import stream_of
from tachiai.pages.sample_paper import SampledContract, SampledFile, SampleFacts, sample_paper
from tachiai.sealing import SealText

VERDICTS = {
    "ja": {"valid": "真正", "attention": "要確認", "invalid": "無効", "none": "署名なし", "unverifiable": "検証不能"},
    "en": {"valid": "valid", "attention": "needs a look", "invalid": "invalid", "none": "not signed", "unverifiable": "not verifiable"},
}
CERTIFICATE = {"ja": "締結証明書", "en": "Certificate of conclusion"}
ALTERED = {"ja": "記録と不一致", "en": "not what was filed"}
NO_BUNDLE = {"ja": "作成できませんでした：{why}", "en": "could not be made: {why}"}


@dataclass(frozen=True)
class Gathered:
    """What was found in one contract: for each file name, kind, digest (hex), verdict and whether it is what was filed; and its evidence.

    ``bundle`` is None when it could not be made or its own verifier refused it; ``why`` is then the code.
    """

    files: tuple[dict[str, Any], ...]
    bundle: vault.Stored | None
    why: str = ""

    @property
    def sound(self) -> bool:
        return self.bundle is not None and all(file["filed"] and file["verdict"] == "valid" for file in self.files)


def keep_gathered(task: SampleTask, item: SampleItem, found: Gathered, *, at: datetime) -> None:
    """Record what was found in one contract, while the task is still ours. Raises ``LostLease``."""
    with transaction.atomic(durable=True):
        ours, _lost = work.fenced([task])
        if not ours:
            raise work.LostLease(f"SampleTask {task.pk}")
        blob = vault.keep(found.bundle, at=at) if found.bundle else None
        told = {"judged": list(found.files), "sound": found.sound, "bundle": blob}
        sha256 = found.bundle.sha256 if found.bundle else None
        SampleItem.objects.filter(pk=item.pk, sound=None).update(**told, bundle_sha256=sha256)
        if not found.bundle:
            SampleItem.objects.filter(pk=item.pk).update(judged=[*found.files, {"why": found.why}])


def report_sample(task: SampleTask, checkpoint: tuple[str, str, str] | None, *, at: datetime) -> None:
    """Make, seal and keep the report of a sample whose contracts have all been looked at. Raises `Outage` while the key is away."""
    sample = Sample.objects.select_related("organization__operator", "drawn_by").get(pk=task.sample_id)
    paper = sample_paper(_facts(sample, checkpoint, at=at))
    prepared = sealing.prepare(sealing.Act.PAPER, paper, subject=sample.pk, stream=stream_of(sample), at=at)
    sealed = sealing.attest(prepared, text=_text(sample), at=at)
    stored = vault.put(paper + sealed.tail, kind="report")
    with transaction.atomic(durable=True):
        work.finish(task, at=at)
        sealed.record()
        blob = vault.keep(stored, at=at)
        Sample.objects.filter(pk=sample.pk).update(report=blob, report_sha256=sealed.sha256, finished_at=at)
        unsound = sample.items.filter(sound=False).count()
        data: dict[str, object] = {
            "sample": str(sample.pk),
            "sha256": sealed.sha256.hex(),
            "unsound": unsound,
            "seal": str(sealed.intent.pk),
        }
        ledger.append(stream_of(sample), "sample.reported", by=ledger.Actor.house(), at=at, data=data)


def _facts(sample: Sample, checkpoint: tuple[str, str, str] | None, *, at: datetime) -> SampleFacts:
    language: Literal["ja", "en"] = "en" if sample.language == "en" else "ja"
    organization, english = sample.organization, sample.language == "en"
    operator = organization.operator
    items = sample.items.select_related("record").order_by("position")
    return SampleFacts(
        number=str(sample.pk),
        language=language,
        operator=operator.name_en if english and operator.name_en else operator.name,
        organization=organization.name_en if english and organization.name_en else organization.name,
        drawn_by=" ".join(part for part in (sample.drawn_by.title, sample.drawn_by.name) if part),
        drawn_at=sample.drawn_at,
        issued_at=at,
        authority_kind=authority_kind(),
        conditions=tuple((label, value) for label, value in sample.conditions),
        population=sample.population,
        population_sha256=bytes(sample.population_sha256).hex(),
        seed=bytes(sample.seed).hex(),
        contracts=tuple(_contract(item, language) for item in items),
        checkpoint=checkpoint,
    )


def _contract(item: SampleItem, language: Literal["ja", "en"]) -> SampledContract:
    record = item.record
    why = next((one["why"] for one in item.judged if "why" in one), "")
    return SampledContract(
        number=record.number,
        title=record.title,
        counterparty=record.counterparty,
        certificate=record.certificate_number,
        concluded_at=record.concluded_at,
        files=tuple(_file(one, language) for one in item.judged if "sha256" in one),
        bundle=bytes(item.bundle_sha256).hex() if item.bundle_sha256 else NO_BUNDLE[language].format(why=why),
        sound=bool(item.sound),
    )


def _file(one: dict[str, Any], language: Literal["ja", "en"]) -> SampledFile:
    verdict = VERDICTS[language].get(one["verdict"], one["verdict"]) if one["filed"] else ALTERED[language]
    name = CERTIFICATE[language] if one.get("kind") == FileKind.CERTIFICATE else one["name"]
    return SampledFile(name, one["sha256"], verdict, sound=one["filed"] and one["verdict"] == "valid")


def _text(sample: Sample) -> SealText:
    operator = sample.organization.operator
    reason = "Audit sample report" if sample.language == "en" else "監査抽出報告書の発行 (Audit sample report)"
    return SealText(name=operator.name, reason=reason, contact=operator.mail, location=operator.name)
