"""Templates: made from an envelope or anew, changed by managers, used by everybody who sends, archived and never deleted."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from tachiai import ledger, vault
from tachiai.accounts.models import Member
from tachiai.accounts.models import Role as MemberRole
from tachiai.accounts.rights import must_see_documents, role_now
from tachiai.clock import today
from tachiai.envelopes.access import may_send
from tachiai.envelopes.drafting import DEFAULT_DEADLINE_DAYS, LONGEST_DEADLINE_DAYS, MAX_FILES, file_name_of, title_of
from tachiai.envelopes.holding import documents_of, signers_of
from tachiai.envelopes.listing import spellings
from tachiai.envelopes.models import Envelope, Kind, Recipient
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.placing import LARGEST, LONGEST_GUIDE, SMALLEST, Spot, fields_of, on_page
from tachiai.envelopes.states import RecipientState
from tachiai.envelopes.surveying import takes_fields
from tachiai.envelopes.template_models import Template, TemplateFile
from tachiai.envelopes.templates_shape import USUAL_ROLES, Role, content_digest, role_of, roles_of, slots_of, spot_told, spots_of
from tachiai.errors import Refusal
from tachiai.outbox import one_line
from tachiai.pages.inspect import MAX_FILE_BYTES, inspect
from tachiai.vault import Stored

MOST_ROLES = 20
MOST_FIELDS = 200


@dataclass(frozen=True)
class Content:
    """What a manager says of a template. ``fields`` are those of each file, by its key; a file that is not named keeps its own."""

    name: str
    envelope_name: str
    comment: str
    deadline_days: int
    roles: Sequence[Role]
    fields: Mapping[uuid.UUID, Sequence[Spot]]


@dataclass(frozen=True)
class _File:
    """A file that is durable and not yet recorded."""

    stored: Stored
    name: str
    file_name: str
    pages: int
    fields: Sequence[dict[str, object]] = ()


def may_manage_templates(member: Member) -> bool:
    return role_now(member) in (MemberRole.ADMIN, MemberRole.MANAGER)


def templates_for(member: Member, *, words: str = "", archived: bool = False) -> QuerySet[Template]:
    """The organization's templates by name, for everybody who sends; nobody else needs them."""
    rows = Template.objects.filter(organization_id=member.organization_id, archived_at__isnull=not archived)
    if not may_send(member):
        return rows.none()
    for word in one_line(unicodedata.normalize("NFKC", words)).split():  # no database looks for a control character
        found = Q()
        for spelt in spellings(word):
            found |= Q(name__icontains=spelt) | Q(pk__in=TemplateFile.objects.filter(name__icontains=spelt).values("template"))
        rows = rows.filter(found)
    return rows.order_by("name", "created_at")


def template_for(member: Member, pk: uuid.UUID) -> Template:
    """One of them, archived or not. Refuses with ``documents.not_allowed`` or ``template.unknown``."""
    must_see_documents(member)
    found = Template.objects.filter(pk=pk, organization_id=member.organization_id).select_related("organization").first()
    if found is None or not may_send(member):
        raise Refusal("template.unknown")
    return found


def files_of(template: Template) -> list[TemplateFile]:
    """The files in their order."""
    return list(TemplateFile.objects.filter(template=template).select_related("blob").order_by("position"))


def _must_manage(by: Member, organization: object) -> None:
    if not may_manage_templates(by) or by.organization_id != organization:
        raise Refusal("template.not_allowed")


# ---- making


