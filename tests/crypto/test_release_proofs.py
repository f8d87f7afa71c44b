"""Whether a closed file proves itself: each way in which its own material may fall short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from crypto import pdfs
from crypto.gated import Gated, alone
from pki import MOMENT, Hierarchy, hierarchy, key
from tachiai.crypto import pades_verify, proofs, release
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.proofs import Store, Use, unproven
from tachiai.crypto.revocation import Chain, EmbeddedRevocation, Revocation
from tachiai.errors import Refusal

STAMPED = MOMENT + timedelta(days=1)


@pytest.fixture(scope="module")
def chain(authority: EmbeddedAuthority) -> tuple[bytes, ...]:
    return tuple(authority.seal_credential.whole_chain)


def answer(authority: EmbeddedAuthority, chain: Sequence[bytes], at: datetime = STAMPED, *, revoked: datetime | None = None) -> bytes:
    serial = x509.load_der_x509_certificate(chain[0]).serial_number
    known = {} if revoked is None else {serial: revoked}
    return EmbeddedRevocation(chain[-1], responder=authority.responder_credential, revoked=known).answer(chain[0], at=at)


def store(chain: Sequence[bytes], *ocsps: bytes, at: datetime = STAMPED, crls: Sequence[bytes] = ()) -> Store:
    return Store(at, frozenset(chain), tuple(ocsps), tuple(crls))


def why(chain: tuple[bytes, ...], *stores: Store, used: datetime = MOMENT, since: int = 0) -> str:
    found = unproven([Use("TachiaiHouse", chain, used, since)], stores)
    return "" if found is None else found.why


def test_a_chain_with_an_answer_in_force_is_proven(authority: EmbeddedAuthority, chain: tuple[bytes, ...]) -> None:
    assert why(chain, store(chain, answer(authority, chain))) == ""


def test_what_is_missing_is_named(authority: EmbeddedAuthority, chain: tuple[bytes, ...]) -> None:
    good = answer(authority, chain)
    assert why(chain, store(chain[:1], good)) == "a certificate is missing"
    assert why(chain, store(chain)).startswith("no answer in force about")
    assert why(chain) == "no document timestamp"
    assert why(chain, store(chain, good, *(b"%d" % n for n in range(3000)))) == "more answers than anybody needs"


def test_an_answer_must_be_in_force_when_it_was_stamped(authority: EmbeddedAuthority, chain: tuple[bytes, ...]) -> None:
    good = answer(authority, chain)
    for at in (STAMPED - timedelta(hours=1), STAMPED + timedelta(days=8)):
        assert why(chain, store(chain, good, at=at)).startswith("no answer in force about")
    # The clocks of responder and authority may differ by a little.
    assert why(chain, store(chain, good, at=STAMPED - timedelta(minutes=4))) == ""


def test_an_answer_about_another_certificate_proves_nothing(authority: EmbeddedAuthority, chain: tuple[bytes, ...]) -> None:
    other = answer(authority, authority.stamp_credential.whole_chain)
    assert why(chain, store(chain, other)).startswith("no answer in force about")


def test_an_answer_by_a_stranger_proves_nothing(
    authority: EmbeddedAuthority, stranger: EmbeddedAuthority, chain: tuple[bytes, ...]
) -> None:
    forged = EmbeddedRevocation(chain[-1], responder=stranger.responder_credential).answer(chain[0], at=STAMPED)
    torn = bytearray(answer(authority, chain))
    torn[-1] ^= 1
    for bad in (forged, bytes(torn), b"", b"\x30\x00"):
        assert why(chain, store(chain, bad)).startswith("no answer in force about")


def test_what_was_revoked_before_its_use_is_not_proven(authority: EmbeddedAuthority, chain: tuple[bytes, ...]) -> None:
    revoked = answer(authority, chain, revoked=MOMENT - timedelta(minutes=1))
    assert why(chain, store(chain, revoked)).startswith("key.revoked")
    # Nor does a good answer beside it help.
    assert why(chain, store(chain, answer(authority, chain), revoked)).startswith("key.revoked")


def test_what_was_signed_before_a_revocation_stays_signed(authority: EmbeddedAuthority, chain: tuple[bytes, ...]) -> None:
    revoked = answer(authority, chain, revoked=MOMENT + timedelta(hours=3))
    assert why(chain, store(chain, revoked)) == ""
    uses = [Use("TachiaiSlot001", chain, MOMENT, 0), Use("TachiaiSlot002", chain, MOMENT + timedelta(hours=4), 0)]
    missing = unproven(uses, [store(chain, revoked)])
    assert missing is not None
    assert missing.field == "TachiaiSlot002"


def test_only_timestamps_from_the_right_one_on_count(authority: EmbeddedAuthority, chain: tuple[bytes, ...]) -> None:
    good, none = store(chain, answer(authority, chain)), store(chain, at=STAMPED + timedelta(days=90))
    assert why(chain, good, none) == ""
    assert why(chain, good, none, since=1).startswith("no answer in force about")


# ------------------------------------------------------------------------------------------------------- lists


def revocation_list(tree: Hierarchy, *, by_root: bool, at: datetime = STAMPED, revoked: int | None = None) -> bytes:
    issuer, private = (tree.root, tree.root_key) if by_root else (tree.middle, tree.middle_key)
    draft = x509.CertificateRevocationListBuilder(issuer_name=issuer.subject, last_update=at, next_update=at + timedelta(days=7))
    if revoked is not None:
        draft = draft.add_revoked_certificate(x509.RevokedCertificateBuilder(revoked, MOMENT - timedelta(days=1)).build())
    return draft.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)


def test_lists_prove_a_longer_chain_each_for_its_own_link() -> None:
    tree = hierarchy(7)
    leaf = tree.leaf("架空電子契約株式会社", key("p256", 70))
    chain = (leaf.public_bytes(Encoding.DER), tree.middle_der, tree.root_der)
    both = [revocation_list(tree, by_root=flag) for flag in (True, False)]
    assert why(chain, store(chain, crls=both)) == ""
    for alone_ in both:
        assert why(chain, store(chain, crls=[alone_])).startswith("no answer in force about")
    listed = [both[0], revocation_list(tree, by_root=False, revoked=leaf.serial_number)]
    assert why(chain, store(chain, crls=listed)).startswith("key.revoked")
    late = [revocation_list(tree, by_root=flag, at=STAMPED + timedelta(hours=1)) for flag in (True, False)]
    assert why(chain, store(chain, crls=late)).startswith("no answer in force about")


# ------------------------------------------------------------------------------------------------ whole files


@dataclass(frozen=True)
class Doctored:
    """A revocation source whose answers are changed on their way into the file."""

    authority: EmbeddedAuthority
    age: timedelta = timedelta()

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None) -> Revocation:
        source = EmbeddedRevocation(self.authority.root.certificate, responder=self.authority.responder_credential)
        return source.gather(chains, after=after - self.age, at=at - self.age, used=used)


@pytest.mark.parametrize("judge", [release, pades_verify], ids=["release", "deep"])
def test_a_closing_on_answers_that_have_run_out_is_found_by_both(authority: EmbeddedAuthority, judge: object) -> None:
    from tachiai.crypto import pades

    gated, upload = Gated(authority), pdfs.plain()
    sealed = gated.seal(gated.freeze(upload))
    stale = Doctored(authority, age=timedelta(days=8))
    at = MOMENT + timedelta(days=9)
    made = pades.close(sealed, timestamper=gated.stamps, revocation=stale, roots=authority.roots, at=at)
    expected = gated.expected(upload, (1,), closed=True)
    with pytest.raises(Refusal, match=r"seal\.not_archival"):
        judge.verify(  # type: ignore[attr-defined]
            sealed + made.tail, expected=expected, roots=authority.roots, tsa_roots=authority.roots, at=at + timedelta(days=1)
        )


def test_a_stamp_that_has_aged_out_is_told_from_one_that_never_proved_anything(authority: EmbeddedAuthority) -> None:
    gated, upload = Gated(authority), pdfs.plain()
    closed, expected = gated.whole(upload), gated.expected(upload, (1,), closed=True)
    with alone():
        gated.verify(closed, expected, at=MOMENT + timedelta(days=4 * 365))
        with pytest.raises(Refusal, match=r"seal\.archive_expired") as caught:
            gated.verify(closed, expected, at=MOMENT + timedelta(days=6 * 365))
    assert caught.value.facts["since"] == authority.stamp_credential.not_after


def test_what_an_answer_says_is_read_once(authority: EmbeddedAuthority, chain: tuple[bytes, ...]) -> None:
    held = store(chain, answer(authority, chain))
    why(chain, held)
    before = proofs._told.cache_info()
    why(chain, held)
    after = proofs._told.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 1)
