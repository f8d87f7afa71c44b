"""A house whose timestamping authority, clock and files a test chooses, for evidence through the years."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.db import transaction

from cast import Cast
from crypto.evidence import Generation
from pki import key
from tachiai import archive, vault
from tachiai import work as work_room
from tachiai.archive import Filed, FiledFile
from tachiai.archive.evidence_work import do_evidence, plan_evidence
from tachiai.archive.models import EvidenceTask, FileKind, Record
from tachiai.crypto.keys import Credential
from tachiai.crypto.revocation import EmbeddedRevocation, Revocation
from tachiai.crypto.timestamps import Token
from tachiai.errors import Outage
from tachiai.sealing import stamping, verifying
from tachiai.work import Kind


@lru_cache(maxsize=8)
def responder(of: Generation) -> Credential:
    found = of.hierarchy
    return found.credential("OCSP", key("p256", 99), purpose=ExtendedKeyUsageOID.OCSP_SIGNING, since=of.start, until=of.end)


class Answers:
    """Says of every certificate of an authority that it is good: of the leaf by OCSP, of the intermediate by a list."""

    def __init__(self, by: Generation) -> None:
        self._by = by

    def gather(self, chains: list[tuple[bytes, ...]], *, after: datetime, at: datetime, used: object = None) -> Revocation:
        of = self._by.hierarchy
        source = EmbeddedRevocation(of.middle_der, responder=responder(self._by))
        listed = x509.CertificateRevocationListBuilder(of.root.subject, at - timedelta(hours=1), at + timedelta(days=30))
        crl = listed.sign(of.root_key, hashes.SHA256()).public_bytes(Encoding.DER)
        return Revocation((source.answer(chains[0][0], at=at),), (crl,), chains[0], fresh=True)


@dataclass
class Authority:
    """The authority the house asks now. ``away``: it does not answer; ``asked`` counts the tokens it gave."""

    generation: Generation
    away: bool = False
    asked: int = 0

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        if self.away:
            raise Outage("tsa.unreachable", "a test's authority")
        self.asked += 1
        return self.generation.stamper.timestamp(digest, at=at)


@dataclass
class EvidenceHouse:
    """The house, and how to let its clock work run at a given moment."""

    cast: Cast
    authority: Authority
    generations: tuple[Generation, ...]
    numbers: list[int] = field(default_factory=lambda: [0])

    @property
    def timestamper(self) -> Authority:
        return self.authority

    @property
    def roots(self) -> tuple[bytes, ...]:
        return ()

    @property
    def tsa_roots(self) -> tuple[bytes, ...]:
        return tuple(one.root for one in self.generations)

    @property
    def revocation(self) -> EvidenceHouse:
        return self

    def gather(self, chains: list[tuple[bytes, ...]], *, after: datetime, at: datetime, used: object = None) -> Revocation:
        by = next(one for one in self.generations if one.root == chains[0][-1])
        return Answers(by).gather(chains, after=after, at=at, used=used)

    def files(self, *contents: bytes, at: datetime) -> Record:
        """A record of these files, filed at ``at``."""
        self.numbers[0] += 1
        number = self.numbers[0]
        stored = [vault.put(data, kind="document") for data in contents]
        with transaction.atomic(durable=True):
            filed = [
                FiledFile(FileKind.DOCUMENT, f"契約書{place}.pdf", vault.keep(one, at=at), one.sha256, one.size)
                for place, one in enumerate(stored, 1)
            ]
            facts = (self.cast.clerk, f"SAK-{number:06d}", "架空の契約", f"EVID-ENCE-{number:04d}-TEST", None, "架空商事", None, at, False)
            return archive.admit(Filed(uuid.uuid4(), *facts, filed), stream="house", at=at)

    def run(self, at: datetime, *, plan: bool = True) -> int:
        """What the clock finds due at ``at``, done; how many rows were taken up."""
        if plan:
            plan_evidence(nightly=None, at=at)
        kind = Kind("evidence", EvidenceTask.objects.all, lambda task: do_evidence(task, now=lambda: at), batch=1)
        total = 0
        while done := work_room.drain(kind, now=lambda: at):
            total += done
        return total


def open_house(cast: Cast, patch: pytest.MonkeyPatch, *generations: Generation) -> EvidenceHouse:
    """A house that stamps by the first of ``generations`` and trusts them all."""
    house = EvidenceHouse(cast, Authority(generations[0]), generations)
    for module in (stamping, verifying):
        patch.setattr(module, "handles", lambda: house)
    return house
