"""Records with files whose proof ends when a test wants it to; their bytes are nothing that anybody could verify."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from tachiai import archive, vault
from tachiai.accounts.models import Member
from tachiai.archive.models import FileKind, Record
from tachiai.crypto.longevity import Cause, Longevity
from tachiai.crypto.sunsets import Strength

CONCLUDED = timedelta(days=400)


def proof(until: datetime, *, cause: Cause = "timestamp_certificate", weakest: str = "RSA-3072") -> Longevity:
    return Longevity(
        until - timedelta(days=3000),
        "CN=架空タイムスタンプ局, C=JP",
        until,
        cause,
        Strength(weakest, 128),
        until - timedelta(days=365),
        1,
    )


def file_record(
    owner: Member,
    number: str,
    *proofs: Longevity | None,
    at: datetime,
    title: str = "庁舎清掃業務委託契約",
    counterparty: str = "架空商事株式会社",
) -> Record:
    """A record with one document for each of ``proofs``; None: nobody has looked yet."""
    with transaction.atomic():
        stored = [vault.put(f"{number} {place}".encode(), kind="document") for place in range(len(proofs))]
        blobs = [vault.keep(one, at=at) for one in stored]
        files = [
            archive.FiledFile(FileKind.DOCUMENT, f"文書{place}", blob, blob.pk.bytes * 2, 100, found)
            for place, (blob, found) in enumerate(zip(blobs, proofs, strict=True), 1)
        ]
        filed = archive.Filed(
            origin=uuid.uuid4(),
            owner=owner,
            number=number,
            title=title,
            certificate_number=f"TEST-{number}"[:24],
            transaction_date=None,
            counterparty=counterparty,
            amount=None,
            concluded_at=at - CONCLUDED,
            accredited=False,
            files=files,
        )
        return archive.admit(filed, stream=f"organization:{owner.organization_id}", at=at)
