"""What the people of an envelope do: behind their links, and our own at the desk."""

from __future__ import annotations

from datetime import datetime, timedelta

from model.approvals import Approvals
from model.people import (
    ASKED,
    CONCLUDED,
    CONSENTED,
    COPY,
    DECLINED,
    DONE,
    EXPIRED,
    FORWARDED,
    IN_PROGRESS,
    ONE_TIME,
    OPEN,
    OPENED,
    OURS,
    REGISTERED,
    REQUESTED,
    REVIEWED,
    SENDER,
    WAITING,
    WITHDRAWN,
    Filing,
    Job,
    Link,
    Person,
    Refused,
    Who,
)

ENDS = {WITHDRAWN: "withdrawn", DECLINED: "declined", EXPIRED: "expired"}
STANDS = {
    CONSENTED: "done",
    **dict.fromkeys(DONE, "done"),
    FORWARDED: "somebody else is asked",
    DECLINED: "they declined",
    "cancelled": "not needed",
    WAITING: "not their turn",
}
DOWNLOAD_DAYS = timedelta(days=14)
CODE_LIVES = timedelta(minutes=10)
AGAIN_AFTER = timedelta(seconds=60)


class Visits(Approvals):
    # Links and codes (S-01, S-02, S-08; requirements, decision 1).

    def stop(self, person: Person, at: datetime) -> str:
        """S-08: why a link leads no further; nothing while there is something to do."""
        if self.state in ENDS:
            return ENDS[self.state]
        if person.state in STANDS:
            return STANDS[person.state]
        if person.link is None or at >= person.link.until or person.state == EXPIRED:
            return "expired"
        if person.link.closed:
            return "link ended"
        return self.filing_stop(person.filing, at)

    def filing_stop(self, filing: Filing | None, at: datetime) -> str:
        if filing is None or filing.is_usable(at):
            return ""
        return "filing suspended" if filing.suspended else "filing ended"

    def enter(self, person: Person, *, right: bool, well_formed: bool = True, at: datetime) -> None:
        """The code, or the button where none is asked for. Whoever is done may come back and look."""
        reason = self.stop(person, at)
        if reason not in ("", "done"):
            raise Refused(reason)
        assert person.link is not None
        if person.gate != OPEN:
            self.judge(person, person.link, right=right, well_formed=well_formed, at=at)
        person.link.code_sent = None
        person.inside_since = at
        if person.state == REQUESTED:
            person.state = OPENED
        self.tell("recipient.opened")

    def judge(self, person: Person, link: Link, *, right: bool, well_formed: bool, at: datetime) -> None:
        """Five wrong in a row lock a link for a quarter of an hour, ten end it, twenty in thirty days suspend the filing."""
        if not well_formed:
            raise Refused("code malformed")
        if person.gate == ONE_TIME and (link.code_sent is None or at - link.code_sent >= CODE_LIVES):
            raise Refused("no code is live")
        if person.gate == REGISTERED and (stop := self.filing_stop(person.filing, at)):
            raise Refused(stop)
        if link.locked_until is not None and at >= link.locked_until:
            link.tries, link.locked_until = 0, None
        if link.life >= 10:
            raise Refused("code ended")
        if link.tries >= 5:
            raise Refused("code locked")
        if right:
            link.tries, link.locked_until = 0, None
            return
        link.tries, link.life = link.tries + 1, link.life + 1
        self.wrong(person, link, at)

    def wrong(self, person: Person, link: Link, at: datetime) -> None:
        suspended = self.suspend(person, at)
        self.tell("recipient.code_wrong")
        locks = link.tries == 5 or link.life == 10
        if link.tries == 5:
            link.locked_until = at + timedelta(minutes=15)
        if locks or suspended:
            self.mail("M15", person.mail)
            self.mail("M15", SENDER)
        if suspended:
            raise Refused("filing suspended")
        if link.life == 10:
            raise Refused("code ended")
        raise Refused("code locked" if locks else "code wrong")

    def suspend(self, person: Person, at: datetime) -> bool:
        filing = person.filing
        if filing is None or person.gate != REGISTERED:
            return False
        filing.wrong = [one for one in filing.wrong if at - one < timedelta(days=30)] + [at]
        if len(filing.wrong) < 20 or filing.suspended:
            return False
        filing.suspended = True
        return True

    def send_code(self, person: Person, at: datetime) -> None:
        """M16, a minute apart; the last one counts."""
        reason = self.stop(person, at)
        if person.gate != ONE_TIME or reason not in ("", "done"):
            raise Refused(reason or "no code is asked for")
        assert person.link is not None
        if person.link.life >= 10:
            raise Refused("code ended")
        if person.link.locked_until is not None and at < person.link.locked_until:
            raise Refused("code locked")
        if person.link.code_sent is not None and at - person.link.code_sent < AGAIN_AFTER:
            raise Refused("too soon")
        person.link.code_sent = at
        self.tell("recipient.code_sent")
        self.mail("M16", person.mail)

    def leave(self, person: Person) -> None:
        person.inside_since = None

    def must_be_inside(self, person: Person, at: datetime, *, done: bool = False) -> None:
        """Nothing behind a link is served without a visit that the code has opened."""
        if not person.is_theirs:
            return
        if person.inside_since is None:
            raise Refused("no visit")
        reason = self.stop(person, at)
        if reason and not (done and reason == "done"):
            raise Refused(reason)

    # What they do.

    def read(self, person: Person, paper: int, at: datetime) -> None:
        self.must_be_inside(person, at)
        if person.who.side == OURS and person.state == REQUESTED:
            person.state = OPENED
            self.tell("recipient.opened")
        if paper not in person.seen:
            person.seen.add(paper)
            self.tell("document.shown")

    def must_have_read(self, person: Person) -> None:
        if set(person.papers(self.papers)) - person.seen:
            raise Refused("documents unread")

    def sign(self, person: Person, at: datetime) -> None:
        """署名手続きを完了する. A second press is the same consent."""
        self.must_be_inside(person, at, done=True)
        if person.signs and person.state in (CONSENTED, *DONE):
            return
        if not person.signs:
            raise Refused("does not sign")
        self.must_go_on(person, at)
        self.must_have_read(person)
        person.state = CONSENTED
        self.close_link(person)
        self.jobs += [Job(person, paper) for paper in person.papers(self.papers)]
        self.tell("recipient.consented")
        if person.is_theirs:
            self.mail("M07", person.mail)
        self.settle(person)

    def confirm(self, person: Person, at: datetime) -> None:
        """確認者・承認者: read, and said so; no seal."""
        self.must_be_inside(person, at, done=True)
        if person.signs or person.seat.kind == COPY:
            raise Refused("does not review")
        if person.state == REVIEWED:
            return
        self.must_go_on(person, at)
        self.must_have_read(person)
        person.state = REVIEWED
        self.close_link(person)
        self.tell("recipient.reviewed")
        self.mail("M09", SENDER)
        self.settle(person)
        self.go_on(at)

    def close_link(self, person: Person) -> None:
        if person.link:
            person.link.closed = True

    def decline(self, person: Person, words: str, at: datetime) -> None:
        """署名しない: the envelope ends, and the sender and whoever was mailed hear of it.

        9.1: a required signer's word ends it. While another of いずれか1人 can still do it, only the decliner is out, and only the
        sender hears of it.
        """
        self.must_be_inside(person, at)
        if len(words.strip()) < 2:
            raise Refused("no reason")
        self.must_be(IN_PROGRESS)
        if person.state not in ASKED:
            raise Refused("not asked")
        person.state = DECLINED
        if self.left_of(person):
            self.close_link(person)
            self.tell("recipient.declined")
            self.mail("M10", SENDER)
            self.go_on(at)  # approvers may have waited for this answer alone
            return
        self.end(DECLINED, at)
        self.tell("envelope.declined")
        self.mail("M10", SENDER)
        for other in self.mailed():
            if other is not person:
                self.mail("M10", other.mail)

    def ask_sender(self, person: Person, at: datetime) -> None:
        """再送を依頼する, from a dead end; whoever presses again within the hour has been heard."""
        reason = self.stop(person, at) or ("code ended" if person.link and person.link.life >= 10 else "")
        if reason not in ("expired", "link ended", "code ended"):
            raise Refused("there is a way on")
        if person.heard_at is not None and at - person.heard_at < timedelta(hours=1):
            raise Refused("already heard")
        person.heard_at = at
        self.tell("recipient.asked_link")
        self.mail("M20", SENDER)

    def hand_over(self, person: Person, who: Who, filing: Filing | None, words: str, *, keeps: bool, at: datetime) -> Person:
        """S-07, by the one who is asked."""
        self.must_be_inside(person, at)
        if not person.seat.may_change:
            raise Refused("not allowed to change")
        if len(words.strip()) < 2:
            raise Refused("no reason")
        self.must_go_on(person, at)
        return self.change(person, who, filing, keeps=keeps, at=at)

    def change(self, person: Person, who: Who, filing: Filing | None, *, keeps: bool, at: datetime) -> Person:
        """署名者変更: the old link is dead, the new one is asked as the old one was."""
        if who.side != person.who.side:
            raise Refused("the other side")
        if filing is not None and not filing.is_usable(at):
            raise Refused("filing ended")
        if who.side == OURS and person.signs and not who.may_sign:
            raise Refused("may not sign")
        if who.mail == person.mail:
            raise Refused("the same person")
        gate = ONE_TIME if who.side != OURS and not who.filing and person.gate == REGISTERED else person.gate
        fresh = Person(who, person.seat, filing, person.own_day, gate)
        self.people.append(fresh)
        person.state, person.wants_copy = FORWARDED, keeps
        self.close_link(person)
        self.tell("recipient.reassigned")
        self.mail("M12", SENDER)
        if person.asked_at is not None:
            self.mail("M12", person.mail)
            self.ask(fresh, at)
        return fresh

    # Afterwards (S-09).

    def fetch(self, person: Person, *, right: bool, at: datetime) -> None:
        """The concluded files, for fourteen days."""
        self.must_be(CONCLUDED)
        if person.download is None:
            raise Refused("no download")
        if at >= person.download.until:
            raise Refused("download over")
        self.judge_download(person, person.download, right=right, at=at)
        self.tell("download.opened")
        self.tell("file.downloaded")
        person.fetched = True

    def judge_download(self, person: Person, link: Link, *, right: bool, at: datetime) -> None:
        if person.gate != OPEN:
            self.judge(person, link, right=right, well_formed=True, at=at)

    def reissue(self, person: Person, *, right: bool, at: datetime) -> None:
        """After the fourteen days: by the registered address and its code, and by nothing less."""
        self.must_be(CONCLUDED)
        if person.download is None or at < person.download.until or person.gate != REGISTERED:
            raise Refused("no reissue")
        self.judge_download(person, person.download, right=right, at=at)
        person.download = Link(person.download.number + 1, at + DOWNLOAD_DAYS)
        self.tell("download.reissued")
        self.mail("M21", person.mail)
        self.mail("M20", SENDER)
