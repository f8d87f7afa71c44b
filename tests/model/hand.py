"""The product, driven by its verbs as the doors drive it: each act either happens or is refused with the product's own code."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from unittest import mock

from django.db import transaction

from cast import link_for
from model.approvals import Route
from model.hand_approvals import ApprovingHand
from model.houses import CODES, Ground
from model.people import Seat, Who
from stages import HERE, RELATED
from tachiai import counterparties, sealing
from tachiai.accounts.models import Member
from tachiai.ceremony.models import Level
from tachiai.config.jobs import CLOSE, FREEZE, SEAL
from tachiai.counterparties.models import Registration
from tachiai.counterparties.reviewing import expire_registrations
from tachiai.envelopes import remedying
from tachiai.envelopes.addressing import Place, Typed
from tachiai.envelopes.approving_deputies import tell_deputies
from tachiai.envelopes.asking import ask_sender_again
from tachiai.envelopes.declining import Wish, decline
from tachiai.envelopes.delivering import note_undelivered
from tachiai.envelopes.downloading import concluded_file, files_of, open_download
from tachiai.envelopes.drafting import Description, address_envelope, describe_envelope, remove_document
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.models import CloseTask, Document, Envelope, FreezeTask, Gate, Kind, Recipient, SealTask, Side
from tachiai.envelopes.one_time import live_code, send_one_time_code
from tachiai.envelopes.opening import open_at_desk, open_envelope, show_document
from tachiai.envelopes.reading import concluded_copy
from tachiai.envelopes.reassigning import reassign
from tachiai.envelopes.reissuing import reissue_download
from tachiai.envelopes.reminding import remind
from tachiai.envelopes.reviewing import confirm_review, confirm_review_at_desk
from tachiai.envelopes.revoking import revoke_link
from tachiai.envelopes.sending import send_again
from tachiai.envelopes.signing import sign, sign_at_desk
from tachiai.envelopes.states import RecipientState
from tachiai.envelopes.visiting import Visit, barred, download_visit, expired_download, stopped, visit
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Outage, Refusal
from tachiai.outbox.models import Mail
from tachiai.prepared import Prepared, given
from tachiai.work import drain

WRONG, MALFORMED = "000001", "12-34"
SIGNED = (RecipientState.CONSENTED, RecipientState.SIGNED, RecipientState.REVIEWED)
ASKABLE = ("link.expired", "link.disabled", "code.ended")
# What a closing may have to wait for, and how often.
WAIT, PATIENCE = timedelta(seconds=31), 4


def _away(*_: Any, **__: Any) -> Any:
    raise Outage("tsa.unreachable", "for the model")


def _refusing(*_: Any, **__: Any) -> Any:
    raise Refusal("seal.not_instructed")


TROUBLES: dict[str, Callable[..., Any]] = {"away": _away, "refusing": _refusing}


@contextmanager
def troubled(trouble: str) -> Iterator[None]:
    """The seal cannot be made: its timestamp is away, or the row's own content is refused."""
    if not trouble:
        yield
        return
    act = TROUBLES[trouble]
    with mock.patch.multiple(sealing, freeze=act, begin=act, close=act):
        yield


_ROW = Prepared(
    lambda: Recipient.objects.select_related(*RELATED).filter(
        envelope=given("envelope", Recipient, "envelope"), position=given("position", Recipient, "position")
    )
)


