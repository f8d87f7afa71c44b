"""Asking for copies of concluded contracts after the mailbox was lost (写しの交付): the form, and the new address confirming itself.

Nothing is said here of whether a contract exists: whoever asks is answered alike, and the staff look at it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from tachiai import counterparties, ledger, outbox
from tachiai.accounts.models import Organization
from tachiai.clock import today
from tachiai.counterparties.limits import reserve_use
from tachiai.counterparties.registering import in_lines
from tachiai.counterparties.telling import sender_of
from tachiai.crypto.tokens import fresh_token, timed_code, token_digest
from tachiai.envelopes.copy_models import CopyRequest, CopyState
from tachiai.errors import Refusal

LIVES = timedelta(hours=24)
CODE_LIVES = timedelta(minutes=10)
AGAIN_AFTER = timedelta(seconds=60)
TRIES = 5
AT_ONCE = 100


@dataclass(frozen=True)
class Wanted:
    """What the form says."""

    party: str
    name: str
    mail: str
    former_mail: str
    phone: str
    contracts: str
    title: str = ""
    language: str = "ja"


def begin_request(organization: Organization, wanted: Wanted, *, address: str, at: datetime) -> str:
    """Keep what was typed and mail a one-time code to the new address; the value is the key of the request's pages.

    Refuses with ``form.busy``, as any use of the public form (docs/threat-model.md).
    """
    reserve_use(organization, address=address, mail=wanted.mail, at=at)
    key = fresh_token()
    told = asdict(wanted) | in_lines(vars(wanted))
    with transaction.atomic(durable=True):
        request = CopyRequest.objects.create(
            organization=organization, key_digest=token_digest(key), code_sent_at=at, created_at=at, **told
        )
        _mail_code(request, at=at)
    return key


def find_request(slug: str, key: str, *, at: datetime) -> CopyRequest:
    """The request whose pages carry ``key``, for a day. Refuses with ``draft.unknown``."""
    rows = CopyRequest.objects.select_related("organization")
    found = rows.filter(key_digest=token_digest(key), organization__slug=slug, created_at__gt=at - LIVES).first()
    if found is None:
        raise Refusal("draft.unknown")
    return found


def send_request_code(request: CopyRequest, *, address: str, at: datetime) -> None:
    """Another one-time code; the earlier is worthless. Refuses ``otp.too_soon`` (seconds), ``form.busy`` and ``copies.asked``."""
    _long_enough_ago(request, at=at)
    reserve_use(request.organization, address=address, mail=request.mail, at=at)
    with transaction.atomic(durable=True):
        held = _held(request)
        _long_enough_ago(held, at=at)
        held.code_sent_at, held.code_tries = at, 0
        held.save(update_fields=["code_sent_at", "code_tries"])
        _mail_code(held, at=at)


def _long_enough_ago(request: CopyRequest, *, at: datetime) -> None:
    since = at - request.code_sent_at
    if since < AGAIN_AFTER:
        raise Refusal("otp.too_soon", seconds=int((AGAIN_AFTER - since).total_seconds()) + 1)


def _held(request: CopyRequest) -> CopyRequest:
    """The row to the end of the transaction. Refuses with ``copies.asked`` once its address has confirmed itself."""
    held = CopyRequest.objects.select_for_update(of=("self",)).select_related("organization").get(pk=request.pk)
    if held.state != CopyState.UNCONFIRMED:
        raise Refusal("copies.asked")
    return held


def confirm_request(request: CopyRequest, code: str, *, at: datetime) -> CopyRequest:
    """The address is read by whoever asks: from now on the request waits for the staff. Each try is counted before it is judged.

    Refuses with ``code.malformed`` (not counted), ``otp.expired``, ``otp.wrong`` (left), ``otp.ended`` or ``copies.asked``.
    """
    if not counterparties.well_formed(code):
        raise Refusal("code.malformed")
    sent_at, left = _reserve_try(request, at=at)
    if not counterparties.same_code(code, _code(request, sent_at)):
        raise Refusal("otp.wrong", left=left)
    with transaction.atomic(durable=True):
        organization = Organization.objects.select_for_update().get(pk=request.organization_id)
        held = _held(request)
        if held.code_sent_at != sent_at:
            raise Refusal("otp.expired")  # another was sent while this one was judged
        held.number, held.state, held.asked_at = _next_number(organization, at=at), CopyState.ASKED, at
        held.save(update_fields=["number", "state", "asked_at"])
        _note_asked(held, at=at)
        tell_requester(held, what="received", at=at)
    return held


def _reserve_try(request: CopyRequest, *, at: datetime) -> tuple[datetime, int]:
    """When the code was sent that this try is held against, and how many tries are left after it."""
    with transaction.atomic(durable=True):
        held = _held(request)
        if at >= held.code_sent_at + CODE_LIVES:
            raise Refusal("otp.expired")
        if held.code_tries >= TRIES:
            raise Refusal("otp.ended")
        held.code_tries += 1
        held.save(update_fields=["code_tries"])
    return held.code_sent_at, TRIES - held.code_tries


def _next_number(organization: Organization, *, at: datetime) -> str:
    """The next 受付番号, with the organization's row held to the end of the caller's transaction."""
    count = CopyRequest.objects.filter(organization=organization).exclude(number="").count()
    return f"K-{today(at).year}-{count + 1:05d}"


def _note_asked(request: CopyRequest, *, at: datetime) -> None:
    personal = {name: getattr(request, name) for name in ("party", "title", "name", "mail", "former_mail", "phone", "contracts")}
    data: dict[str, object] = {"copy_request": str(request.pk), "number": request.number}
    actor = ledger.Actor("public", str(request.pk))
    ledger.append(stream_of(request), "copies.asked", by=actor, at=at, data=data, personal=personal)


def stream_of(request: CopyRequest) -> str:
    return f"organization:{request.organization_id}"


def _code(request: CopyRequest, sent_at: datetime) -> str:
    """The digits are not kept: they are made again from the house's key and the moment (see ``one_time``)."""
    return timed_code(settings.TACHIAI.secret("link"), request.pk, generation=0, at=sent_at)


