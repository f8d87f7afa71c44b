"""The whole way of a contract in miniature, with keys made for the moment: can this very file be sealed and verified?

Asked of every file that arrives, so that what our sealer, our gate or the deep verifier cannot handle is normalised or refused then,
and not after people have signed. Nothing of the rehearsal is kept. It runs where the file is inspected: in a limited child.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tachiai.crypto import pades, planning, release
from tachiai.crypto.authority import issue
from tachiai.crypto.judgement import Expected
from tachiai.crypto.keys import Credential, credential_of
from tachiai.crypto.pades import SealText
from tachiai.crypto.pades_verify import verify, verify_structure
from tachiai.crypto.plans import Plan
from tachiai.crypto.revocation import EmbeddedRevocation
from tachiai.crypto.timestampers import EmbeddedTimestamper
from tachiai.errors import Refusal

# Everything about a rehearsal is made up, its time as well: the same file gives the same outcome on every day.
_AT = datetime(2025, 1, 1, tzinfo=UTC)
_TEXT = SealText(name="rehearsal", reason="rehearsal")
_CONSENT = bytes(32)


@dataclass(frozen=True)
class _Cast:
    root: bytes
    seal: Credential
    stamper: EmbeddedTimestamper
    revocation: EmbeddedRevocation


def rehearse(pdf: bytes, *, plan: Plan | None = None) -> bool:
    """Freeze, seal, close and verify ``pdf``; tell whether the house may certify it (False: others have signed it).

    Refuses as :func:`~tachiai.crypto.pades.freeze`, and ``file.unwritable`` (with the ``why`` of a judge) when either judge would
    not let the result out.
    """
    known = plan or planning.plan(pdf)
    certifies = not known.signed  # freezing refuses a file that is locked
    cast = _cast()
    made = pades.freeze(pdf, slots=[1], credential=cast.seal, timestamper=cast.stamper, text=_TEXT, at=_AT, plan=known)
    try:
        _go_on(pdf, made, cast, certifies=certifies, thorough=known.signed or known.store is not None)
    except Refusal as refused:
        raise Refusal("file.unwritable", why=refused.code, detail=refused.facts) from refused
    return certifies


def _go_on(pdf: bytes, frozen: pades.Made, cast: _Cast, *, certifies: bool, thorough: bool) -> None:
    """Seal and close, each step before the gate, and the finished file before the deep verifier.

    Who signed and what the store proves is the same in every file, so the deep verifier's hardest work is asked for (``thorough``)
    only where signatures or validation data have come along.
    """
    upload = (len(pdf), hashlib.sha256(pdf).digest())
    held = pdf + frozen.tail
    _pass_gate(held, Expected(certifies, {}, False, *upload), cast)
    made = pades.seal(
        held, slot=1, credential=cast.seal, timestamper=cast.stamper, text=_TEXT, consent_digest=_CONSENT, at=_AT, plan=frozen.plan
    )
    held += made.tail
    _pass_gate(held, Expected(certifies, {1: _CONSENT}, False, *upload), cast)
    held += pades.close(held, timestamper=cast.stamper, revocation=cast.revocation, roots=[cast.root], at=_AT, plan=made.plan).tail
    expected = Expected(certifies, {1: _CONSENT}, True, *upload)
    _pass_gate(held, expected, cast)
    verify_structure(held, expected=expected)
    if thorough:
        verify(held, expected=expected, roots=[cast.root], tsa_roots=[cast.root], at=_AT)


def _pass_gate(held: bytes, expected: Expected, cast: _Cast) -> None:
    release.verify(held, expected=expected, roots=[cast.root], tsa_roots=[cast.root], at=_AT)


@lru_cache(maxsize=1)
def _cast() -> _Cast:
    """A root and three leaves of it: seal, timestamps, OCSP answers. P-256, because making such keys costs nothing.

    They are kept as long as the process lives: no one trusts them, whoever may come to know them.
    """
    root_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tachiai rehearsal")])
    # Longer than an OCSP answer lives, because the deep verifier judges a chain at the end of its answers' validity.
    span = timedelta(days=400)
    root = issue(name, root_key.public_key(), issuer=name, issuer_key=root_key, at=_AT, validity=span, authority=True)

    def leaf(label: str, purpose: x509.ObjectIdentifier | None = None) -> Credential:
        key = ec.generate_private_key(ec.SECP256R1())
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label)])
        made = issue(own, key.public_key(), issuer=name, issuer_key=root_key, at=_AT, validity=span, purpose=purpose)
        return credential_of(key, [c.public_bytes(Encoding.DER) for c in (made, root)], label=label)

    known = root.public_bytes(Encoding.DER)
    return _Cast(
        root=known,
        seal=leaf("seal"),
        stamper=EmbeddedTimestamper(leaf("stamp", ExtendedKeyUsageOID.TIME_STAMPING)),
        revocation=EmbeddedRevocation(known, responder=leaf("answer", ExtendedKeyUsageOID.OCSP_SIGNING)),
    )
