"""Using a template: a draft with its files, its people chosen, everything described and the fields in their places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from tachiai import vault
from tachiai.accounts.models import Member
from tachiai.counterparties.models import Registration
from tachiai.counterparties.usable import usable_registrations
from tachiai.envelopes.access import may_send
from tachiai.envelopes.addressing import Place, Typed, check_places, may_be_named
from tachiai.envelopes.arranging import rename_documents
from tachiai.envelopes.candidates import own_people
from tachiai.envelopes.drafting import Description, address_envelope, create_envelope, describe_envelope
from tachiai.envelopes.duplicating import add_again
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Document, Envelope, Gate
from tachiai.envelopes.placing import place_fields
from tachiai.envelopes.template_models import Template, TemplateFile
from tachiai.envelopes.templates import files_of
from tachiai.envelopes.templates_shape import Role, roles_of, spots_of
from tachiai.errors import Refusal

Who = Registration | Member | Typed


@dataclass(frozen=True)
class Used:
    """What became of a template. ``held``: files the sender is asked about first; ``unplaced``: fields that found no room."""

    envelope: Envelope
    held: int
    unplaced: int


def still_open(template: Template, *, by: Member) -> list[tuple[int, Role]]:
    """The places for which somebody has to be chosen, by number: open ones, and those whose own person cannot be named now."""
    staying = _staying(template, by=by)
    return [(number, role) for number, role in enumerate(roles_of(template)) if number not in staying]


def _staying(template: Template, *, by: Member) -> dict[int, Who]:
    """Who stays in which place, as far as they can be named today."""
    fixed = [(number, role) for number, role in enumerate(roles_of(template)) if role.fixed]
    if not fixed:
        return {}
    known: dict[str, Who] = {f"r:{one.pk}": one for one in usable_registrations(by.organization)}
    known |= {f"m:{one.pk}": one for one in own_people(by)}
    draft = Envelope(organization=by.organization, sender=by)
    return {number: known[role.fixed] for number, role in fixed if role.fixed in known and _may_stay(known[role.fixed], draft, role)}


def _may_stay(who: Who, draft: Envelope, role: Role) -> bool:
    try:
        may_be_named(who, draft, kind=role.kind)
    except Refusal:
        return False
    return True


def use_template(template: Template, chosen: Mapping[int, Who], description: Description, *, by: Member, at: datetime) -> Used:
    """A draft that is ready to be looked at and sent. ``chosen`` are those of :func:`still_open`, by number.

    Where a file of it would be asked about today, the draft waits at its files with everything described and nobody addressed.
    Refuses with ``envelope.not_allowed``, ``template.unknown``, ``template.archived``, ``recipients.incomplete`` for a place without
    anybody, and as ``describe_envelope`` and ``address_envelope`` do.
    """
    if not may_send(by):
        raise Refusal("envelope.not_allowed")
    if template.organization_id != by.organization_id:
        raise Refusal("template.unknown")
    if template.archived_at is not None:
        raise Refusal("template.archived")
    roles = roles_of(template)
    places = _places(roles, {**_staying(template, by=by), **chosen})
    check_places(Envelope(organization=by.organization, sender=by, deadline=description.deadline), places)
    files = files_of(template)
    uploads = [(file, vault.read(file.blob)) for file in files]
    envelope = create_envelope(by=by, at=at)
    made = {file.position: add_again(envelope, file_name=file.file_name, pdf=pdf, by=by, at=at) for file, pdf in uploads}
    _note_used(envelope, template, by=by, at=at)
    describe_envelope(envelope, description, by=by, at=at)
    documents = {position: document for position, document in made.items() if document is not None}
    rename_documents(envelope, {documents[file.position].pk: file.name for file in files if file.position in documents}, by=by, at=at)
    if len(documents) < len(files):
        return Used(envelope, len(files) - len(documents), 0)
    address_envelope(envelope, _narrowed(places, roles, documents), by=by, at=at)
    return Used(envelope, 0, _placed(files, documents, by=by, at=at))


def _places(roles: Sequence[Role], people: Mapping[int, Who]) -> list[Place]:
    if any(number not in people for number in range(len(roles))):
        raise Refusal("recipients.incomplete")
    return [_place(role, people[number]) for number, role in enumerate(roles)]


def _place(role: Role, who: Who) -> Place:
    unregistered = isinstance(who, Typed) and role.gate == Gate.REGISTERED
    return Place(
        role.order,
        who,
        kind=role.kind,
        any_one=role.any_one,
        gate=Gate.OTP if unregistered else role.gate,
        proof=role.proof,
        language=role.language,
        may_reassign=role.may_reassign,
        wants_copy=role.wants_copy,
    )


def _narrowed(places: Iterable[Place], roles: Iterable[Role], documents: Mapping[int, Document]) -> list[Place]:
    return [
        replace(place, documents=[documents[one] for one in role.files if one in documents])
        for place, role in zip(places, roles, strict=True)
    ]


def _placed(files: Iterable[TemplateFile], documents: Mapping[int, Document], *, by: Member, at: datetime) -> int:
    """The fields of each file, all or none; how many could not be placed, because a page is smaller or takes none."""
    unplaced = 0
    for file in files:
        spots = spots_of(file)
        try:
            if spots:
                place_fields(documents[file.position], spots, by=by, at=at)
        except Refusal as refusal:
            if not refusal.code.startswith(("field.", "file.")):
                raise
            unplaced += len(spots)
    return unplaced


def _note_used(envelope: Envelope, template: Template, *, by: Member, at: datetime) -> None:
    with transaction.atomic(durable=True):
        note(envelope, "envelope.from_template", by=by, at=at, data={"template": str(template.pk)})
