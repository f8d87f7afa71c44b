"""Approval (B08): steps, deputies, return, taking back, what voids it; by the verbs, with the whole house checked."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from approvals import all_of, any_of, approver, awaiting, route, stands_in
from cast import CODE, Cast
from invariants import check_envelope, check_house, events
from stages import Scene, drafted, signs
from stories import work
from tachiai import clock, counterparties, ledger
from tachiai.accounts.models import Member, Organization, Role
from tachiai.accounts.route_models import Deputyship, Timing
from tachiai.accounts.standing_in import deputyships_of
from tachiai.administration.deputies import deputyships_for, end_deputy, set_deputy
from tachiai.administration.members import change_member, details_of
from tachiai.administration.routes import Step, end_route, save_route, set_route_policy
from tachiai.counterparties import Entered
from tachiai.counterparties.recoding import approve_code
from tachiai.counterparties.waiting import registrations_to_approve
from tachiai.envelopes import checking
from tachiai.envelopes.access import envelopes_for
from tachiai.envelopes.approval_listing import Pile, approvals_waiting, places_under
from tachiai.envelopes.approval_models import Approval, ApprovalPlace
from tachiai.envelopes.approving import approve, ask_approval_again, return_envelope, submit_for_approval, take_back
from tachiai.envelopes.approving_deputies import tell_deputies
from tachiai.envelopes.bundling import evidence_bundle
from tachiai.envelopes.certifying import certificate_facts
from tachiai.envelopes.drafting import Description, describe_envelope, name_recipients
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.giving_copies import requests_to_decide
from tachiai.envelopes.handing_over import hand_over
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.reminding_approvers import remind_approvers
from tachiai.envelopes.reviving import extend_envelope
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Refusal
from tachiai.outbox import compose
from tachiai.outbox.models import Mail


def refused(code: str, verb: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    with pytest.raises(Refusal) as met:
        verb(*args, **kwargs)
    assert met.value.code == code


def mails(kind: str) -> list[str]:
    return sorted(Mail.objects.filter(kind=kind).values_list("to", flat=True))


def state(envelope: Envelope) -> str:
    envelope.refresh_from_db()
    return str(envelope.state)


def test_b08_two_steps_any_one_and_a_deputy_and_it_is_sent_by_itself(cast: Cast) -> None:
    """One of the first step suffices; the second is answered by a deputy within the days; nobody else's word counts."""
    head, chief = approver(cast, "head", "課長 一"), approver(cast, "chief", "部長 二")
    deputy, later = approver(cast, "deputy", "代理 三"), approver(cast, "later", "後日 四")
    stands_in(cast, deputy, chief)
    stands_in(cast, later, head, days=(1, 3))
    envelope, approval = awaiting(cast, route(cast, any_of(cast.second, head, deputy), all_of(chief)))
    assert state(envelope) == "awaiting_approval"
    assert (mails("M17"), mails("M18")) == (sorted(one.mail for one in (cast.second, head, deputy)), [])
    at = clock.now()
    for nobody, code in ((cast.clerk, "approval.not_yours"), (cast.mayor, "approval.not_yours"), (cast.stranger, "approval.not_yours")):
        refused(code, approve, approval.pk, by=nobody, at=at)
    refused("deputy.not_in_force", approve, approval.pk, by=later, at=at)
    refused("approval.not_asked", approve, approval.pk, by=chief, at=at)
    assert [approvals_waiting(one, at=at) for one in (head, chief, deputy, later, cast.clerk)] == [1, 0, 1, 0, 0]
    assert envelope not in envelopes_for(chief)
    approve(approval.pk, by=head, at=at, comment="問題ありません")
    refused("approval.not_asked", approve, approval.pk, by=cast.second, at=at)
    assert mails("M18") == [deputy.mail]
    assert [place.member for place in places_under(Pile.DEPUTY, deputy, at=at)] == [chief]
    assert envelope in envelopes_for(chief)
    assert envelope in envelopes_for(deputy)
    approve(approval.pk, by=deputy, at=at)
    assert state(envelope) == "sending"
    refused("approval.over", approve, approval.pk, by=chief, at=at)
    work()
    assert state(envelope) == "in_progress"
    assert mails("M19") == [cast.clerk.mail]
    told = {entry.event: entry for entry in ledger.entries(envelope.stream)}
    assert told["envelope.sent"].data["approval"] == {"approval": str(approval.pk), "digest": told["envelope.submitted"].data["digest"]}
    assert told["envelope.sent"].by == {"kind": "house"}
    assert told["envelope.approved"].by["id"] == str(deputy.pk)
    assert told["envelope.approved"].data["member"] == str(chief.pk)
    assert [place.member for place in places_under(Pile.DONE, deputy, at=at)] == [chief]
    deputy.role = Role.SYSTEM  # who runs the house is shown no contract, not even by the name of one they decided on before
    assert not places_under(Pile.DONE, deputy, at=at)
    check_house()