def _mail_code(request: CopyRequest, *, at: datetime) -> None:
    """M16, with nothing of what was typed: the address may be anybody's."""
    _mail(request, "M16", {"concealed": {"code": outbox.conceal(_code(request, at))}}, at=at)


def tell_requester(request: CopyRequest, *, what: str, at: datetime) -> None:
    """M30, in the caller's transaction: ``what`` is ``received`` or ``refused`` (with the reason)."""
    person = {"organization": request.party, "title": request.title, "name": request.name}
    _mail(request, "M30", {"what": what, "number": request.number, "reason": request.reason, "recipient": person}, at=at)


def _mail(request: CopyRequest, kind: str, context: dict[str, object], *, at: datetime) -> None:
    outbox.mail(
        kind,
        to=request.mail,
        language=request.language,
        context={**sender_of(request.organization), **context},
        stream=stream_of(request),
        about=request.pk,
        at=at,
    )


def expire_requests(*, at: datetime) -> int:
    """Forget what no address confirmed within a day; how many there were."""
    late = CopyRequest.objects.filter(state=CopyState.UNCONFIRMED, created_at__lte=at - LIVES).values_list("pk", flat=True)[:AT_ONCE]
    return CopyRequest.objects.filter(pk__in=list(late), state=CopyState.UNCONFIRMED).delete()[0]


def forget_requests(mail: str, *, instead: str) -> None:
    """What the form said of a person, in the caller's transaction. Whom copies were given to stays with the contract, like its people."""
    for request in CopyRequest.objects.filter(Q(mail__iexact=mail) | Q(former_mail__iexact=mail)):
        nowhere = f"erased-{request.pk}@invalid.example"
        request.name, request.mail, request.former_mail, request.party = instead, nowhere, nowhere, instead
        request.title = request.phone = request.contracts = request.checked = request.reason = ""
        request.save()
