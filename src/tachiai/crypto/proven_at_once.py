"""B-LTA of a file with one document timestamp, asked once for the file instead of once for each signature.

pyHanko's ``ades_lta_validation`` validates the document timestamp, loads the store and builds every path anew for each signature, and
each signature's own timestamp twice. Under one stamp the answers to these questions are the same for all. So here they are put to
pyHanko's own steps, in the order of EN 319 102-1, 5.6.3.4, each once. Nothing is refused here: what is not proven at once is
doubtful, and the whole procedure has the word.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

from asn1crypto.crl import CertificateList
from asn1crypto.ocsp import OCSPResponse
from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed
from pyhanko.sign.validation.ades import (
    ades_basic_validation,
    ades_past_signature_validation,
    ades_timestamp_validation,
    ades_with_time_validation,
)
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import LocalKnowledge, SignatureValidationSpec, bootstrap_validation_data_handlers
from pyhanko.sign.validation.status import DocumentTimestampStatus, PdfSignatureStatus
from pyhanko_certvalidator.ltv.poe import POEManager, POEType
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer


async def doubtful(
    reader: PdfHandler,
    signatures: Sequence[EmbeddedPdfSignature],
    stamp: EmbeddedPdfSignature,
    *,
    spec: SignatureValidationSpec,
    timing: ValidationTimingInfo,
) -> Sequence[EmbeddedPdfSignature]:
    """Those of ``signatures`` that are not shown to be B-LTA under ``stamp``, which must cover all that ``reader`` sees.

    The integrity of all must have been computed. ``timing`` is the stamp's own moment.
    """
    # Step 1: what the file brings. The stamp is over all of it.
    material = Material.of(reader)
    spec = dataclasses.replace(spec, local_knowledge=material.knowledge())

    # Step 2: the stamp itself, from that material.
    stamped = await ades_timestamp_validation(
        stamp.signed_data,
        spec,
        stamp.compute_digest,
        timing_info=timing,
        extra_status_kwargs=stamp.summarise_integrity_info(),
        status_cls=DocumentTimestampStatus,
    )
    if stamped.ades_subindic is not AdESPassed.OK:
        return signatures

    # Step 3: so everything under it existed when it was made.
    poes = _existing(material, signatures, timing)

    # Step 4: each signature with its time, and whether that will still be shown when its certificate has run out.
    handlers = bootstrap_validation_data_handlers(spec, timing_info=timing, poe_manager_override=copy(poes))
    lasting: dict[bytes, bool] = {}
    doubts = []
    for deep in signatures:
        timed = await ades_with_time_validation(
            deep.signed_data,
            spec,
            timing_info=timing,
            raw_digest=deep.compute_digest(),
            validation_data_handlers=handlers,
            extra_status_kwargs=deep.summarise_integrity_info(),
            status_cls=PdfSignatureStatus,
        )
        # What lasts is a question about certificates: signatures that bring the same ones share the answer.
        brought = deep.signer_cert.dump() + deep.signed_data["certificates"].contents
        if timed.ades_subindic is AdESPassed.OK and brought not in lasting:
            lasting[brought] = await _lasts(deep, spec, poes, timing)
        if timed.ades_subindic is not AdESPassed.OK or not lasting[brought]:
            doubts.append(deep)
    return doubts


async def _lasts(deep: EmbeddedPdfSignature, spec: SignatureValidationSpec, poes: POEManager, timing: ValidationTimingInfo) -> bool:
    """Whether the signature would validate in the past, had its certificate run out by now (EN 319 102-1, 5.6.2.4).

    pyHanko's step finds no revocation list whose issuer has issued the certificate as well, and slides no further back than to the end of
    what it finds. So it is not the last word: a signature whose path was in force and shown to be unrevoked at the stamp's own time, by
    material that the stamp covers, had all that past validation asks for when that was proven.
    """
    later = await ades_past_signature_validation(
        deep.signed_data,
        spec,
        copy(poes),
        current_time_sub_indic=AdESIndeterminate.OUT_OF_BOUNDS_NO_POE,
        init_control_time=timing.validation_time,
    )
    if later is AdESPassed.OK:
        return True
    stood = await ades_basic_validation(deep.signed_data, spec, timing_info=timing, raw_digest=deep.compute_digest())
    return stood.ades_subindic is AdESPassed.OK


@dataclass(frozen=True)
class Material:
    """The document security store's contents, DER."""

    answers: tuple[bytes, ...]
    lists: tuple[bytes, ...]
    certificates: tuple[bytes, ...]

    @classmethod
    def of(cls, reader: PdfHandler) -> Material:
        """What ``reader`` sees, be it a file or an earlier state of one; nothing where there is no store."""
        try:
            store = DocumentSecurityStore.read_dss(reader)
        except NoDSSFoundError:
            return cls((), (), ())
        kinds = (store.ocsps, store.crls, store.certs.values())
        return cls(*(tuple(ref.get_object().data for ref in kind) for kind in kinds))

    def revoked_serials(self) -> Iterator[int]:
        """Serial numbers that any answer or list calls revoked, whoever has issued it, and whether or not it may be believed."""
        for answer in self.answers:
            response = OCSPResponse.load(answer)
            if response["response_status"].native == "successful":
                told = response.basic_ocsp_response["tbs_response_data"]["responses"]
                yield from (one["cert_id"]["serial_number"].native for one in told if one["cert_status"].name == "revoked")
        for held in self.lists:
            yield from (one["user_certificate"].native for one in CertificateList.load(held)["tbs_cert_list"]["revoked_certificates"] or ())

    def knowledge(self) -> LocalKnowledge:
        return LocalKnowledge(
            known_ocsps=[one for answer in self.answers for one in OCSPContainer.load_multi(OCSPResponse.load(answer))],
            known_crls=[CRLContainer(CertificateList.load(held)) for held in self.lists],
            known_certs=[Certificate.load(held) for held in self.certificates],
        )


def _existing(material: Material, signatures: Sequence[EmbeddedPdfSignature], timing: ValidationTimingInfo) -> POEManager:
    """Proofs that the store, the signatures, their certificates and their timestamps existed at the stamp's time."""
    poes = POEManager()
    held = [*material.answers, *material.lists, *material.certificates]
    for deep in signatures:
        tokens = list(extract_tst_data_iter(deep.signer_info, signed=False))
        for data in (deep.signed_data, *tokens):
            held += [choice.chosen.dump() for choice in data["certificates"]]
            held += [signer["signature"].native for signer in data["signer_infos"]]
    for one in held:
        poes.register(one, POEType.VALIDATION, timing.validation_time)
    return poes
