"""Links and visits: one generation, one token; a newer one ends the older; a visit is left alone for half an hour at most."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from cast import CODE, link_for
from stages import Scene, enters
from tachiai import ceremony, clock
from tachiai.ceremony.models import Ceremony, FormerLink, Invitation
from tachiai.crypto.tokens import link_token, token_digest
from tachiai.envelopes.opening import open_envelope
from tachiai.envelopes.sending import send_again
from tachiai.envelopes.visiting import leave, visit
from tachiai.errors import Refusal


def test_a_reminder_of_the_same_generation_carries_the_same_link(scene: Scene) -> None:
    link = Invitation.objects.get(subject=scene.vendor.pk)
    assert ceremony.link_of(link) == ceremony.link_of(link) == link_for(scene.vendor.pk)
    assert len(link_for(scene.vendor.pk)) == 43


def test_sending_again_ends_the_old_link_and_whoever_came_through_it(scene: Scene) -> None:
    at = clock.now()
    old = link_for(scene.vendor.pk)
    inside = open_envelope(visit(old, key="", at=at), code=CODE, address="", agent="", at=at)
    send_again(scene.vendor, by=scene.cast.clerk, at=at)
    new = link_for(scene.vendor.pk)
    assert new != old
    with pytest.raises(Refusal) as told:
        visit(old, key=inside, at=at)
    assert told.value.code == "link.replaced"
    assert told.value.facts["recipient"] == scene.vendor
    assert visit(new, key=inside, at=at).ceremony is None


def test_the_database_holds_digests_and_another_key_makes_other_links(scene: Scene) -> None:
    link, token = Invitation.objects.get(subject=scene.vendor.pk), link_for(scene.vendor.pk)
    assert bytes(link.token_digest) == token_digest(token)
    assert link_token(bytes(32), link.pk, generation=1) != token
    assert link_token(settings.TACHIAI.secret("link"), link.pk, generation=1) == token
    send_again(scene.vendor, by=scene.cast.clerk, at=clock.now())
    assert bytes(FormerLink.objects.get().token_digest) == token_digest(token)


def test_a_link_for_one_purpose_is_unknown_for_another(scene: Scene) -> None:
    for purpose in (ceremony.Purpose.DOWNLOAD, ceremony.Purpose.CONFIRM):
        with pytest.raises(Refusal, match=r"link\.unknown"):
            ceremony.find_invitation(purpose, link_for(scene.vendor.pk))


def test_a_visit_ends_when_it_is_left_alone(scene: Scene) -> None:
    found = enters(scene.vendor)
    assert found.ceremony is not None
    at, token = clock.now(), link_for(scene.vendor.pk)
    key_of = Ceremony.objects.filter(pk=found.ceremony.pk)

    def inside(minutes: float, key: str) -> bool:
        return visit(token, key=key, at=at + timedelta(minutes=minutes)).ceremony is not None

    key = open_envelope(visit(token, key="", at=at), code=CODE, address="", agent="", at=at)
    assert inside(29, key)
    assert inside(58, key)  # seen again at 29
    assert not inside(89, key)
    assert not inside(0, "another key")
    assert key_of.exists()
    fresh = open_envelope(visit(token, key="", at=at), code=CODE, address="", agent="", at=at)
    leave(visit(token, key=fresh, at=at), at=at)
    assert not inside(0, fresh)


def test_looking_is_no_reading(scene: Scene) -> None:
    """Mail scanners follow links: fifty looks leave no trace."""
    before = Invitation.objects.values().get(subject=scene.vendor.pk)
    for _ in range(50):
        visit(link_for(scene.vendor.pk), key="", at=clock.now())
    assert Invitation.objects.values().get(subject=scene.vendor.pk) == before
    assert scene.vendor.state == "requested"
