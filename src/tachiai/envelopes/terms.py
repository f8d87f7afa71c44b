"""What a signer agrees to: the consent as it would be recorded, and everything the page that asks for it shows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import FilteredRelation, Q

from tachiai import ceremony
from tachiai.ceremony import ConsentText, Offer, Proposed, Shown
from tachiai.envelopes.entering import Blank, blanks_of
from tachiai.envelopes.filling import values_said
from tachiai.envelopes.identities import Circumstances, Identity
from tachiai.envelopes.models import Document, Recipient, Revision, RevisionKind
from tachiai.envelopes.places import meant_for
from tachiai.envelopes.wording import consent_text
from tachiai.prepared import Prepared, given

__all__ = ["Circumstances", "Terms", "personal_of", "terms_of", "view_of"]


@dataclass(frozen=True)
class Terms:
    """The consent that is asked for, and what is shown with it. A page shows nothing of an envelope but what is in ``view``."""

    proposed: Proposed
    documents: Sequence[Shown]
    text: ConsentText
    view: Mapping[str, Any]
    blanks: Sequence[Blank] = ()

    @property
    def lacking(self) -> list[Blank]:
        """The required fields that are empty: nobody agrees before they are filled."""
        return [blank for blank in self.blanks if blank.lacking]


def terms_of(held: Recipient, identity: Identity, circumstances: Circumstances, *, at: datetime, offer: Offer | None = None) -> Terms:
    """What ``held`` would agree to as the rows stand; with an ``offer``, the consent is the one that was offered, made again."""
    if offer is not None:
        circumstances = Circumstances(offer.address, offer.agent, offer.language)
    rows = _FROZEN.all(envelope=held.envelope_id, recipient=held.pk)
    documents = [_shown(*row[:4]) for row in rows]
    # Where nothing was laid in for this slot, nothing was entered, and nothing is asked for.
    blanks = blanks_of(held) if any(str(held.slot) in row[5] for row in rows) else []
    text = consent_text(held, language=circumstances.language)
    proposed = ceremony.propose(
        held.pk,
        envelope=held.envelope_id,
        slot=held.field,
        documents=documents,
        values=values_said(blank.entry for blank in blanks if blank.entry),
        text=text,
        level=identity.level,
        authentication=identity.authentication,
        personal=personal_of(held, circumstances),
        at=offer.at if offer else at,
        consent=offer.consent if offer else None,
        salt=offer.salt if offer else None,
    )
    return Terms(proposed, documents, text, view_of(held, [row[4] for row in rows], blanks, text), blanks)


def view_of(held: Recipient, names: Sequence[str], blanks: Sequence[Blank], text: ConsentText) -> dict[str, Any]:
    """What the page that asks shows of the envelope, the signer and what is entered; ``names`` are the documents."""
    envelope = held.envelope
    return {
        "envelope": envelope.name,
        "number": envelope.number,
        "sender": envelope.organization.name,
        "documents": list(names),
        "organization": held.organization_name,
        "title": held.title,
        "name": held.name,
        "mail": held.mail,
        "proof": held.proof,
        "words": text.words,
        "fields": [_field(blank) for blank in blanks],
    }


def _field(blank: Blank) -> dict[str, Any]:
    field = blank.field
    return {"number": blank.number, "kind": str(field.kind), "guide": field.guide, "text": blank.text, "required": field.required}


# Each document beside its frozen revision, and without one if that should be missing.
_FROZEN: Prepared[Any] = Prepared(
    lambda: (
        Document.objects.filter(meant_for(), envelope_id=given("envelope", Document, "envelope"))
        .annotate(frozen=FilteredRelation("revisions", condition=Q(revisions__kind=RevisionKind.FROZEN)))
        .order_by("position")
        .values_list("pk", "frozen__sha256", "frozen__size", "pages", "name", "laid")
    )
)


def _shown(document: uuid.UUID, sha256: bytes | None, size: int, pages: int) -> Shown:
    """The frozen revision: what everybody consents to, whoever has signed meanwhile."""
    if sha256 is None:
        raise Revision.DoesNotExist(f"the document {document} was never frozen")
    return Shown(document, bytes(sha256), size, pages)


def personal_of(recipient: Recipient, circumstances: Circumstances) -> dict[str, object]:
    """Who agreed, and from where."""
    return {
        "organization": recipient.organization_name,
        "title": recipient.title,
        "name": recipient.name,
        "mail": recipient.mail,
        "address": circumstances.address,
        "agent": circumstances.agent[:300],
    }
