"""Erasing a person (個人情報の消去): what the house knows of them by their mail address, as far as no contract needs it.

A concluded contract keeps its evidence until its retention ends, and an envelope under way needs its people; both are told, not touched.
A registration or a login that is still in use has to be revoked first: taking the name away would not.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tachiai import archive, ceremony, counterparties, ledger, outbox
from tachiai.accounts.models import Member
from tachiai.administration.forgetting import forget_login
from tachiai.counterparties.models import Registration, RegistrationState
from tachiai.envelopes.approval_models import Approval
from tachiai.envelopes.asking_copies import forget_requests
from tachiai.envelopes.entering import forget_entries
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.seal_images import forget_images
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal

# What tells of a search: the words searched for may be a person's name.
SEARCHES = ("sample.drawn", "list.exported")
ENDED = (EnvelopeState.DECLINED, EnvelopeState.WITHDRAWN, EnvelopeState.EXPIRED)
ERASED = "（消去済み）"


@dataclass(frozen=True)
class Known:
    """What the house knows of an address. ``erasable`` and ``kept`` are streams with their entries; ``names`` are those of the rows;
    ``in_use`` says what must end first."""

    mail: str
    erasable: dict[str, list[ledger.Mention]]
    kept: dict[str, list[ledger.Mention]]
    places: list[Recipient]
    names: set[str]
    in_use: list[str]


def known_of(mail: str) -> Known:
    """Everything that is known of ``mail``. Refuses with ``person.unknown``."""
    members = list(Member.objects.filter(mail__iexact=mail))
    places = list(Recipient.objects.filter(mail__iexact=mail).select_related("envelope"))
    registrations = list(Registration.objects.filter(mail__iexact=mail))
    ids = [str(row.pk) for row in (*members, *places, *registrations)]
    streams: dict[str, list[ledger.Mention]] = defaultdict(list)
    names = {*(row.name for row in members), *(row.name for row in places), *(row.name for row in registrations)} - {ERASED}
    for one in {*ledger.mentions([mail], ids), *ledger.mentions(names, (), events=SEARCHES)}:
        streams[one.stream].append(one)
    if not ids and not streams:
        raise Refusal("person.unknown", mail=mail)
    open_streams = _needed(streams)
    return Known(
        mail=mail,
        erasable={name: sorted(found) for name, found in streams.items() if name not in open_streams},
        kept={name: found for name, found in streams.items() if name in open_streams},
        places=[place for place in places if place.envelope.state in ENDED],
        names=names,
        in_use=[*_logins(members), *_filings(registrations)],
    )


def _needed(streams: Iterable[str]) -> set[str]:
    """The streams of envelopes that are concluded or under way."""
    ids = {uuid.UUID(name.removeprefix("envelope:")) for name in streams if name.startswith("envelope:")}
    needed = Envelope.objects.filter(pk__in=ids).exclude(state__in=ENDED)
    return {envelope.stream for envelope in needed}


def _logins(members: Iterable[Member]) -> list[str]:
    return [f"login {member.pk}" for member in members if member.is_active]


def _filings(registrations: Iterable[Registration]) -> list[str]:
    return [f"registration {row.number}" for row in registrations if row.state != RegistrationState.REVOKED]


def erase_person(mail: str, *, reason: str, at: datetime) -> Known:
    """Erase what :func:`known_of` found erasable, stream by stream, each on record; gives what was found before.

    Refuses with ``person.in_use`` while a login or a registration of this address is in use, and with ``person.unknown``.
    """
    known = known_of(mail)
    if known.in_use:
        raise Refusal("person.in_use", what=", ".join(known.in_use))
    places = defaultdict(list)
    for place in known.places:
        places[place.envelope.stream].append(place)
    for stream in sorted(known.erasable.keys() | places.keys()):
        numbers = [one.number for one in known.erasable.get(stream, [])]
        with transaction.atomic(durable=True):
            ledger.erase_personal(stream, numbers, reason=reason, by=ledger.Actor("operator"), at=at)
            for place in places.get(stream, []):
                _erase_place(place)
            outbox.forget_mails(stream, to=mail)
    with transaction.atomic(durable=True):
        _erase_rows(mail)
        archive.forget_conditions({mail, *known.names}, instead=ERASED)
    return known


def _erase_rows(mail: str) -> None:
    """Logins and registrations that are no longer in use: the rows stay, because others refer to them, and are nobody's."""
    for member in Member.objects.filter(mail__iexact=mail):
        forget_login(member)
        forget_images(member)
        Member.objects.filter(pk=member.pk).update(department="", **_nobody(member.pk))
    counterparties.forget_person(mail)
    forget_requests(mail, instead=ERASED)
    for registration in Registration.objects.filter(mail__iexact=mail):
        ceremony.forget_credentials(registration.pk)
        Registration.objects.filter(pk=registration.pk).update(**_nobody(registration.pk))


def _nobody(pk: uuid.UUID) -> dict[str, str]:
    return {"name": ERASED, "mail": f"erased-{pk}@invalid.example", "title": "", "phone": ""}


def _erase_place(place: Recipient) -> None:
    """A place in the order of an envelope that ended without a contract: the place stays, the person is nobody."""
    Recipient.objects.filter(pk=place.pk).update(title="", name=ERASED, mail=f"erased-{place.pk}@invalid.example", reason="", address=None)
    forget_entries([place.pk])
    Approval.objects.filter(envelope=place.envelope_id).update(salt=None)
    consent = ceremony.consent_of(place.pk)
    if consent is not None:
        ceremony.forget_personal(consent)
