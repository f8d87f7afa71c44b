"""B-LTA of a file with several document timestamps, each of which proves what lies beneath it at its own time.

pyHanko's whole procedure first judges every signature at the time of the last timestamp. A certificate that was still in force then, but
about which nobody had asked since the closing, is an error to it and no question about the past; and a signature's own timestamp is
lost once two authorities have followed one another. So the proof is taken as it was laid down (EN 319 102-1, 5.6.3.4): each timestamp at
the moment of its successor, the last at its own, and the signatures at the moment of the first that covers them, from what was there
then. A later answer cannot add to that proof, but it can take from it: one that speaks of a revocation makes doubtful whatever it may be
about. Nothing is refused here: what is not proven in turn is doubtful, and the whole procedure has the word.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_timestamp_validation
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import SignatureValidationSpec
from pyhanko.sign.validation.status import DocumentTimestampStatus
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo

from tachiai.crypto import proven_at_once
from tachiai.crypto.proven_at_once import Material
from tachiai.crypto.reading import Reader


async def doubtful(
    reader: Reader, signatures: Sequence[EmbeddedPdfSignature], stamps: Sequence[EmbeddedPdfSignature], *, spec: SignatureValidationSpec
) -> Sequence[EmbeddedPdfSignature]:
    """Those of ``signatures`` not shown to be B-LTA under ``stamps``, which are in order, and the last of which covers the whole file.

    The integrity of all must have been computed.
    """
    # Step 1: the chain of stamps. Each must have stood when the next was made; what comes later is too late.
    for stamp, follower in zip(stamps, (*stamps[1:], stamps[-1]), strict=True):
        beneath = Material.of(reader.get_historical_resolver(follower.signed_revision))
        if not await _stands(stamp, dataclasses.replace(spec, local_knowledge=beneath.knowledge()), at=_stated_time(follower)):
            return signatures

    # Step 2: each signature under the first stamp that covers it, from what lay beneath that stamp.
    doubts: list[EmbeddedPdfSignature] = []
    for first, covered in _by_stamp(signatures, stamps):
        if first is None:
            doubts += covered
            continue
        view = reader.get_historical_resolver(first.signed_revision)
        doubts += await proven_at_once.doubtful(view, covered, first, spec=spec, timing=_timing(_stated_time(first)))

    # Step 3: what was heard since. Who says it, and since when, is for the whole procedure to find out.
    revoked = frozenset(Material.of(reader).revoked_serials())
    if any(_serials(stamp) & revoked for stamp in stamps):
        return signatures
    return [deep for deep in signatures if deep in doubts or _serials(deep) & revoked]


async def _stands(stamp: EmbeddedPdfSignature, spec: SignatureValidationSpec, *, at: datetime) -> bool:
    result = await ades_timestamp_validation(
        stamp.signed_data,
        spec,
        stamp.compute_digest,
        timing_info=_timing(at),
        extra_status_kwargs=stamp.summarise_integrity_info(),
        status_cls=DocumentTimestampStatus,
    )
    return result.ades_subindic is AdESPassed.OK


def _by_stamp(
    signatures: Sequence[EmbeddedPdfSignature], stamps: Sequence[EmbeddedPdfSignature]
) -> list[tuple[EmbeddedPdfSignature | None, list[EmbeddedPdfSignature]]]:
    """The signatures by the first stamp over them; None for those that no stamp is over."""
    found: dict[int, list[EmbeddedPdfSignature]] = {}
    for deep in signatures:
        place = next((number for number, stamp in enumerate(stamps) if stamp.signed_revision > deep.signed_revision), -1)
        found.setdefault(place, []).append(deep)
    return [(None if place < 0 else stamps[place], beneath) for place, beneath in found.items()]


def _serials(deep: EmbeddedPdfSignature) -> set[int]:
    """The serial numbers of all certificates that a signature and its timestamp bring."""
    held = [deep.signed_data, *extract_tst_data_iter(deep.signer_info, signed=False)]
    return {choice.chosen.serial_number for data in held for choice in data["certificates"]}


def _stated_time(stamp: EmbeddedPdfSignature) -> datetime:
    stated: datetime = stamp.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
    return stated


def _timing(at: datetime) -> ValidationTimingInfo:
    return ValidationTimingInfo(validation_time=at, best_signature_time=at, point_in_time_validation=True)