def save_as_template(envelope: Envelope, *, name: str, fixed: Collection[uuid.UUID] = (), by: Member, at: datetime) -> Template:
    """A template that looks as this envelope does; the recipients ``fixed`` stay in it, everybody else's place is open.

    Refuses with ``template.nameless``, ``template.not_allowed``, ``envelope.no_documents``, and ``vault.shredded`` for what was destroyed.
    """
    _must_manage(by, envelope.organization_id)
    called = _named(name)
    documents = documents_of(envelope)
    if not documents:
        raise Refusal("envelope.no_documents")
    position = {document.pk: place for place, document in enumerate(documents, 1)}
    meant = documents_meant(envelope.pk)
    people = _people_of(envelope)
    roles = [
        role_of(one, fixed=one.pk in fixed, files=sorted(position[pk] for pk in meant.get(one.pk, ()) if pk in position)) for one in people
    ]
    fresh = dict(zip((one.slot for one in people), slots_of(roles), strict=True))
    spots = [(field.document_id, {**spot_told(field), "slot": fresh[field.slot]}) for field in fields_of(envelope) if field.slot in fresh]
    files = [
        _File(
            vault.put(vault.read(document.blob, upto=0), kind="template"),
            document.name,
            document.file_name,
            document.pages,
            [spot for pk, spot in spots if pk == document.pk],
        )
        for document in documents
    ]
    given = Template(envelope_name=envelope.name, comment=envelope.comment, deadline_days=_days_given(envelope), places=_told(roles))
    return _make(given, files, called, by=by, at=at, made_from=str(envelope.pk))


def _people_of(envelope: Envelope) -> list[Recipient]:
    """Everybody but who named somebody else in their place, so that slots are met in their order."""
    everybody = sorted(signers_of(envelope), key=lambda one: one.position)
    first: dict[int | None, int] = {}
    for one in everybody:
        first.setdefault(one.slot, one.position)  # whoever takes another's place stands at the end, and signs where they would have
    people = [one for one in everybody if one.state != RecipientState.FORWARDED]
    return sorted(people, key=lambda one: (one.order, one.position if one.slot is None else first[one.slot], one.position))


def _days_given(envelope: Envelope) -> int:
    if envelope.deadline is None:
        return DEFAULT_DEADLINE_DAYS
    return min(max((envelope.deadline - today(envelope.sent_at or envelope.created_at)).days, 1), LONGEST_DEADLINE_DAYS)


def new_template(*, name: str, files: Iterable[tuple[str, bytes]], by: Member, at: datetime) -> Template:
    """A template of these files (name and PDF), with one counterparty first and one of ours second. Refuses as :func:`add_file`."""
    _must_manage(by, by.organization_id)
    called = _named(name)
    taken = [_taken(file_name, pdf) for file_name, pdf in files]
    if not taken:
        raise Refusal("envelope.no_documents")
    given = Template(envelope_name="", comment="", deadline_days=DEFAULT_DEADLINE_DAYS, places=_told(USUAL_ROLES))
    return _make(given, taken, called, by=by, at=at)