def test_the_sender_is_never_their_own_approver_nor_a_deputy(cast: Cast) -> None:
    cast.clerk.may_approve = True
    cast.clerk.save()
    refused(
        "approval.own_route",
        submit_for_approval,
        drafted(cast),
        route(cast, all_of(cast.clerk, cast.second)).pk,
        by=cast.clerk,
        at=clock.now(),
    )
    stands_in(cast, cast.clerk, cast.second)
    envelope, approval = awaiting(cast, route(cast, any_of(cast.clerk, cast.second), name="いずれか"))
    assert mails("M17") == [cast.second.mail]
    assert mails("M18") == []
    assert approvals_waiting(cast.clerk, at=clock.now()) == 0
    refused("approval.is_sender", approve, approval.pk, by=cast.clerk, at=clock.now())
    refused("approval.is_sender", return_envelope, approval.pk, comment="差し戻し", by=cast.clerk, at=clock.now())
    # Nor does an approver become the sender.
    done = hand_over(cast.clerk, to=cast.second, by=cast.admin, at=clock.now())
    assert envelope.number in done.kept
    assert state(envelope) == "awaiting_approval"
    check_house()


def test_an_auditor_reads_and_approves_nothing_whatever_the_rows_say(cast: Cast) -> None:
    head, at = approver(cast, "head", "課長 一"), clock.now()
    day = clock.today(at)
    envelope, approval = awaiting(cast, route(cast, any_of(cast.second, head)))
    waiting = counterparties.register(Entered("相手（架空）", "代表", "相手 一", "x@example.jp", CODE), by=cast.clerk, at=at)
    stands_in(cast, cast.second, head)
    for one in (cast.auditor, head):  # the rows say so: given before it was refused, or the role was changed beside the verbs
        Member.objects.filter(pk=one.pk).update(role=Role.AUDITOR, may_approve=True)
        one.refresh_from_db()
        refused("approval.reads_only", approve, approval.pk, by=one, at=at)
        refused("approval.reads_only", return_envelope, approval.pk, comment="差し戻し", by=one, at=at)
        refused("registration.not_allowed", counterparties.approve, waiting, by=one, at=at)
        refused("registration.not_allowed", counterparties.return_registration, waiting, reason="差し戻し", by=one, at=at)
        refused("registration.not_allowed", approve_code, cast.vendor, by=one, at=at)
        assert (approvals_waiting(one, at=at), registrations_to_approve(one), requests_to_decide(one)) == (0, [], [])
        refused("deputy.unfit", set_deputy, cast.second, one, starts=day, ends=day, by=cast.second, at=at)
        refused("route.unfit", save_route, "x", [all_of(one)], by=cast.admin, at=at)
        refused("member.auditor_approves", change_member, one, details_of(one), by=cast.admin, at=at)
    # Nor does anybody stand in for one, nor is one told of what waits.
    assert list(deputyships_of(cast.second.pk, day)) == []
    assert remind_approvers(at=_monday_morning(at)) == 1
    assert mails("M32") == [cast.second.mail]
    approve(approval.pk, by=cast.second, at=at)
    assert state(envelope) == "sending"


