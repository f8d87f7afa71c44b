"""The whole way of a contract in miniature, with keys made for the moment: can this very file be sealed and verified?

Asked when a file arrives, so that what our sealer or verifier cannot handle is normalised or refused then, and not after people
have signed. Nothing of the rehearsal is kept.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tachiai.crypto import pades, planning
from tachiai.crypto.authority import issue
from tachiai.crypto.keys import Credential, credential_of
from tachiai.crypto.pades import SealText
from tachiai.crypto.pades_verify import Expected, verify
from tachiai.crypto.revocation import EmbeddedRevocation
from tachiai.crypto.timestampers import EmbeddedTimestamper
from tachiai.errors import Refusal

_TEXT = SealText(name="rehearsal", reason="rehearsal")
_CONSENT = bytes(32)


def rehearse(pdf: bytes, *, at: datetime) -> bool:
    """Freeze, seal, close and verify ``pdf``; tell whether the house may certify it (False: others have signed it).

    Refuses as :func:`~tachiai.crypto.pades.freeze`, and ``file.unwritable`` (with the ``why`` of the gate) when the result
    would not pass the gate. ``at`` must not lie in the future.
    """
    root, seal, stamp, answer = _cast(at)
    stamper = EmbeddedTimestamper(stamp)
    plan = planning.plan(pdf)
    certifies = not plan.signed  # freezing refuses a file that is locked
    made = pades.freeze(pdf, slots=[1], credential=seal, timestamper=stamper, text=_TEXT, at=at, plan=plan)
    held = pdf + made.tail
    try:
        made = pades.seal(held, slot=1, credential=seal, timestamper=stamper, text=_TEXT, consent_digest=_CONSENT, at=at, plan=made.plan)
        held += made.tail
        source = EmbeddedRevocation(root, responder=answer)
        held += pades.close(held, timestamper=stamper, revocation=source, roots=[root], at=at, plan=made.plan).tail
        expected = Expected(certifies, {1: _CONSENT}, True, len(pdf), hashlib.sha256(pdf).digest())
        verify(held, expected=expected, roots=[root], tsa_roots=[root], at=at)
    except Refusal as refused:
        raise Refusal("file.unwritable", why=refused.code, detail=refused.facts) from refused
    return certifies


def rehearse_job(pdf: bytes, options: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The rehearsal of a stranger's file, in a limited child behind ``tachiai.pages.chamber``."""
    return {"certifies": rehearse(pdf, at=datetime.fromisoformat(options["at"]))}, b""


def _cast(at: datetime) -> tuple[bytes, Credential, Credential, Credential]:
    """A root and three leaves of it: seal, timestamps, OCSP answers. P-256, because making such keys costs nothing."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tachiai rehearsal")])
    # Longer than an OCSP answer lives, because the deep verifier judges a chain at the end of its answers' validity.
    span = timedelta(days=400)
    root = issue(name, root_key.public_key(), issuer=name, issuer_key=root_key, at=at, validity=span, authority=True)

    def leaf(label: str, purpose: x509.ObjectIdentifier | None) -> Credential:
        key = ec.generate_private_key(ec.SECP256R1())
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label)])
        made = issue(own, key.public_key(), issuer=name, issuer_key=root_key, at=at, validity=span, purpose=purpose)
        return credential_of(key, [c.public_bytes(Encoding.DER) for c in (made, root)], label=label)

    return (
        root.public_bytes(Encoding.DER),
        leaf("seal", None),
        leaf("stamp", ExtendedKeyUsageOID.TIME_STAMPING),
        leaf("answer", ExtendedKeyUsageOID.OCSP_SIGNING),
    )