def _taken(file_name: str, pdf: bytes) -> _File:
    """An upload that can be sent just as it is."""
    if len(pdf) > MAX_FILE_BYTES:
        raise Refusal("file.too_large", limit_mb=MAX_FILE_BYTES // 2**20)
    inspection = inspect(pdf)
    if inspection.reasons_to_normalise:
        raise Refusal("template.file_needs_rewriting")
    return _File(vault.put(pdf, kind="template"), title_of(file_name), file_name_of(file_name), inspection.page_count)


def _make(given: Template, files: Sequence[_File], name: str, *, by: Member, at: datetime, made_from: str = "") -> Template:
    with transaction.atomic(durable=True):
        given.organization_id, given.name, given.created_by = by.organization_id, name, by
        given.created_at = given.updated_at = at
        given.save(force_insert=True)
        for position, file in enumerate(files, 1):
            _keep(given, file, position=position, at=at)
        _note_saved(given, by=by, at=at, made_from=made_from)
    return given


def _keep(template: Template, file: _File, *, position: int, at: datetime) -> None:
    TemplateFile.objects.create(
        template=template,
        position=position,
        name=file.name,
        file_name=file.file_name,
        blob=vault.keep(file.stored, at=at),
        sha256=file.stored.sha256,
        size=file.stored.size,
        pages=file.pages,
        fields=list(file.fields),
    )


def _named(name: str) -> str:
    called = one_line(name, longest=120)
    if not called:
        raise Refusal("template.nameless")
    return called


def _told(roles: Iterable[Role]) -> list[dict[str, object]]:
    return [role.told() for role in sorted(roles, key=lambda role: role.order)]


def _note_saved(template: Template, *, by: Member, at: datetime, made_from: str = "") -> None:
    data = _said(template) | ({"envelope": made_from} if made_from else {})
    ledger.append(_stream(template), "template.saved", by=_actor(by), at=at, data=data)


def _said(template: Template) -> dict[str, object]:
    return {"template": str(template.pk), "content": content_digest(template, files_of(template))}


def _stream(template: Template) -> str:
    return f"organization:{template.organization_id}"


def _actor(by: Member) -> ledger.Actor:
    return ledger.Actor("member", str(by.pk))


# ---- changing


def change_template(template: Template, content: Content, *, by: Member, at: datetime) -> None:
    """Everything a template says but its files.

    Refuses with ``template.nameless``, ``deadline.out_of_range`` (days), ``recipients.incomplete``, ``recipients.too_many`` (limit),
    ``group.differs`` (order), ``field.slot_unknown``, ``field.out_of_page`` (page), ``field.size``, ``field.too_many`` (limit),
    ``template.archived`` or ``template.not_allowed``.
    """
    _must_manage(by, template.organization_id)
    called = _named(content.name)
    if not 1 <= content.deadline_days <= LONGEST_DEADLINE_DAYS:
        raise Refusal("deadline.out_of_range", days=LONGEST_DEADLINE_DAYS)
    roles = sorted(content.roles, key=lambda role: role.order)
    _can_be_asked(roles)
    slots = {slot for slot in slots_of(roles) if slot is not None}
    with transaction.atomic(durable=True):
        held = _held(template)
        files = files_of(held)
        known = {file.position for file in files}
        held.name, held.envelope_name, held.comment = called, one_line(content.envelope_name, longest=120), content.comment.strip()[:1000]
        held.deadline_days = content.deadline_days
        held.places = _told(replace(role, files=tuple(place for place in role.files if place in known)) for role in roles)
        for file in files:
            spots = content.fields.get(file.pk, spots_of(file))
            file.fields = [spot_told(_on_page(spot, file, slots)) for spot in spots]
            file.save(update_fields=["fields"])
        _changed(held, by=by, at=at)
    template.refresh_from_db()


def place_on_file(template: Template, pk: uuid.UUID, spots: Sequence[Spot], *, by: Member, at: datetime) -> None:
    """Where signers are seen or fill something in on one file of the template: all of it, judged with the pages' sizes.

    Refuses with ``page.unknown``, ``file.fields_redrawn``, ``field.slot_unknown``, ``field.out_of_page`` (page), ``field.size``,
    ``field.too_many`` (limit), ``template.archived`` or ``template.not_allowed``.
    """
    _must_manage(by, template.organization_id)
    file = next((one for one in files_of(template) if one.pk == pk), None)
    if file is None:
        raise Refusal("page.unknown")
    if spots and (why := takes_fields(file)):
        raise Refusal(why)
    if len(spots) > MOST_FIELDS:
        raise Refusal("field.too_many", limit=MOST_FIELDS)
    wanted = [on_page(file, spot) for spot in spots]
    with transaction.atomic(durable=True):
        held = _held(template)
        slots = {slot for slot in slots_of(roles_of(held)) if slot is not None}
        told = [spot_told(_on_page(spot, file, slots)) for spot in wanted]
        if TemplateFile.objects.filter(template=held, pk=pk).update(fields=told):
            _changed(held, by=by, at=at)


def _can_be_asked(roles: Sequence[Role]) -> None:
    if not any(role.kind == Kind.SIGNER for role in roles):
        raise Refusal("recipients.incomplete")
    if len(roles) > MOST_ROLES:
        raise Refusal("recipients.too_many", limit=MOST_ROLES)
    for role in roles:
        together = [one for one in roles if one.order == role.order and one.kind != Kind.COPY]
        if len({one.any_one for one in together}) > 1:
            raise Refusal("group.differs", order=role.order)


def _on_page(spot: Spot, file: TemplateFile, slots: Collection[int]) -> Spot:
    """As far as it can be judged without the page's size, which the file's use will say."""
    if spot.slot not in slots:
        raise Refusal("field.slot_unknown", slot=spot.slot)
    if not 1 <= spot.page <= file.pages:
        raise Refusal("field.out_of_page", page=spot.page)
    if not (SMALLEST <= spot.width <= LARGEST and SMALLEST <= spot.height <= LARGEST):
        raise Refusal("field.size")
    return replace(spot, guide=one_line(spot.guide, longest=LONGEST_GUIDE))


def _held(template: Template) -> Template:
    held = Template.objects.select_for_update().get(pk=template.pk)
    if held.archived_at is not None:
        raise Refusal("template.archived")
    return held


def _changed(held: Template, *, by: Member, at: datetime) -> None:
    held.updated_at = at
    held.save()
    _note_saved(held, by=by, at=at)


def add_file(template: Template, *, file_name: str, pdf: bytes, by: Member, at: datetime) -> TemplateFile:
    """One file more. Refuses with a ``file.…`` code, ``template.file_needs_rewriting``, ``envelope.too_many_files`` (limit),
    ``template.archived`` or ``template.not_allowed``.
    """
    _must_manage(by, template.organization_id)
    taken = _taken(file_name, pdf)
    with transaction.atomic(durable=True):
        held = _held(template)
        last = max((file.position for file in files_of(held)), default=0)
        if TemplateFile.objects.filter(template=held).count() >= MAX_FILES:
            raise Refusal("envelope.too_many_files", limit=MAX_FILES)
        _keep(held, taken, position=last + 1, at=at)
        _changed(held, by=by, at=at)
    return TemplateFile.objects.get(template=template, position=last + 1)


def remove_file(template: Template, pk: uuid.UUID, *, by: Member, at: datetime) -> None:
    """Take a file out; nothing else needs its bytes, so they are destroyed.

    Refuses with ``page.unknown``, ``template.only_file``, ``template.only_one_for`` when somebody is to have this one alone,
    ``template.archived`` or ``template.not_allowed``.
    """
    _must_manage(by, template.organization_id)
    with transaction.atomic(durable=True):
        held = _held(template)
        files = {file.pk: file for file in files_of(held)}
        if pk not in files:
            raise Refusal("page.unknown")
        if len(files) == 1:
            raise Refusal("template.only_file")
        gone = files[pk]
        held.places = [_without(told, gone.position) for told in held.places]
        gone.delete()
        vault.shred([gone.blob])
        _changed(held, by=by, at=at)


def _without(told: dict[str, object], position: int) -> dict[str, object]:
    """The place without this file. Who was to have it alone would have all of them without it."""
    files = told["files"]
    if files == [position]:
        raise Refusal("template.only_one_for")
    return told | {"files": [one for one in files if one != position] if isinstance(files, list) else []}


def archive_template(template: Template, *, by: Member, at: datetime) -> None:
    """Offer it no longer; it can be taken back. Refuses with ``template.archived`` or ``template.not_allowed``."""
    _must_manage(by, template.organization_id)
    with transaction.atomic(durable=True):
        held = _held(template)
        held.archived_at = held.updated_at = at
        held.save()
        ledger.append(_stream(held), "template.archived", by=_actor(by), at=at, data=_said(held))


def restore_template(template: Template, *, by: Member, at: datetime) -> None:
    """Offer it again. Harmless for one that is offered. Refuses with ``template.not_allowed``."""
    _must_manage(by, template.organization_id)
    with transaction.atomic(durable=True):
        held = Template.objects.select_for_update().get(pk=template.pk)
        if held.archived_at is None:
            return
        held.archived_at, held.updated_at = None, at
        held.save()
        ledger.append(_stream(held), "template.restored", by=_actor(by), at=at, data=_said(held))