def _monday_morning(at: datetime) -> datetime:
    days = (7 - at.astimezone(clock.JAPAN).weekday()) % 7 or 7
    return datetime.combine(clock.today(at) + timedelta(days=days), time(9), clock.JAPAN)


def test_returned_taken_back_changed_and_approved_again(cast: Cast) -> None:
    """A change voids what was approved: with a required route nothing is sent that was not approved as it is."""
    along = route(cast)
    set_route_policy(requires_route=True, default_route=along.pk, by=cast.admin, at=clock.now())
    envelope, first = awaiting(cast, along)
    at = clock.now()
    refused("comment.missing", return_envelope, first.pk, comment=" ", by=cast.second, at=at)
    return_envelope(first.pk, comment="金額を直してください", by=cast.second, at=at)
    assert state(envelope) == "returned"
    refused("envelope.not_draft", describe_envelope, envelope, said(envelope, amount=1), by=cast.clerk, at=at)
    refused("envelope.moved", send_envelope, envelope, by=cast.clerk, at=at)
    refused("envelope.not_allowed", take_back, envelope, by=cast.mayor, at=at)
    take_back(envelope, by=cast.clerk, at=at)
    refused("approval.missing", send_envelope, envelope, by=cast.clerk, at=at)
    describe_envelope(envelope, said(envelope, amount=980_000), by=cast.clerk, at=at)
    second = submit_for_approval(envelope, along.pk, by=cast.clerk, at=clock.now())
    take_back(envelope, by=cast.clerk, at=clock.now())
    refused("approval.over", approve, second.pk, by=cast.second, at=clock.now())
    third = submit_for_approval(envelope, along.pk, by=cast.clerk, at=clock.now())
    # What nobody may change is changed all the same: it is not what the approver was asked about.
    Envelope.objects.filter(pk=envelope.pk).update(amount=99_000_000)
    refused("approval.changed", approve, third.pk, by=cast.second, at=clock.now())
    Envelope.objects.filter(pk=envelope.pk).update(amount=980_000)
    approve(third.pk, by=cast.second, at=clock.now())
    assert state(envelope) == "sending"
    work()
    check_house()
    assert events(envelope).count("envelope.submitted") == 3


def said(envelope: Envelope, *, amount: int | None = None, days: int = 30) -> Description:
    envelope.refresh_from_db()
    due = clock.today(clock.now()) + timedelta(days=days)
    return Description(envelope.name, "", envelope.transaction_date, envelope.counterparty, amount, due)


