"""Folders, sharing and dated auditors: who sees an envelope and its record, and that both go together (B13)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cast import Cast
from stages import Scene, drafted, signs
from stories import work
from tachiai import clock
from tachiai.accounts.models import Folder, FolderGroup, Group, Member, Membership
from tachiai.archive.searching import records_for
from tachiai.clock import today
from tachiai.envelopes import access
from tachiai.envelopes.foldering import default_folder, end_sharing, folders_for, move_to_folder, share_envelope, shareable, sharers_of
from tachiai.envelopes.operations import Asked, may_check, operations
from tachiai.envelopes.reading import concluded_copy, concluded_files
from tachiai.errors import Refusal


def folder_of(cast: Cast, name: str, *members: Member) -> Folder:
    at = clock.now()
    folder = Folder.objects.create(organization=cast.city, name=name, created_at=at)
    group = Group.objects.create(organization=cast.city, name=name, folder=folder, created_at=at)
    FolderGroup.objects.create(folder=folder, group=group)
    for member in members:
        Membership.objects.create(group=group, member=member)
    return folder


def sees(member: Member, scene: Scene) -> bool:
    listed = access.envelopes_for(member).filter(pk=scene.envelope.pk).exists()
    if listed:
        access.envelope_for(member, scene.envelope.pk)
    else:
        with pytest.raises(Refusal, match=r"(envelope\.unknown|documents\.not_allowed)"):
            access.envelope_for(member, scene.envelope.pk)
    return listed


def test_a_manager_sees_the_folders_of_their_groups(scene: Scene) -> None:
    cast, at = scene.cast, clock.now()
    works = folder_of(cast, "工事")
    assert sees(cast.second, scene)  # in no folder: open to every manager
    with pytest.raises(Refusal, match=r"folder\.unknown"):
        move_to_folder(scene.envelope, works.pk, by=cast.clerk, at=at)
    move_to_folder(scene.envelope, works.pk, by=cast.admin, at=at)
    assert not sees(cast.second, scene)
    assert not access.may_manage(cast.second, scene.envelope)
    assert sees(cast.clerk, scene)
    assert sees(cast.auditor, scene)
    Membership.objects.create(group=Group.objects.get(name="工事"), member=cast.second)
    assert sees(cast.second, scene)
    assert access.may_manage(cast.second, scene.envelope)


def test_the_record_goes_where_its_envelope_goes(scene: Scene) -> None:
    cast = scene.cast
    first, later = folder_of(cast, "物品"), folder_of(cast, "工事", cast.second)
    move_to_folder(scene.envelope, first.pk, by=cast.admin, at=clock.now())
    for place in (scene.vendor, scene.mayor):
        signs(place)
        work()
    assert scene.state() == "concluded"
    held = {name for name in ("clerk", "second", "mayor", "admin", "auditor", "system") if records_for(getattr(cast, name)).exists()}
    assert held == {"clerk", "admin", "auditor"}
    move_to_folder(scene.envelope, later.pk, by=cast.admin, at=clock.now())
    assert records_for(cast.second).exists()


def test_sharing_lets_one_member_read_and_nothing_else(scene: Scene) -> None:
    cast, at = scene.cast, clock.now()
    for stranger in (cast.system, cast.auditor, cast.stranger, cast.clerk):
        with pytest.raises(Refusal, match=r"member\.unknown"):
            share_envelope(scene.envelope, stranger.pk, by=cast.clerk, at=at)
    with pytest.raises(Refusal, match=r"envelope\.not_allowed"):
        share_envelope(scene.envelope, cast.mayor.pk, by=cast.mayor, at=at)
    share_envelope(scene.envelope, cast.mayor.pk, by=cast.clerk, at=at)
    assert sees(cast.mayor, scene)
    assert not access.may_manage(cast.mayor, scene.envelope)
    assert [one.pk for one in sharers_of(scene.envelope)] == [cast.mayor.pk]
    assert cast.mayor not in shareable(scene.envelope)
    end_sharing(scene.envelope, cast.mayor.pk, by=cast.clerk, at=at)
    assert not sees(cast.mayor, scene)


def test_an_auditor_reads_within_the_agreed_days_alone(scene: Scene) -> None:
    auditor, day = scene.cast.auditor, today(clock.now())
    for begins, ends, shown in ((0, 0, True), (1, 2, False), (-2, -1, False), (None, 0, True), (-1, None, True)):
        auditor.reads_from = None if begins is None else day + timedelta(days=begins)
        auditor.reads_until = None if ends is None else day + timedelta(days=ends)
        assert sees(auditor, scene) is shown
        assert bool(operations(auditor, Asked(), most=5)) is shown
        assert may_check(auditor) is shown


def test_an_auditor_says_what_a_file_is_for_and_staff_may_be_kept_from_taking_any(scene: Scene) -> None:
    cast = scene.cast
    for place in (scene.vendor, scene.mayor):
        signs(place)
        work()
    file = concluded_files(scene.envelope)[0]
    with pytest.raises(Refusal, match=r"reason\.missing"):
        concluded_copy(file, scene.envelope, by=cast.auditor, at=clock.now())
    assert concluded_copy(file, scene.envelope, by=cast.auditor, at=clock.now(), reason="定期監査").concluded
    assert concluded_copy(file, scene.envelope, by=cast.clerk, at=clock.now()).concluded
    cast.clerk.organization.staff_may_download = False
    with pytest.raises(Refusal, match=r"download\.not_allowed"):
        concluded_copy(file, scene.envelope, by=cast.clerk, at=clock.now())


def test_a_system_administrator_sees_none_even_when_asked_to_sign(scene: Scene) -> None:
    cast = scene.cast
    cast.mayor.role = "system"
    signs(scene.vendor)
    work()
    assert not sees(cast.mayor, scene)


def test_a_new_draft_goes_to_the_groups_folder(cast: Cast) -> None:
    assert drafted(cast).folder_id is None
    folder = folder_of(cast, "契約課", cast.clerk)
    assert default_folder(cast.clerk) == folder.pk
    assert drafted(cast).folder_id == folder.pk
    assert list(folders_for(cast.clerk)) == [folder]
    assert list(folders_for(cast.second)) == []
