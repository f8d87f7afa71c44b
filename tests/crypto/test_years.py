"""Seals through the years: what stands when certificates have run out, what is renewed, and what is too late."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from crypto import pdfs
from crypto.contract import Contract
from generations import Line, day, root_key_of, three
from pki import MOMENT
from tachiai.crypto import library_clock, long_term, pades, pades_verify, release
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.judgement import Expected, Report
from tachiai.crypto.pades_verify import examine
from tachiai.crypto.revocation import Chain, Known, Revocation, RevocationSource, collected, questions, read_crl
from tachiai.errors import Refusal

YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def upload() -> bytes:
    return pdfs.plain(pages=2)


@pytest.fixture(scope="module")
def closed(contract: Contract, upload: bytes) -> bytes:
    return contract.whole(upload, (1, 2))


def test_a_closed_file_stands_until_its_last_timestamp_ages_out(contract: Contract, upload: bytes, closed: bytes) -> None:
    expected = contract.expected(upload, (1, 2), closed=True)
    contract.verify(closed, expected, at=MOMENT + 4 * YEAR)
    with pytest.raises(Refusal, match=r"seal\.archive_expired") as caught:
        contract.verify(closed, expected, at=MOMENT + 6 * YEAR)
    assert caught.value.facts["since"] == contract.authority.stamp_credential.not_after


def test_the_public_is_told_that_renewal_was_missed(contract: Contract, closed: bytes) -> None:
    roots = contract.authority.roots
    assert examine(closed, roots=roots, tsa_roots=roots, at=MOMENT + 4 * YEAR).sound
    late = examine(closed, roots=roots, tsa_roots=roots, at=MOMENT + 6 * YEAR)
    assert (late.sound, late.problems) == (False, ("archive_expired",))


def test_closing_again_only_appends_and_the_file_stands_as_before(contract: Contract, upload: bytes, closed: bytes) -> None:
    renewed = contract.close(closed, at=MOMENT + timedelta(days=90))
    assert renewed.startswith(closed)
    report = contract.verify(renewed, contract.expected(upload, (1, 2), closed=True), at=MOMENT + 2 * YEAR)
    assert [row.kind for row in report.rows][-2:] == ["timestamp", "timestamp"]
    assert [row.level for row in report.rows[:3]] == ["B-LTA"] * 3
    assert report.rows[-1].gen_time == MOMENT + timedelta(days=90)


def test_a_seal_without_closing_is_judged_at_its_timestamp(contract: Contract, upload: bytes) -> None:
    sealed = contract.seal(contract.freeze(upload))
    contract.verify(sealed, contract.expected(upload, (1,)), at=MOMENT + 4 * YEAR)


def test_nothing_is_sealed_with_a_certificate_that_has_run_out(contract: Contract, upload: bytes) -> None:
    from tachiai.errors import Outage

    with pytest.raises(Outage, match="is not valid at"):
        contract.freeze(upload, at=MOMENT + 6 * YEAR)


# ------------------------------------------------------------------------------------- twenty-five years, three authorities


@pytest.fixture(scope="module")
def line() -> Line:
    return three()


@pytest.fixture(scope="module")
def of_2026(line: Line, upload: bytes) -> bytes:
    """Sealed by two signers and closed in June 2026, by the first generation's seal and stamps."""
    first = Contract(line.generations[0])
    held = first.freeze(upload, (1, 2), at=day(2026, 6))
    for slot in (1, 2):
        held = first.seal(held, slot, at=day(2026, 6, 1 + slot))
    return close(held, line, 1, at=day(2026, 6, 10))


def close(pdf: bytes, line: Line, number: int, *, at: datetime) -> bytes:
    stamps = line.generations[number - 1].timestamper
    return pdf + pades.close(pdf, timestamper=stamps, revocation=line.revocation, roots=line.roots, at=at).tail


def renew(pdf: bytes, line: Line, number: int, *, at: datetime, source: RevocationSource | None = None) -> bytes:
    stamps = line.generations[number - 1].timestamper
    return pdf + pades.renew(pdf, timestamper=stamps, revocation=source or line.revocation, roots=line.roots, at=at).tail


def judged(pdf: bytes, upload: bytes, line: Line, *, at: datetime) -> list[Report]:
    """By both judges, and as the public sees it. Refuses as they do; both must refuse alike."""
    expected = Contract(line.generations[0]).expected(upload, (1, 2), closed=True)
    seen = examine(pdf, roots=line.roots, tsa_roots=line.roots, at=at)
    found = [verdict(judge, pdf, expected, line, at) for judge in (release.verify, pades_verify.verify)]
    codes = {report.code if isinstance(report, Refusal) else "" for report in found}
    assert len(codes) == 1, f"the judges differ: {codes}"
    assert ({f"seal.{code}" for code in seen.problems} or {""}) == codes
    for report in found:
        if isinstance(report, Refusal):
            raise report
    return [*[report for report in found if isinstance(report, Report)], seen]


def verdict(judge: Callable[..., Report], pdf: bytes, expected: Expected, line: Line, at: datetime) -> Report | Refusal:
    try:
        return judge(pdf, expected=expected, roots=line.roots, tsa_roots=line.roots, at=at)
    except Refusal as refusal:
        return refusal


