"""What the clock writes before a deadline: each cause once, by day, and never a flood."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta

from cast import Cast, link_for
from invariants import check_envelope
from stories import concluded, drafted, mayor_of, sent, vendor_of
from tachiai import clock, ledger
from tachiai.accounts.models import Organization
from tachiai.ceremony.models import Invitation
from tachiai.clock import JAPAN, today
from tachiai.config.jobs import FREEZE
from tachiai.envelopes.addressing import Place
from tachiai.envelopes.drafting import address_envelope
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.reminder_models import Reminder
from tachiai.envelopes.reminding import remind
from tachiai.envelopes.sending import send_again, send_envelope
from tachiai.outbox import compose
from tachiai.outbox.models import Mail
from tachiai.work import drain


def at_nine(envelope: Envelope, *, days_left: int) -> datetime:
    """Nine o'clock in Japan, so many days before the deadline."""
    assert envelope.deadline is not None
    return datetime.combine(envelope.deadline - timedelta(days=days_left), time(9), JAPAN)


def kinds() -> Counter[str]:
    return Counter(Mail.objects.filter(kind__in=("M02", "M04", "M13", "M28")).values_list("kind", flat=True)) - Counter(["M04"])


def test_four_reminders_with_the_same_link_on_the_days_and_on_no_other(cast: Cast) -> None:
    """B10: 23, 16, 9 and 2 days before; each once however often the clock ticks; the sender three days before and on the day."""
    envelope = sent(cast)
    link = link_for(vendor_of(envelope).pk)
    told: dict[str, list[int]] = {"M02": [], "M13": []}
    for days_left in range(30, -1, -1):
        for hours in (0, 4):
            before = kinds()
            remind(at=at_nine(envelope, days_left=days_left) + timedelta(hours=hours))
            for kind, number in (kinds() - before).items():
                told[kind] += [days_left] * number
    assert told == {"M02": [23, 16, 9, 2], "M13": [3, 0]}
    assert not Mail.objects.filter(kind="M02").exclude(to=vendor_of(envelope).mail).exists()
    message = compose(Mail.objects.filter(kind="M02").first() or Mail())
    assert str(message["Subject"]).startswith("[再送] ")
    assert "署名期限：" in str(message["Subject"])
    assert message["Auto-Submitted"] == "auto-generated"
    assert link_for(vendor_of(envelope).pk) == link
    told_days = [entry.data["days"] for entry in ledger.entries(envelope.stream) if entry.event == "recipient.reminded"]
    assert told_days == [23, 16, 9, 2]
    check_envelope(envelope)


def test_after_a_long_outage_only_the_newest_is_written(cast: Cast) -> None:
    envelope = sent(cast)
    for _ in range(3):
        remind(at=at_nine(envelope, days_left=1))
    assert kinds() == {"M02": 1, "M13": 1}
    assert set(Reminder.objects.values_list("kind", "days")) == {("signature", 2), ("deadline", 3)}


def test_nobody_is_reminded_in_the_first_five_days_nor_by_night(cast: Cast) -> None:
    envelope = sent(cast)
    asked = clock.now()
    for age, expected in ((4, 0), (5, 1)):
        deadline = today(asked) + timedelta(days=age + 9)
        Envelope.objects.filter(pk=envelope.pk).update(deadline=deadline)
        envelope.refresh_from_db()
        night = at_nine(envelope, days_left=9) + timedelta(hours=11)
        assert remind(at=night) == 0
        remind(at=at_nine(envelope, days_left=9))
        assert kinds()["M02"] == expected


def test_whom_the_clock_leaves_alone(cast: Cast) -> None:
    """Where the organization says so, whoever's address fails, whoever's link was closed, and whose turn has not come."""
    envelope = sent(cast)
    at, person = at_nine(envelope, days_left=9), vendor_of(envelope)
    Organization.objects.update(reminds=False)
    assert remind(at=at) == 0
    Organization.objects.update(reminds=True)
    Recipient.objects.filter(pk=person.pk).update(undelivered=True)
    assert remind(at=at) == 0
    Recipient.objects.filter(pk=person.pk).update(undelivered=False)
    Invitation.objects.filter(subject=person.pk).update(closed_at=at)
    assert remind(at=at) == 0
    assert mayor_of(envelope).requested_at is None
    send_again(person, by=cast.clerk, at=clock.now())
    remind(at=at_nine(envelope, days_left=2))
    assert kinds() == {"M02": 2, "M13": 1}


def test_the_eleventh_day_of_a_download_tells_who_has_taken_nothing(cast: Cast) -> None:
    envelope = concluded(cast)
    assert envelope.concluded_at is not None
    noon = datetime.combine(envelope.concluded_at.astimezone(JAPAN).date(), time(12), JAPAN)
    for days, expected in ((10, 0), (12, 1), (13, 1)):
        remind(at=noon + timedelta(days=days))
        assert kinds()["M28"] == expected
    Reminder.objects.all().delete()
    Recipient.objects.filter(pk=vendor_of(envelope).pk).update(downloaded_at=noon)
    assert remind(at=noon + timedelta(days=12)) == 0


def test_whoever_is_asked_again_after_their_own_day_is_told_and_reminded_of_the_envelopes(cast: Cast) -> None:
    envelope, at = drafted(cast), clock.now()
    own = today(at) + timedelta(days=1)
    address_envelope(envelope, [Place(1, cast.vendor, deadline=own), Place(2, cast.mayor)], by=cast.clerk, at=at)
    send_envelope(envelope, by=cast.clerk, at=at)
    drain(FREEZE, now=clock.now)  # and no mail is delivered: its facts go with it
    envelope.refresh_from_db()
    then = at + timedelta(days=2)
    assert expire_envelopes(at=then) == 1
    send_again(vendor_of(envelope), by=cast.clerk, at=then)
    assert envelope.deadline is not None
    days = Mail.objects.filter(kind__in=("M01", "M02")).order_by("created_at").values_list("context__deadline", flat=True)
    assert list(days) == [own.isoformat(), envelope.deadline.isoformat()], "the day by which they may answer"
    for _ in range(2):
        remind(at=at_nine(envelope, days_left=16))
    assert kinds() == {"M02": 2, "M13": 1}
    check_envelope(envelope)