class Hand(ApprovingHand):
    """One envelope of the ground's house. People are named by the place of their row, from 0."""

    def __init__(self, ground: Ground, seats: list[Seat], *, papers: int, days: int, route: Route | None) -> None:
        self.ground = ground
        self.trouble = ""
        self.keys: dict[uuid.UUID, str] = {}
        self.old_links: dict[uuid.UUID, str] = {}
        self._addresses = itertools.count(1)
        self.envelope = ground.draft()
        self._send(seats, papers, days, route)

    @property
    def now(self) -> datetime:
        return self.ground.clock.at

    def _send(self, seats: list[Seat], papers: int, days: int, route: Route | None) -> None:
        clerk, today = self.member("sender"), self.ground.clock.today
        documents = list(self.envelope.documents.order_by("position"))
        for document in documents[papers:]:
            remove_document(document, by=clerk, at=self.now)
        description = Description("小さな契約", "", today, "株式会社みどり野製作所（架空）", 1_100_000, today + timedelta(days=days))
        describe_envelope(self.envelope, description, by=clerk, at=self.now)
        places = [self._place(seat, documents, today) for seat in seats]
        address_envelope(self.envelope, places, by=clerk, at=self.now)
        self.begin(route)

    def _place(self, seat: Seat, documents: list[Document], today: date) -> Place:
        return Place(
            seat.order,
            self.person_of(seat.who),
            kind=Kind(seat.kind),
            any_one=seat.any_one,
            gate=Gate(seat.gate),
            deadline=today + timedelta(days=seat.own_days) if seat.own_days else None,
            documents=[documents[paper] for paper in sorted(seat.papers)],
            may_reassign=seat.may_change,
            wants_copy=seat.wants_copy,
        )

    # Who is who.

    def member(self, name: str) -> Member:
        return self.ground.members[name]

    def person_of(self, who: Who) -> Registration | Member | Typed:
        if who.filing:
            return self.filing(who.filing)
        found = next((one for one in self.ground.members.values() if one.mail == who.mail), None)
        return found or Typed("あおぞら設備有限会社（架空）", "青空 渚", who.mail)

    def filing(self, name: str) -> Registration:
        return Registration.objects.select_related("counterparty__organization").get(pk=self.ground.filings[name])

    def row(self, place: int) -> Recipient:
        return _ROW.one(envelope=self.envelope.pk, position=place + 1)

    def paper(self, number: int) -> Document:
        return self.envelope.documents.order_by("position")[number]

    def owner(self, row: Recipient) -> Member:
        return Member.objects.select_related("organization").get(pk=row.member_id)

    # Behind links.

    def visit(self, row: Recipient) -> Visit:
        return visit(link_for(row.pk), key=self.keys.get(row.pk, ""), at=self.now)

    def inside(self, row: Recipient, *, done: bool = False) -> Visit:
        """As the door of the ceremony: after the code, and only while there is something to do."""
        found = self.visit(row)
        if found.ceremony is None:
            raise Refusal("visit.not_open")
        reason = stopped(found, at=self.now)
        if reason is not None and not (done and reason == "recipient.done"):
            raise Refusal(reason)
        return found

    def code(self, row: Recipient, what: str, found: Visit) -> str:
        """What is typed: the right code, the one that was right before, a wrong one, or none at all."""
        if what == "malformed":
            return MALFORMED
        if what == "wrong" or row.gate == Gate.NONE:
            return WRONG
        if row.gate == Gate.OTP:
            try:
                return live_code(found, at=self.now)
            except Refusal:
                return WRONG
        assert row.registration is not None
        return CODES[self.ground.code_of(row.registration, former=what == "former")]

    def enter(self, place: int, what: str) -> None:
        row = self.row(place)
        found = self.visit(row)
        reason = stopped(found, at=self.now)
        if reason not in (None, "recipient.done"):
            raise Refusal(str(reason))
        typed = self.code(row, what, found)
        self.keys[row.pk] = open_envelope(found, code=typed, address=self.address(), agent=HERE.agent, at=self.now)

    def address(self) -> str:
        """Each from elsewhere: budgets for one address are no part of this."""
        number = next(self._addresses)
        return f"198.51.{number // 250}.{number % 250 + 1}"

    def send_code(self, place: int) -> None:
        send_one_time_code(self.visit(self.row(place)), at=self.now)

    def leave(self, place: int) -> None:
        self.keys.pop(self.row(place).pk, None)

    def follow_old(self, place: int) -> None:
        """The link of an earlier mail."""
        visit(self.old_links[self.row(place).pk], key="", at=self.now)

    # What people do.

    def at_desk(self, row: Recipient) -> Member:
        """As the desk's page of signing, which shows who is done how far things are, and an ended envelope as it is."""
        if row.state not in SIGNED and row.envelope.state != "in_progress":
            raise Refusal("envelope.moved", state=row.envelope.state)
        return self.owner(row)

    def read(self, place: int, paper: int) -> None:
        row = self.row(place)
        if row.side == Side.OWN:
            open_at_desk(row, by=self.at_desk(row), address=HERE.address, agent=HERE.agent, at=self.now)
            show_document(row, self.paper(paper), at=self.now)
            return
        show_document(self.inside(row).recipient, self.paper(paper), at=self.now)

    def sign(self, place: int) -> None:
        row = self.row(place)
        if row.side == Side.OWN:
            sign_at_desk(row, HERE, by=self.at_desk(row), level=Level.PASSWORD_AND_TOTP, at=self.now)
            return
        sign(self.inside(row, done=True), HERE, at=self.now)

    def confirm(self, place: int) -> None:
        row = self.row(place)
        if row.side == Side.OWN:
            confirm_review_at_desk(row, HERE, by=self.at_desk(row), level=Level.PASSWORD, at=self.now)
            return
        confirm_review(self.inside(row, done=True), HERE, at=self.now)

    def decline(self, place: int, words: str) -> None:
        row = self.row(place)
        if row.side == Side.OWN:
            self.at_desk(row)
        else:
            row = self.inside(row).recipient
        decline(row, wish=Wish.OTHER, reason=words, at=self.now)

    def hand_over(self, place: int, who: Who, words: str, *, keeps: bool) -> None:
        row = self.row(place)
        if row.side == Side.OWN:
            self.at_desk(row)
        else:
            row = self.inside(row).recipient
        reassign(row, self.person_of(who), by=row, at=self.now, reason=words, keeps_copy=keeps)

    def ask_sender(self, place: int) -> None:
        found = self.visit(self.row(place))
        bar = barred(found, at=self.now)
        if (stopped(found, at=self.now) or (bar.code if bar else "")) not in ASKABLE:
            raise Refusal("link.unknown")
        ask_sender_again(found.recipient, what="link", at=self.now)

    def fetch(self, place: int, what: str) -> None:
        row = self.row(place)
        found = download_visit(self._download(row), key="", at=self.now)
        open_download(found, code=self.code(row, what, found), address=self.address(), agent=HERE.agent, at=self.now)
        concluded_copy(concluded_file(row, files_of(row)[0].position), row.envelope, by=row, at=self.now)

    def reissue(self, place: int, what: str) -> None:
        row = self.row(place)
        found = expired_download(self._download(row), at=self.now)
        if found is None or row.gate != Gate.REGISTERED:
            raise Refusal("link.unknown")
        reissue_download(found, mail=row.mail, code=self.code(row, what, found), address=self.address(), agent=HERE.agent, at=self.now)

    def _download(self, row: Recipient) -> str:
        from tachiai.ceremony.models import Invitation

        if not Invitation.objects.filter(subject=row.pk, purpose="download").exists():
            raise Refusal("link.unknown")
        return link_for(row.pk, "download")

    # The desk.

    def withdraw(self, by: str, words: str) -> None:
        withdraw_envelope(self.fresh(), reason=words, by=self.member(by), at=self.now)

    def change_signer(self, by: str, place: int, who: Who) -> None:
        reassign(self.row(place), self.person_of(who), by=self.member(by), at=self.now)

    def send_again(self, by: str, place: int, day: date | None) -> None:
        row = self.row(place)
        before = link_for(row.pk) if row.side != Side.OWN and row.requested_at else ""
        send_again(row, by=self.member(by), at=self.now, deadline=day)
        if before and before != link_for(row.pk):
            self.old_links[row.pk] = before

    def revoke_link(self, by: str, place: int) -> None:
        revoke_link(self.row(place), by=self.member(by), at=self.now)

    def bounce(self, place: int) -> None:
        row = self.row(place)
        request = Mail.objects.filter(stream=self.envelope.stream, about=row.pk, kind__in=("M01", "M02", "M03", "M04")).latest("created_at")
        with transaction.atomic(durable=True):
            note_undelivered(request, self.now)

    def fresh(self) -> Envelope:
        return Envelope.objects.select_related("organization__operator", "sender").get(pk=self.envelope.pk)

    def retry(self, words: str) -> None:
        remedying.retry_envelope(self.fresh(), reason=words, at=self.now)

    def withdraw_by_operator(self, words: str) -> None:
        remedying.withdraw_unfinished(self.fresh(), reason=words, at=self.now)

    # Registrations.

    def end_filing(self, name: str) -> None:
        counterparties.revoke(self.filing(name), reason="退職のため", by=self.member("sender"), at=self.now)

    def date_filing(self, name: str, last_day: date) -> None:
        counterparties.set_validity(self.filing(name), valid_from=None, valid_until=last_day, by=self.member("second"), at=self.now)

    def change_code(self, name: str) -> None:
        """Asked for, chosen by its holder, and approved by a second member; the choosing is a door of its own elsewhere."""
        registration = self.filing(name)
        counterparties.ask_for_code(registration, by=self.member("sender"), at=self.now)
        verifier = self.ground.verifier(registration, changed=True)
        Registration.objects.filter(pk=registration.pk).update(pending_verifier=verifier, pending_at=self.now)
        counterparties.approve_code(self.filing(name), by=self.member("second"), at=self.now)

    # The house's own work, and the clock.

    def freeze(self) -> None:
        self._work(FREEZE, FreezeTask)

    def seal(self) -> None:
        self._work(SEAL, SealTask)

    def close(self) -> None:
        """A closing may have to wait for an answer about the certificate that is newer than the last stamp."""
        for _ in range(PATIENCE):
            self._work(CLOSE, CloseTask)
            early = CloseTask.objects.filter(envelope=self.envelope, state="waiting", trouble="").exists()
            if not early or self.trouble:
                return
            self.ground.clock.pass_by(WAIT)

    def _work(self, kind: Any, model: Any) -> None:
        model.objects.filter(state="waiting").update(due_at=self.now)
        with troubled(self.trouble):
            while drain(kind, now=lambda: self.now):
                pass

    def tick(self) -> None:
        tell_deputies(at=self.now)
        expire_envelopes(at=self.now)
        remind(at=self.now)
        expire_registrations(at=self.now)
