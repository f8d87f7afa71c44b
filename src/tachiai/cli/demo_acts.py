"""Doing what the plans of the demonstration's data say, through the verbs that real people's clicks end in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress

from tachiai import clock, counterparties
from tachiai.accounts.models import Member, Organization
from tachiai.cli.demo_cast import CODE, PARTIES, PEOPLE, TYPED, Party
from tachiai.cli.demo_drafts import draft_of_papers, draft_of_template
from tachiai.cli.demo_people import SLUG, Postbox
from tachiai.cli.demo_story import Asked, Plan, Step
from tachiai.counterparties.models import Registration
from tachiai.envelopes.addressing import Place, Typed
from tachiai.envelopes.approval_models import Approval
from tachiai.envelopes.approving import approve, return_envelope, submit_for_approval, take_back
from tachiai.envelopes.approving_rounds import latest_approval
from tachiai.envelopes.bouncing import take_bounce
from tachiai.envelopes.declining import Wish, decline
from tachiai.envelopes.downloading import open_download, zip_concluded
from tachiai.envelopes.duplicating import duplicate_envelope
from tachiai.envelopes.entering import blanks_of, enter
from tachiai.envelopes.field_models import FieldKind
from tachiai.envelopes.levels import level_at_desk
from tachiai.envelopes.looks import Entered as Typing
from tachiai.envelopes.looks import Manner
from tachiai.envelopes.models import Envelope, Gate, Kind, Recipient
from tachiai.envelopes.one_time import send_one_time_code
from tachiai.envelopes.opening import open_at_desk, open_envelope, show_document, unseen_documents
from tachiai.envelopes.placing import Spot, place_fields
from tachiai.envelopes.reassigning import reassign
from tachiai.envelopes.reviewing import confirm_review_at_desk
from tachiai.envelopes.scheduling import schedule_sending
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.signing import Circumstances, sign, sign_at_desk
from tachiai.envelopes.states import RecipientState
from tachiai.envelopes.visiting import Visit, download_visit, visit
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Refusal

RELATED = ("envelope__organization__operator", "envelope__sender", "registration__counterparty", "member__organization")
# Addresses that are kept for examples (RFC 5737), and what browsers call themselves.
ADDRESSES = ("192.0.2.24", "198.51.100.7", "203.0.113.90")
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
MM = 10
BLANKS = (
    Spot(1, FieldKind.TEXT, 1, 25 * MM, 228 * MM, 90 * MM, 10 * MM, guide="所在地を入力してください"),
    Spot(1, FieldKind.DATE, 1, 25 * MM, 240 * MM, 50 * MM, 8 * MM),
    Spot(1, FieldKind.SIGNATURE, 1, 120 * MM, 240 * MM, 60 * MM, 15 * MM),
    Spot(1, FieldKind.CHECK, 1, 25 * MM, 252 * MM, 6 * MM, 6 * MM, required=False, guide="写しを郵送してほしい"),
    Spot(2, FieldKind.SEAL, 1, 160 * MM, 262 * MM, 20 * MM, 20 * MM),
)
STROKES = "100,100 200,50 300,150;350,60 400,200 450,80 500,170 520,60 560,90"


class Player:
    """Whoever acts in the data. ``settle`` lets the workers do what is due."""

    def __init__(self, post: Postbox, settle: Callable[[], object]) -> None:
        self.post, self.settle = post, settle
        self.parties: dict[str, Party] = {one.key: one for one in (*PARTIES, *TYPED)}
        self.registered: dict[str, uuid.UUID] = {}
        self.routes: dict[str, uuid.UUID] = {}
        self.templates: dict[str, uuid.UUID] = {}
        self._envelopes: dict[str, uuid.UUID] = {}
        self._mails = {one.key: one.mail for one in PEOPLE}

    def member(self, key: str) -> Member:
        mail = self._mails.get(key, f"{key}@{SLUG}.example.jp")
        return Member.objects.select_related("organization__operator").get(mail=mail)

    def make(self, plan: Plan) -> None:
        """The draft, and where it is planned its sending: now, at a moment to come, or when it is approved."""
        by, party = self.member(plan.sender), self.parties[plan.party]
        if plan.templated:
            envelope = draft_of_template(plan, party, self.templates[plan.papers[0].kind], self._registration(plan.party), by=by)
        else:
            envelope = draft_of_papers(plan, party, lambda: [self._place(asked) for asked in plan.asked], by=by)
        self._envelopes[plan.key] = envelope.pk
        if plan.fields:
            place_fields(envelope.documents.order_by("position")[0], BLANKS, by=by, at=clock.now())
        if plan.sends:
            self._send(envelope, plan, by)

    def _send(self, envelope: Envelope, plan: Plan, by: Member) -> None:
        seen, at = [str(document.pk) for document in envelope.documents.all()], clock.now()
        route = self.routes[plan.route] if plan.route else None
        if plan.send_at is not None:
            schedule_sending(envelope, send_at=plan.send_at, by=by, at=at, acknowledged=seen, route=route)
        elif route is not None:
            submit_for_approval(envelope, route, by=by, at=at, acknowledged=seen)
        else:
            send_envelope(envelope, by=by, at=at, acknowledged=seen)

    def _registration(self, key: str) -> Registration:
        return Registration.objects.select_related("counterparty").get(pk=self.registered[key])

    def _place(self, asked: Asked) -> Place:
        terms = {"kind": Kind(asked.kind), "any_one": asked.any_one, "may_reassign": asked.may_reassign}
        if asked.who in self.registered:
            return Place(asked.order, self._registration(asked.who), **terms)  # type: ignore[arg-type]
        if asked.who in self.parties:
            return Place(asked.order, self._typed(asked.who), gate=Gate(asked.gate), **terms)  # type: ignore[arg-type]
        return Place(asked.order, self.member(asked.who), **terms)  # type: ignore[arg-type]

    def _typed(self, key: str) -> Typed:
        party = self.parties[key]
        return Typed(party.organization, party.name, party.mail, party.title)

    def do(self, plan: Plan, step: Step) -> None:
        """One step of a plan; the acts are the methods called ``act_…``."""
        act: Callable[[Plan, Step], None] = getattr(self, f"act_{step.act}")
        act(plan, step)

    def envelope(self, plan: Plan) -> Envelope:
        return Envelope.objects.select_related("organization__operator", "sender").get(pk=self._envelopes[plan.key])

    def _person(self, plan: Plan, key: str) -> Recipient:
        mail = self.parties[key].mail if key in self.parties else self.member(key).mail
        rows = Recipient.objects.select_related(*RELATED).filter(envelope=self._envelopes[plan.key], mail=mail)
        return rows.exclude(state=RecipientState.FORWARDED).order_by("position")[0]

    def _circumstances(self, recipient: Recipient) -> Circumstances:
        place = ADDRESSES[recipient.position % len(ADDRESSES)]
        return Circumstances(place, PHONE if recipient.position % 2 else DESK, recipient.language)

    def _enter(self, recipient: Recipient) -> Visit:
        """By the link of the mail, through whatever gate there is."""
        token = self.post.link(recipient.mail, "s", about=recipient.envelope.name)
        code = CODE
        if recipient.gate == Gate.OTP:
            send_one_time_code(visit(token, key="", at=clock.now()), at=clock.now())
            self.settle()
            code = self.post.code(recipient.mail)
        here = self._circumstances(recipient)
        at = clock.now()
        key = open_envelope(visit(token, key="", at=at), code=code, address=here.address, agent=here.agent, at=at)
        return visit(token, key=key, at=clock.now())

    def _read(self, recipient: Recipient) -> None:
        for document in unseen_documents(recipient):
            show_document(recipient, document, at=clock.now())

    def act_opens(self, plan: Plan, step: Step) -> None:
        self._enter(self._person(plan, step.who))

    def act_signs(self, plan: Plan, step: Step) -> None:
        recipient = self._person(plan, step.who)
        here = self._circumstances(recipient)
        if recipient.member is None:
            found = self._enter(recipient)
            self._read(found.recipient)
            self._fill(found.recipient)
            sign(found, here, at=clock.now())
            return
        member = self.member(step.who)
        self._come_to_desk(recipient, member)
        self._fill(recipient)
        sign_at_desk(recipient, here, by=member, level=level_at_desk(second_factor=True), at=clock.now())

    def _come_to_desk(self, recipient: Recipient, member: Member) -> None:
        here = self._circumstances(recipient)
        open_at_desk(recipient, by=member, address=here.address, agent=here.agent, at=clock.now())
        self._read(recipient)

    def _fill(self, recipient: Recipient) -> None:
        said = {
            FieldKind.TEXT: Typing("みどり野県かぜまち市一丁目1番地", Manner.TYPED),
            FieldKind.DATE: Typing(f"{clock.now().astimezone(clock.JAPAN):%Y-%m-%d}", Manner.TYPED),
            FieldKind.SIGNATURE: Typing(STROKES, Manner.DRAWN),
            FieldKind.SEAL: Typing(recipient.name.split()[0], Manner.TYPED),
            FieldKind.CHECK: Typing("Yes", Manner.TYPED),
        }
        entries = {blank.field.pk: said[FieldKind(blank.field.kind)] for blank in blanks_of(recipient)}
        if entries and (refused := enter(recipient, entries, at=clock.now())):
            raise next(iter(refused.values()))

    def act_reviews(self, plan: Plan, step: Step) -> None:
        recipient, member = self._person(plan, step.who), self.member(step.who)
        self._come_to_desk(recipient, member)
        here = self._circumstances(recipient)
        confirm_review_at_desk(recipient, here, by=member, level=level_at_desk(second_factor=True), at=clock.now())

    def act_passes_on(self, plan: Plan, step: Step) -> None:
        old = self._enter(self._person(plan, step.who)).recipient
        reassign(old, self._typed(step.to), by=old, at=clock.now(), reason=step.words, keeps_copy=True)

    def act_declines(self, plan: Plan, step: Step) -> None:
        found = self._enter(self._person(plan, step.who))
        self._read(found.recipient)
        decline(found.recipient, wish=Wish(step.to), reason=step.words, at=clock.now())

    def act_withdraws(self, plan: Plan, step: Step) -> None:
        withdraw_envelope(self.envelope(plan), reason=step.words, by=self.member(plan.sender), at=clock.now())

    def act_duplicates(self, plan: Plan, _step: Step) -> None:
        duplicate_envelope(self.envelope(plan), by=self.member(plan.sender), at=clock.now())

    def act_approves(self, plan: Plan, step: Step) -> None:
        """An approver, or whoever stands in for one on that day."""
        approve(self._approval(plan).pk, by=self.member(step.who), at=clock.now(), comment=step.words)

    def act_returns(self, plan: Plan, step: Step) -> None:
        return_envelope(self._approval(plan).pk, comment=step.words, by=self.member(step.who), at=clock.now())

    def act_resubmits(self, plan: Plan, _step: Step) -> None:
        envelope, by = self.envelope(plan), self.member(plan.sender)
        take_back(envelope, by=by, at=clock.now())
        self._send(envelope, plan, by)

    def _approval(self, plan: Plan) -> Approval:
        found = latest_approval(self.envelope(plan))
        if found is None:
            raise LookupError(f"nobody was asked to approve {plan.name!r}")
        return found

    def act_guesses(self, plan: Plan, step: Step) -> None:
        """Somebody who does not know the code, until the link is locked."""
        recipient = self._person(plan, step.who)
        token = self.post.link(recipient.mail, "s", about=recipient.envelope.name)
        for guess in ("135790", "246801", "918273", "102938", "564738"):
            at = clock.now()
            with suppress(Refusal):
                open_envelope(visit(token, key="", at=at), code=guess, address=ADDRESSES[2], agent=PHONE, at=at)

    def act_comes_back(self, plan: Plan, step: Step) -> None:
        """The request cannot be delivered, as a mail server tells it (RFC 3464)."""
        recipient = self._person(plan, step.who)
        take_bounce(_returned(recipient.mail, self.post.name(recipient.mail, about=recipient.envelope.name)), at=clock.now())

    def act_takes_home(self, plan: Plan, step: Step) -> None:
        recipient = self._person(plan, step.who)
        token, here, at = self.post.link(recipient.mail, "d", about=recipient.envelope.name), self._circumstances(recipient), clock.now()
        code = CODE
        if recipient.gate == Gate.OTP:
            send_one_time_code(download_visit(token, key="", at=at), at=at)
            self.settle()
            code = self.post.code(recipient.mail)
        at = clock.now()
        open_download(download_visit(token, key="", at=at), code=code, address=here.address, agent=here.agent, at=at)
        for _piece in zip_concluded(self.envelope(plan), by=self._person(plan, step.who), at=clock.now()):
            continue

    def register(self, party: Party) -> None:
        """From paper, confirmed by mail, approved by a second member."""
        entered = counterparties.Entered(
            counterparty=party.organization, title=party.title, name=party.name, mail=party.mail, code=CODE, language=party.language
        )
        registration = counterparties.register(entered, by=self.member("clerk"), at=clock.now())
        counterparties.request_code(registration, at=clock.now())
        self.settle()
        counterparties.confirm_mail(registration, code=self.post.code(party.mail), at=clock.now(), authority=True)
        counterparties.approve(registration, by=self.member("second"), at=clock.now())
        self.registered[party.key] = registration.pk

    def register_online(self, party: Party, *, finishes: bool = True) -> Registration | None:
        """By the public form: typed in, the address confirmed by its code. Without ``finishes`` it stays a draft of a day."""
        from django.utils import translation

        from tachiai.counterparties.drafting import find_draft
        from tachiai.web.registrar.wording import consent_of

        city = Organization.objects.get(slug=SLUG)
        told = counterparties.Told(
            counterparty=party.organization,
            name=party.name,
            mail=party.mail,
            title=party.title,
            address="みどり野県かぜまち市一丁目1番地",
            representative_title=party.title,
            representative=party.name,
            contact=party.name,
            phone="000-000-0002",
            language=party.language,
        )
        with translation.override(party.language):
            consent = consent_of(counterparties.form_of(city), city)
        key = counterparties.begin_draft(city, told, code=CODE, consent=consent, attorney=None, at=clock.now())
        if not finishes:
            return None
        counterparties.request_draft_code(find_draft(SLUG, key, at=clock.now()), address=ADDRESSES[0], at=clock.now())
        self.settle()
        draft = find_draft(SLUG, key, at=clock.now())
        registration = counterparties.submit_draft(draft, code=self.post.code(party.mail), at=clock.now())
        self.registered[party.key] = registration.pk
        return registration


def _returned(to: str, name: str) -> bytes:
    original = f"From: noreply@example.jp\r\nTo: {to}\r\nMessage-ID: <{name}@example.jp>\r\nSubject: returned\r\n\r\n"
    return (
        "From: MAILER-DAEMON@mx.example.jp (Mail Delivery System)\r\nTo: noreply@example.jp\r\n"
        "Auto-Submitted: auto-replied\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nThe mail could not be delivered.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.jp\r\n\r\n"
        f"Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
        f"--B\r\nContent-Type: message/rfc822\r\n\r\n{original}\r\n--B--\r\n"
    ).encode()