def test_what_became_impossible_meanwhile_goes_back_and_its_approval_stands(cast: Cast) -> None:
    along = route(cast)
    set_route_policy(requires_route=True, default_route=None, by=cast.admin, at=clock.now())
    envelope, approval = awaiting(cast, along)
    cast.mayor.may_sign = False
    cast.mayor.save()
    approve(approval.pk, by=cast.second, at=clock.now())
    assert state(envelope) == "returned"
    told = ledger.latest(envelope.stream, "envelope.returned")
    assert told is not None
    assert told.data == {"approval": str(approval.pk), "because": "member.may_not_sign"}
    assert mails("M19") == [cast.clerk.mail]
    check_house()
    cast.mayor.may_sign = True
    cast.mayor.save()
    take_back(envelope, by=cast.clerk, at=clock.now())
    amount = envelope.amount
    describe_envelope(envelope, said(envelope, amount=5), by=cast.clerk, at=clock.now())
    refused("approval.missing", send_envelope, envelope, by=cast.clerk, at=clock.now())
    describe_envelope(envelope, said(envelope, amount=amount), by=cast.clerk, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    check_house()


def test_a_route_behind_the_counterparty_s_signature(cast: Cast) -> None:
    """It is sent at once; our own signer is asked only when all have approved, and the certificate says who decided."""
    head = approver(cast, "head", "課長 一")
    stands_in(cast, head, cast.second)
    along = route(cast, timing=Timing.AFTER)
    set_route_policy(requires_route=True, default_route=along.pk, by=cast.admin, at=clock.now())
    envelope = drafted(cast)
    approval = submit_for_approval(envelope, along.pk, by=cast.clerk, at=clock.now())
    work()
    scene = Scene(cast, envelope)
    assert (scene.state(), mails("M17")) == ("in_progress", [])
    refused("approval.over", approve, approval.pk, by=cast.second, at=clock.now())
    signs(scene.vendor)
    work()
    assert (scene.state(), scene.mayor.state, mails("M17"), mails("M18")) == ("in_progress", "waiting", [cast.second.mail], [head.mail])
    check_house()
    return_envelope(approval.pk, comment="相手方の記入を確認してください", by=cast.second, at=clock.now())
    assert (scene.state(), scene.mayor.state) == ("in_progress", "waiting")
    refused("envelope.moved", take_back, envelope, by=cast.clerk, at=clock.now())
    check_house()
    again = ask_approval_again(envelope, by=cast.clerk, at=clock.now())
    refused("envelope.moved", ask_approval_again, envelope, by=cast.clerk, at=clock.now())
    approve(again.pk, by=head, at=clock.now(), comment="社内のみのコメント")
    assert scene.mayor.state == "requested"
    signs(scene.mayor)
    work()
    assert scene.state() == "concluded"
    check_house()
    taken = evidence_bundle(envelope, by=None, now=clock.now)  # which its own verifier accepts
    with taken.file, zipfile.ZipFile(taken.file) as bundle:
        assert "envelope.approved" in bundle.read("ledger/entries.jsonl").decode()
        assert "社内のみのコメント" not in bundle.read("ledger/personal.json").decode()
    facts = certificate_facts(Envelope.objects.get(pk=envelope.pk), number="C-1", anchor=Anchored(), at=clock.now())  # type: ignore[arg-type]
    assert [(one.step, one.name, one.instead_of) for one in facts.approvals] == [(1, head.name, cast.second.name)]


def test_approvers_behind_the_counterparty_wait_for_it_also_where_both_sign_at_once(cast: Cast) -> None:
    """The same order for both sides: what the approvers decide on bears the counterparty's signature, and does not change under them."""
    envelope = drafted(cast)
    name_recipients(envelope, [(1, cast.vendor), (1, cast.mayor)], by=cast.clerk, at=clock.now())
    approval = submit_for_approval(envelope, route(cast, timing=Timing.AFTER).pk, by=cast.clerk, at=clock.now())
    work()
    scene = Scene(cast, envelope)
    assert (scene.vendor.state, scene.mayor.state, mails("M17")) == ("requested", "waiting", [])
    refused("approval.over", approve, approval.pk, by=cast.second, at=clock.now())
    signs(scene.vendor)
    work()
    assert mails("M17") == [cast.second.mail]
    approve(approval.pk, by=cast.second, at=clock.now())
    assert scene.mayor.state == "requested"
    check_envelope(envelope)


def test_what_expires_while_approvers_decide_goes_on_from_there(cast: Cast) -> None:
    """Two steps behind the counterparty's signature: the day passes after the first, and its answer holds when the sender goes on."""
    head = approver(cast, "head", "課長 一")
    envelope = drafted(cast)
    approval = submit_for_approval(
        envelope, route(cast, all_of(cast.second), all_of(head), timing=Timing.AFTER).pk, by=cast.clerk, at=clock.now()
    )
    work()
    scene = Scene(cast, envelope)
    signs(scene.vendor)
    work()
    approve(approval.pk, by=cast.second, at=clock.now())
    late = clock.end_of(clock.today(clock.now()) + timedelta(days=30)) + timedelta(minutes=5)
    assert (expire_envelopes(at=late), scene.state()) == (1, "expired")
    check_envelope(envelope)
    refused("approval.over", approve, approval.pk, by=head, at=late)
    soon = clock.today(late) + timedelta(days=7)
    refused("envelope.not_allowed", extend_envelope, envelope, deadline=soon, by=cast.mayor, at=late)
    refused("deadline.out_of_range", extend_envelope, envelope, deadline=clock.today(late), by=cast.clerk, at=late)
    refused("envelope.too_old", extend_envelope, envelope, deadline=soon, by=cast.clerk, at=late + timedelta(days=91))
    assert extend_envelope(envelope, deadline=soon, by=cast.clerk, at=late) == []
    refused("envelope.moved", extend_envelope, envelope, deadline=soon, by=cast.clerk, at=late)
    check_envelope(envelope)
    approve(approval.pk, by=head, at=late)
    assert (scene.state(), scene.mayor.state, mails("M17")) == ("in_progress", "requested", sorted([cast.second.mail, head.mail]))
    check_envelope(envelope)
    told = ledger.latest(envelope.stream, "envelope.revived")
    assert told is not None
    Approval.objects.update(digest=b"x" * 32)
    assert "approval.unlike_entry" in named(envelope)


class Anchored:
    """What a certificate tells of a checkpoint; which one does not matter here."""

    note, origin, size, root = "x", "x", 1, b"x"
    stamped_at = datetime(2026, 1, 1, tzinfo=clock.JAPAN)


def test_withdrawing_ends_the_request(cast: Cast) -> None:
    envelope, approval = awaiting(cast, route(cast))
    withdraw_envelope(envelope, reason="取りやめ", by=cast.clerk, at=clock.now())
    refused("approval.over", approve, approval.pk, by=cast.second, at=clock.now())
    assert approvals_waiting(cast.second, at=clock.now()) == 0
    check_house()


def test_routes_and_deputies_are_admins_and_nobody_raises_themselves(cast: Cast) -> None:
    head, at = approver(cast, "head", "課長 一"), clock.now()
    day = clock.today(at)
    along = route(cast)
    refused("member.not_allowed", save_route, "x", [all_of(head)], by=cast.clerk, at=at)
    for code, name, steps in (
        ("route.nameless", " ", [all_of(head)]),
        ("route.taken", along.name, [all_of(head)]),
        ("route.stepless", "x", []),
        ("route.step_empty", "x", [all_of(head), Step(())]),
        ("route.unfit", "x", [all_of(cast.mayor)]),
        ("route.too_long", "x", [all_of(head)] * 10),
    ):
        refused(code, save_route, name, steps, by=cast.admin, at=at)
    refused("route.unknown", save_route, "x", [all_of(cast.stranger)], route=along.pk, by=cast.stranger_admin, at=at)
    set_route_policy(requires_route=True, default_route=along.pk, by=cast.system, at=at)
    refused("route.last", end_route, along.pk, by=cast.admin, at=at)
    set_route_policy(requires_route=False, default_route=along.pk, by=cast.admin, at=at)
    end_route(along.pk, by=cast.admin, at=at)
    cast.city.refresh_from_db()
    assert cast.city.default_route_id is None
    refused("route.none", set_route_policy, requires_route=True, default_route=None, by=cast.admin, at=at)
    days = {"starts": day, "ends": day + timedelta(days=3)}
    cast.admin.may_approve = True
    cast.admin.save()
    for code, approver_, deputy, by, changed in (
        ("member.not_allowed", head, cast.second, cast.second, {}),
        ("member.not_allowed", cast.stranger, head, cast.admin, {}),
        ("deputy.is_self", head, cast.admin, cast.admin, {}),
        ("deputy.same", head, head, head, {}),
        ("deputy.unfit", head, cast.mayor, head, {}),
        ("deputy.days_reversed", head, cast.second, head, {"ends": day - timedelta(days=1)}),
        ("deputy.over", head, cast.second, head, {"starts": day - timedelta(days=9), "ends": day - timedelta(days=1)}),
    ):
        refused(code, set_deputy, approver_, deputy, by=by, at=at, **{**days, **changed})
    row = set_deputy(head, cast.second, by=head, at=at, **days)
    refused("deputy.twice", set_deputy, head, cast.admin, by=cast.system, at=at, **days)
    refused("deputy.unknown", end_deputy, row.pk, by=cast.clerk, at=at)
    assert list(deputyships_for(cast.admin, at=at)) == [row]
    end_deputy(row.pk, by=cast.system, at=at)
    told = [entry.event for entry in ledger.entries(f"organization:{cast.city.pk}")][-6:]
    assert told == ["organization.routes_set", "organization.routes_set", "route.ended", "deputy.set", "deputy.ended"][-6:] or told[
        -2:
    ] == [
        "deputy.set",
        "deputy.ended",
    ]


def test_a_deputy_who_begins_later_hears_of_what_waits_already(cast: Cast) -> None:
    head = approver(cast, "head", "課長 一")
    envelope, approval = awaiting(cast, route(cast))
    assert tell_deputies(at=clock.now()) == 0
    stands_in(cast, head, cast.second, days=(1, 2))
    tomorrow = clock.now() + timedelta(days=1)
    assert (tell_deputies(at=clock.now()), tell_deputies(at=tomorrow), tell_deputies(at=tomorrow)) == (0, 1, 0)
    assert mails("M18") == [head.mail]
    refused("deputy.not_in_force", approve, approval.pk, by=head, at=clock.now())
    refused("deputy.not_in_force", approve, approval.pk, by=head, at=tomorrow + timedelta(days=2))
    approve(approval.pk, by=head, at=tomorrow)
    assert state(envelope) == "sending"


def test_whoever_lets_an_approval_wait_is_reminded_once_a_working_morning(cast: Cast) -> None:
    """Not on the day itself, by night or at the weekend; approver and deputy, each once a day; nobody once it is decided."""
    head, chief = approver(cast, "head", "課長 一"), approver(cast, "chief", "部長 二")
    stands_in(cast, head, cast.second, days=(0, 2))
    along = route(cast, all_of(cast.second, chief))
    envelope, approval = awaiting(cast, along)
    other, _ = awaiting(cast, along)
    asked = ApprovalPlace.objects.filter(approval=approval).values_list("asked_at", flat=True)[0]
    assert asked is not None
    days = [clock.today(asked) + timedelta(days=number) for number in range(8)]
    monday = next(day for day in days[1:] if day.weekday() == 0)
    days = [monday + timedelta(days=number) for number in range(7)]
    Deputyship.objects.update(starts=monday, ends=monday)
    morning = [datetime.combine(day, time(9), clock.JAPAN) for day in days]
    earlier = morning[0] - timedelta(days=1)
    ApprovalPlace.objects.update(asked_at=earlier)
    assert [remind_approvers(at=one) for one in (earlier, morning[0].replace(hour=3), morning[5], morning[6])] == [0, 0, 0, 0]
    ApprovalPlace.objects.update(asked_at=morning[0].replace(hour=8))
    assert remind_approvers(at=morning[0]) == 0  # today's are left for tomorrow
    ApprovalPlace.objects.update(asked_at=earlier)
    Organization.objects.update(reminds=False)
    assert remind_approvers(at=morning[0]) == 0
    Organization.objects.update(reminds=True)
    assert [remind_approvers(at=morning[0]), remind_approvers(at=morning[0].replace(hour=18))] == [3, 0]
    assert mails("M32") == sorted(one.mail for one in (cast.second, head, chief))
    letters = {one.to: compose(one) for one in Mail.objects.filter(kind="M32")}
    text = letters[head.mail].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert (text.count(f"{cast.second.name} さんの代理として"), text.count(other.number), text.count(envelope.number)) == (2, 1, 1)
    assert "2件" in letters[chief.mail]["Subject"]
    approve(approval.pk, by=cast.second, at=clock.now())
    # The deputy's day is over, and of one request the second has done their part.
    assert remind_approvers(at=morning[1]) == 2
    told = {one.to: one.context["count"] for one in Mail.objects.filter(kind="M32", created_at=morning[1])}
    assert told == {cast.second.mail: 1, chief.mail: 2}
    take_back(other, by=cast.clerk, at=clock.now())
    assert remind_approvers(at=morning[2]) == 1


CHANGES: tuple

CHANGES: tuple[tuple[str, Callable[[Envelope, Approval, Cast], object], set[str]], ...] = (
    ("digest", lambda e, a, c: Approval.objects.update(digest=b"x" * 32), {"approval.unlike_entry"}),
    ("salt", lambda e, a, c: Approval.objects.update(salt=b"x" * 32), {"approval.of_something_else"}),
    ("decider", lambda e, a, c: ApprovalPlace.objects.update(decided_by=c.mayor), {"approval.unlike_entry"}),
    ("state", lambda e, a, c: ApprovalPlace.objects.update(state="pending"), {"approval.unlike_entry"}),
    ("a place more", lambda e, a, c: ApprovalPlace.objects.create(approval=a, step=2, member=c.mayor), {"approval.unlike_entry"}),
    ("asked", lambda e, a, c: ApprovalPlace.objects.update(asked_at=None), {"mail.request_differs"}),
    ("deputyship", lambda e, a, c: Deputyship.objects.update(ends=clock.today(clock.now()) - timedelta(days=1)), {"approval.not_theirs"}),
    ("amount", lambda e, a, c: Envelope.objects.filter(pk=e.pk).update(amount=7), {"approval.of_something_else"}),
    ("gate", lambda e, a, c: Envelope.objects.filter(pk=e.pk).update(awaits_approval=True), {"approval.gate_differs"}),
    ("no request", lambda e, a, c: (a.places.all().delete(), a.delete()), {"approval.unlike_entry", "approval.missing"}),
)


def test_fsck_names_what_was_changed_and_what_was_sent_without(cast: Cast) -> None:
    """Row by row; and a sending that went past the policy."""
    head = approver(cast, "head", "課長 一")
    stands_in(cast, head, cast.second)
    envelope, approval = awaiting(cast, route(cast))
    approve(approval.pk, by=head, at=clock.now())
    bare = drafted(cast)
    set_route_policy(requires_route=True, default_route=None, by=cast.admin, at=clock.now())
    work()
    check_house()
    kept = _rows(envelope)
    for name, change, found in CHANGES:
        change(envelope, Approval.objects.get(pk=approval.pk), cast)
        assert found <= named(envelope), name
        _put_back(kept)
        assert named(envelope) == set(), name
    Organization.objects.filter(pk=cast.city.pk).update(requires_route=False)
    send_envelope(Envelope.objects.get(pk=bare.pk), by=cast.clerk, at=clock.now())
    assert named(bare) == {"approval.missing"}


def named(envelope: Envelope) -> set[str]:
    return {one.code for one in checking.check_envelope(envelope.pk, quick=True)}


def _rows(envelope: Envelope) -> list[Any]:
    return [Envelope.objects.get(pk=envelope.pk), *Approval.objects.all(), *ApprovalPlace.objects.all(), *Deputyship.objects.all()]


def _put_back(kept: list[Any]) -> None:
    known = [row.pk for row in kept]
    ApprovalPlace.objects.exclude(pk__in=known).delete()
    for row in kept:
        row.save()
