"""Who may see and do what, by role and organization; what one may not see looks like what does not exist."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from cast import Cast
from stages import Scene, drafted, signs
from stories import work
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.archive.searching import records_for
from tachiai.ceremony.models import Level
from tachiai.envelopes import access
from tachiai.envelopes.opening import open_at_desk
from tachiai.envelopes.reading import unfinished_copy
from tachiai.envelopes.sending import send_again
from tachiai.envelopes.signing import Circumstances, sign_at_desk
from tachiai.envelopes.timeline import timeline
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Refusal

EVERYBODY = ("clerk", "second", "mayor", "admin", "auditor", "system", "stranger", "stranger_admin")


def who(cast: Cast, right: object) -> set[str]:
    return {name for name in EVERYBODY if right(getattr(cast, name))}  # type: ignore[operator]


def allowed(right: Callable[[Member, uuid.UUID], object], member: Member, pk: uuid.UUID, *refusals: str) -> bool:
    try:
        right(member, pk)
    except Refusal as refusal:
        if refusal.code in refusals:
            return False
        raise
    return True


def sees(member: Member, pk: uuid.UUID) -> bool:
    return allowed(access.envelope_for, member, pk, "envelope.unknown", "documents.not_allowed")


def manages(member: Member, pk: uuid.UUID) -> bool:
    return allowed(access.managed_envelope, member, pk, "envelope.unknown", "envelope.not_allowed", "documents.not_allowed")


def test_a_draft(cast: Cast) -> None:
    draft = drafted(cast)
    assert who(cast, lambda member: sees(member, draft.pk)) == {"clerk", "second", "admin"}
    assert who(cast, lambda member: manages(member, draft.pk)) == {"clerk", "second", "admin"}
    assert who(cast, access.may_send) == {"clerk", "second", "mayor", "admin", "stranger", "stranger_admin"}
    assert who(cast, access.may_download_unfinished) == {"auditor"}
    assert not sees(cast.admin, uuid.uuid4())


def test_an_envelope_under_way_and_its_signer(scene: Scene) -> None:
    """The mayor sees it only when asked; another member of staff never does."""
    cast, envelope = scene.cast, scene.envelope
    assert who(cast, lambda member: sees(member, envelope.pk)) == {"clerk", "second", "admin", "auditor"}
    assert access.own_place(cast.mayor, envelope) is None
    signs(scene.vendor)
    work()
    assert who(cast, lambda member: sees(member, envelope.pk)) == {"clerk", "second", "admin", "auditor", "mayor"}
    assert who(cast, lambda member: manages(member, envelope.pk)) == {"clerk", "second", "admin"}
    assert access.own_place(cast.mayor, envelope) == scene.mayor
    assert access.own_place(cast.stranger, envelope) is None


def test_nobody_but_who_may_manage_it_withdraws_or_sends_again(scene: Scene) -> None:
    cast = scene.cast
    for name in ("mayor", "auditor", "system", "stranger", "stranger_admin"):
        with pytest.raises(Refusal, match=r"envelope\.not_allowed"):
            withdraw_envelope(scene.envelope, reason="取りやめ", by=getattr(cast, name), at=clock.now())
        with pytest.raises(Refusal, match=r"envelope\.not_allowed"):
            send_again(scene.vendor, by=getattr(cast, name), at=clock.now())
    assert scene.state() == "in_progress"


def test_nobody_signs_in_anothers_place(scene: Scene) -> None:
    """Neither an administrator nor a stranger, nor the signer before their turn or without the right."""
    cast, here = scene.cast, Circumstances("192.0.2.20", "tests", "ja")
    for name in EVERYBODY:
        if name != "mayor":
            for place in (scene.mayor, scene.vendor):
                with pytest.raises(Refusal, match=r"recipient\.not_you"):
                    sign_at_desk(place, here, by=getattr(cast, name), level=Level.PASSWORD, at=clock.now())
                with pytest.raises(Refusal, match=r"recipient\.not_you"):
                    open_at_desk(place, by=getattr(cast, name), address="", agent="", at=clock.now())
    with pytest.raises(Refusal, match=r"recipient\.not_asked"):
        signs(scene.mayor)
    signs(scene.vendor)
    work()
    cast.mayor.may_sign = False
    with pytest.raises(Refusal, match=r"recipient\.not_you"):
        sign_at_desk(scene.mayor, here, by=cast.mayor, level=Level.PASSWORD, at=clock.now())


def test_unfinished_bytes_are_for_the_auditor_alone(scene: Scene) -> None:
    document = scene.envelope.documents.get()
    for name in EVERYBODY:
        if name != "auditor":
            with pytest.raises(Refusal, match=r"envelope\.not_allowed"):
                unfinished_copy(document, by=getattr(scene.cast, name), at=clock.now())
    with pytest.raises(Refusal, match=r"reason\.missing"):
        unfinished_copy(document, by=scene.cast.auditor, at=clock.now())
    copy = unfinished_copy(document, by=scene.cast.auditor, at=clock.now(), reason="監査")
    assert copy.name.startswith("【未締結】")
    assert not copy.concluded
    assert timeline(scene.envelope, reader=scene.cast.auditor)[-1].code == "document.unfinished_downloaded"


def test_addresses_are_told_to_admins_and_auditors_alone(scene: Scene) -> None:
    signs(scene.vendor)
    told = {name: {event.address for event in timeline(scene.envelope, reader=getattr(scene.cast, name))} for name in EVERYBODY[:6]}
    assert {name for name, addresses in told.items() if "192.0.2.10" in addresses} == {"admin", "auditor"}


def test_records_of_the_archive(scene: Scene) -> None:
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    work()
    assert scene.state() == "concluded"
    assert who(scene.cast, lambda member: records_for(member).exists()) == {"clerk", "second", "admin", "auditor"}
    with pytest.raises(Refusal, match=r"envelope\.not_allowed"):
        unfinished_copy(scene.envelope.documents.get(), by=scene.cast.auditor, at=clock.now())
