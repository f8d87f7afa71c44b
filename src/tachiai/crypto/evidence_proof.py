"""Until when one timestamp of an evidence record can be believed, and whether its certificates were revoked before that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

from tachiai.crypto import chains, cms, der, revocation_answers, sunsets
from tachiai.crypto.evidence_writing import OCSP_RESPONSE, proven_token
from tachiai.crypto.revocation_answers import Answer, UnusableAnswer
from tachiai.crypto.sunsets import Policy, Strength
from tachiai.crypto.timestamps import Token
from tachiai.errors import Refusal

# Before anything that is kept here was made.
_NEVER = date(1970, 1, 1)
_LIST_KIND, _OTHER_KIND = der.SEQUENCE, 0xA1


class Worth(NamedTuple):
    """``why`` names what ends at ``until``: a certificate's subject or an algorithm. ``revoked``: the subject that was, or empty."""

    until: datetime
    why: str
    proven: bool
    revoked: str


def worth(token: bytes, found: Token, *, digest: str, policy: Policy, moment: datetime) -> Worth:
    """What ``token`` (read as ``found``, over a tree of ``digest``) is worth to somebody who relies on it at ``moment``."""
    path = found.chain
    ends = [(chains.certificate(held).not_valid_after_utc, chains.name_text(chains.named(held).subject)) for held in _below_root(path)]
    ends += [(_end(strength, policy), strength.name) for strength in _strengths(token, path, digest)]
    until, why = min(ends)
    revoked, proven = _revocation(token, path, used=found.gen_time, moment=moment)
    return Worth(until, why, proven, revoked)


def _below_root(path: Sequence[bytes]) -> Sequence[bytes]:
    """A pinned root is trusted because it is pinned, for as long as it is (RFC 5280, 6.1); what it has issued runs out."""
    return path[:-1] or path


def _strengths(token: bytes, path: Sequence[bytes], digest: str) -> Iterable[Strength]:
    yield sunsets.of_digest(digest)
    yield sunsets.of_digest(cms.read_signed_data(token).signer.digest)
    for held in path:
        yield sunsets.of_key(chains.certificate(held).public_key())
    for held in path[:-1]:
        chosen = chains.certificate(held).signature_hash_algorithm
        yield sunsets.of_digest(chosen.name if chosen is not None else "")


def _end(strength: Strength, policy: Policy) -> datetime:
    era = policy.era(strength)
    return sunsets.end_of(era.verify_until if era else _NEVER)


def last_day(digest: str, policy: Policy) -> date:
    """The last day on which ``digest`` is believed."""
    era = policy.era(sunsets.of_digest(digest))
    return era.verify_until if era else _NEVER


def check_shape(token: bytes) -> None:
    """That what nobody signs in a SignerInfo is as RFC 5652, 5.3 has it; readers pass over it, so that it could say anything.

    Raises :class:`~tachiai.crypto.der.DerError`.
    """
    members = der.read(token).children()[1].only_child().children()
    version, identity, digest, _signed, algorithm = members[-1].only_child().children()[:5]
    if der.read_integer(version) != (1 if identity.tag == der.SEQUENCE else 3):
        raise der.DerError("a SignerInfo of another version")
    digest.expect(der.SEQUENCE)
    algorithm.expect(der.SEQUENCE)


def with_pool(token: bytes, pool: Sequence[bytes]) -> bytes:
    """``token`` with the certificates that a record keeps beside it, where it keeps any."""
    return proven_token(token, certificates=pool) if pool else token


# ------------------------------------------------------------------------------------------------- revocation


def _revocation(token: bytes, path: Sequence[bytes], *, used: datetime, moment: datetime) -> tuple[str, bool]:
    """Whom an answer that came with the token calls revoked by its time (RFC 3161, 4), and whether all others are called good."""
    held = _answers(token)
    proven = True
    for certificate, issuer in pairwise(path):
        found = [answer for one in held for answer in _usable(one, certificate, issuer, (used, moment))]
        for answer in found:
            try:
                revocation_answers.refuse_revoked(answer, certificate=certificate, proven=used)
            except Refusal:
                return chains.name_text(chains.named(certificate).subject), False
        proven = proven and bool(found)
    return "", proven


def _usable(held: tuple[bool, bytes], certificate: bytes, issuer: bytes, moments: Sequence[datetime]) -> Iterable[Answer]:
    """What an answer says of the certificate, if it was in force when the token was made or when it was relied upon."""
    is_list, answer = held
    read = revocation_answers.read_crl if is_list else revocation_answers.read_ocsp
    for moment in moments:
        try:
            yield read(answer, certificate=certificate, issuer=issuer, at=moment)
        except (UnusableAnswer, ValueError):
            continue
        return


def _answers(token: bytes) -> list[tuple[bool, bytes]]:
    """The lists (True) and OCSP responses (False) in a token's SignedData. Other forms are passed over."""
    members = der.read(token).children()[1].only_child().children()
    choices = next((member.children() for member in members[3:-1] if member.tag == 0xA1), [])
    found = []
    for choice in choices:
        parts = choice.children() if choice.tag == _OTHER_KIND else []
        if choice.tag == _LIST_KIND:
            found.append((True, choice.raw))
        elif len(parts) == 2 and der.read_oid(parts[0]) == OCSP_RESPONSE:
            found.append((False, parts[1].raw))
    return found