def test_twenty_five_years(line: Line, upload: bytes, of_2026: bytes) -> None:
    judged(of_2026, upload, line, at=day(2031))
    # Renewed before the first authority ends (2036), by the second, which has begun in 2030.
    second = renew(of_2026, line, 2, at=day(2035))
    for year in (2035, 2037, 2046):
        judged(second, upload, line, at=day(year, 1, 2))
    # And again before the second ends (2047), by the third.
    third = renew(second, line, 3, at=day(2046))
    for year in (2046, 2051, 2057):
        for report in judged(third, upload, line, at=day(year, 1, 2)):
            assert [row.kind for row in report.rows] == ["certification", "signature", "signature", *["timestamp"] * 3]
            assert {row.level for row in report.rows[:3]} == {"B-LTA"}
    assert third.startswith(second)
    assert second.startswith(of_2026)


def test_without_renewal_it_fails_when_the_authority_ends(line: Line, upload: bytes, of_2026: bytes) -> None:
    judged(of_2026, upload, line, at=day(2036))
    for year in (2037, 2046, 2051):
        with pytest.raises(Refusal, match=r"seal\.archive_expired") as caught:
            judged(of_2026, upload, line, at=day(year))
        assert caught.value.facts["since"] == day(2036)
    # One renewal is not enough for ever.
    second = renew(of_2026, line, 2, at=day(2035))
    with pytest.raises(Refusal, match=r"seal\.archive_expired") as caught:
        judged(second, upload, line, at=day(2051))
    assert caught.value.facts["since"] == day(2047)


def test_renewal_is_refused_when_it_comes_too_late(line: Line, of_2026: bytes) -> None:
    with pytest.raises(Refusal, match=r"seal\.archive_expired"):
        renew(of_2026, line, 2, at=day(2036, 1, 2))


class Lists:
    """Lists by the root itself, which go on being issued after its leaves have ended."""

    def __init__(self, authorities: Sequence[EmbeddedAuthority], *, at: datetime | None = None) -> None:
        self._authorities, self._at = {one.root.certificate: one for one in authorities}, at

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None) -> Revocation:
        known = {held: self._known(held, issuer, self._at or at) for held, issuer in questions(chains)}
        return collected(chains, known, after=after, used=used)

    def _known(self, held: bytes, issuer: bytes, at: datetime) -> Known:
        authority = self._authorities[issuer]
        root = x509.load_der_x509_certificate(issuer)
        draft = x509.CertificateRevocationListBuilder(root.subject).last_update(at).next_update(at + timedelta(days=30))
        made = draft.sign(root_key_of(authority), hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]
        return Known((read_crl(made, certificate=held, issuer=issuer, at=at),), asked=at, offered=False)


def test_a_stamp_after_the_end_restores_nothing(line: Line, upload: bytes, of_2026: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    # Somebody stamps all the same, with lists that still say nothing against the ended certificate.
    monkeypatch.setattr(long_term, "_last_stamp", unhurried(long_term._last_stamp, day(2035)))
    late = renew(of_2026, line, 2, at=day(2036, 1, 2), source=Lists(line.generations))
    with pytest.raises(Refusal, match=r"seal\.not_archival"):
        judged(late, upload, line, at=day(2037))
    # The same in time is good.
    judged(renew(of_2026, line, 2, at=day(2035, 12, 30), source=Lists(line.generations)), upload, line, at=day(2037))


def unhurried(last_stamp: Callable[..., object], at: datetime) -> Callable[..., object]:
    return lambda pdf, plan, **how: last_stamp(pdf, plan, **{**how, "at": at})


def test_renewing_asks_about_the_last_stamp_alone(line: Line, of_2026: bytes) -> None:
    asked: list[bytes] = []

    class Noting:
        def gather(self, chains: Sequence[Chain], **how: object) -> Revocation:
            asked.extend(chain[0] for chain in chains)
            return line.revocation.gather(chains, **how)  # type: ignore[arg-type]

    renew(of_2026, line, 2, at=day(2035), source=Noting())
    first, second = (one.stamp_credential.certificate for one in line.generations[:2])
    assert set(asked) == {first, second}


def test_renewing_what_is_not_closed_is_refused(line: Line, upload: bytes) -> None:
    frozen = Contract(line.generations[0]).freeze(upload, (1, 2), at=day(2026, 6))
    for held, code in ((frozen, "seal.not_archival"), (upload, "seal.no_signature")):
        with pytest.raises(Refusal) as caught:
            renew(held, line, 2, at=day(2030, 6))
        assert caught.value.code == code


def test_a_revocation_told_of_only_later_is_seen(line: Line, upload: bytes, of_2026: bytes) -> None:
    """The seal's key was lost before it signed, and its authority said so only after the closing."""
    first = line.generations[0]
    held = first.seal_credential.certificate
    serial = x509.load_der_x509_certificate(held).serial_number
    telling = type(first.revocation_source)(first.root.certificate, responder=first.responder_credential, revoked={serial: day(2026, 5)})

    class Telling:
        def gather(self, chains: Sequence[Chain], *, at: datetime, **how: object) -> Revocation:
            found = line.revocation.gather(chains, at=at, **how)  # type: ignore[arg-type]
            return Revocation((*found.ocsps, telling.answer(held, at=at)), found.crls, found.certs, fresh=True)

    renewed = renew(of_2026, line, 2, at=day(2030, 6), source=Telling())
    seen = examine(renewed, roots=line.roots, tsa_roots=line.roots, at=day(2031))
    assert seen.problems == ("not_archival",)


def test_the_library_is_told_the_time() -> None:
    from pyhanko_certvalidator.ltv.poe import POEManager, POEType

    with library_clock.as_of(day(2046)):
        assert POEManager().register(b"something", POEType.VALIDATION).poe_time == day(2046)
        with library_clock.as_of(day(2051)):
            assert POEManager()[b"something"] == day(2051)
    assert abs(POEManager()[b"something"] - datetime.now(UTC)) < timedelta(minutes=5)
