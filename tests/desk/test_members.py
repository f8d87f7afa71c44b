"""P-16: inviting, changing and stopping members, the sheet, the policy; and that nobody raises themselves (B13)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cast import PASSWORD, Cast
from stories import drafted
from tachiai import clock, ledger
from tachiai.accounts.models import Folder, Group, Member, Membership
from tachiai.administration.joining import invited_by_link, take_up_invitation
from tachiai.administration.member_sheets import HEADS
from tachiai.administration.members import Details, change_member, details_of, invite_again, invite_member, restart_member, stop_member
from tachiai.administration.policies import set_policy
from tachiai.crypto.tokens import link_token
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal
from tachiai.outbox.composing import compose
from tachiai.outbox.models import Mail

Seat = Callable[[Member], Client]
WORDS = "kawaranai-sora-2026"


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(Refusal) as told:
        act()
    assert told.value.code == code


def link_of(member: Member) -> str:
    return link_token(settings.TACHIAI.secret("link"), member.pk, generation=member.invitation_generation)


def test_an_invitation_from_the_form_to_the_login(people: Cast, seat: Seat) -> None:
    form = {"mail": "Shin@example.jp", "name": "新田 新", "role": "staff", "language": "ja", "may_sign": "on"}
    assert seat(people.system).post("/admin/users/new", {**form, "role": "admin"}).status_code == 422
    answer = seat(people.admin).post("/admin/users/new", form)
    fresh = Member.objects.get(mail="shin@example.jp")
    assert answer.headers["Location"] == f"/admin/users/{fresh.pk}"
    assert (fresh.role, fresh.may_sign, fresh.may_approve, fresh.organization) == ("staff", True, False, people.city)
    mail = Mail.objects.get(kind="M26", about=fresh.pk)
    letter = compose(mail)
    assert letter["Subject"] == "利用者登録のご案内"
    assert f"/join/{link_of(fresh)}" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    visitor, page = Client(), f"/join/{link_of(fresh)}"
    shown = visitor.get(page).content.decode()
    assert "さくら丘市（架空）の利用者として招待" in shown
    assert visitor.post(page, {"name": "新田 新", "password": "12345678", "again": "12345678"}).status_code == 422
    assert visitor.post(page, {"name": "新田 新", "password": WORDS, "again": f"{WORDS}x"}).status_code == 422
    assert visitor.post(page, {"name": "新田 新太", "password": WORDS, "again": WORDS}).headers["Location"] == "/login"
    assert visitor.get(page).status_code == 404  # used up
    visitor.post("/login", {"login": "shin@example.jp", "password": WORDS})
    assert "新田 新太" in visitor.get("/").content.decode()


def test_an_invitation_ends_with_its_time_with_a_newer_one_and_with_a_stop(people: Cast) -> None:
    at = clock.now()
    fresh = invite_member("a@example.jp", Details(name="甲野", role="staff"), by=people.admin, at=at)
    fresh.refresh_from_db()
    first = link_of(fresh)
    refused("invitation.expired", lambda: invited_by_link(first, at=at + timedelta(days=7)))
    invite_again(fresh, by=people.admin, at=at)
    refused("invitation.unknown", lambda: invited_by_link(first, at=at))
    stop_member(fresh, by=people.admin, at=at)
    refused("invitation.unknown", lambda: take_up_invitation(link_of(fresh), name="甲野", password=WORDS, at=at))
    refused("member.joined", lambda: invite_again(people.clerk, by=people.admin, at=at))
    refused("member.taken", lambda: invite_member("CLERK@sakuragaoka.example.jp", Details(name="x", role="staff"), by=people.admin, at=at))
    refused("member.mail_malformed", lambda: invite_member("nobody", Details(name="x", role="staff"), by=people.admin, at=at))


def test_nobody_raises_themselves_and_an_admin_always_remains(people: Cast) -> None:
    at = clock.now()

    def change(member: Member, by: Member, **to: object) -> None:
        change_member(member, Details(**{**vars(details_of(member)), **to}), by=by, at=at)  # type: ignore[arg-type]

    for raise_ in ({"may_sign": True}, {"may_approve": True}, {"role": "staff"}):
        refused("member.is_self", lambda raise_=raise_: change(people.admin, people.admin, **raise_))  # type: ignore[misc]
    refused("member.is_self", lambda: change(people.system, people.system, role="manager"))
    refused("member.only_admin", lambda: change(people.system, people.system, role="admin"))
    refused("member.only_admin", lambda: change(people.clerk, people.system, role="admin"))
    refused("member.only_admin", lambda: change(people.admin, people.system, role="staff"))
    refused("member.only_admin", lambda: stop_member(people.admin, by=people.system, at=at))
    refused("member.is_self", lambda: stop_member(people.admin, by=people.admin, at=at))
    refused("member.flags_unfit", lambda: change(people.system, people.admin, may_sign=True))
    refused("member.auditor_approves", lambda: change(people.auditor, people.admin, may_approve=True))
    for nobody in (people.clerk, people.second, people.mayor, people.auditor):
        refused("member.not_allowed", lambda nobody=nobody: change(people.clerk, nobody, role="manager"))  # type: ignore[misc]
    refused("member.unknown", lambda: change(people.clerk, people.stranger_admin, may_sign=True))
    refused("member.unknown", lambda: stop_member(people.clerk, by=people.stranger_admin, at=at))
    change(people.clerk, people.admin, role="admin")
    stop_member(people.admin, by=people.clerk, at=at)
    refused("member.not_allowed", lambda: stop_member(people.clerk, by=people.admin, at=at))  # stopped meanwhile, though once an admin
    assert Member.objects.filter(organization=people.city, role="admin", is_active=True).get() == people.clerk


def test_a_stop_ends_every_session_for_good(people: Cast, seat: Seat) -> None:
    desk, at = seat(people.clerk), clock.now()
    assert desk.get("/").status_code == 200
    stop_member(people.clerk, by=people.admin, at=at)
    assert desk.get("/").headers["Location"] == "/login?next=/"
    restart_member(people.clerk, by=people.admin, at=at)
    assert desk.get("/").headers["Location"] == "/login?next=/"
    assert seat(people.clerk).get("/").status_code == 200
    page = f"/admin/users/{people.clerk.pk}"
    for act in ("stop", "restart"):
        assert seat(people.admin).post(page, {"act": act}).status_code == 302
    assert seat(people.admin).post(page, {"act": "restart"}).status_code == 409
    changed = {"act": "change", "name": "桜田 花子", "role": "manager", "language": "ja", "may_sign": "on"}
    assert seat(people.admin).post(page, changed).status_code == 302
    told = seat(people.admin).get(page).content.decode()
    for who, whom, words in (
        (people.admin, people.admin, "ほかの管理者に依頼してください"),
        (people.system, people.admin, "全体管理者だけができます"),
    ):
        forged = seat(who).post(f"/admin/users/{whom.pk}", changed | {"name": ""})  # such a page has no form to post
        assert (forged.status_code, words in forged.content.decode()) == (403, True)
    for wanted in ("利用者を登録", "利用者の利用を停止", "役割：担当者→文書管理者、署名権限：なし→あり", people.admin.name):
        assert wanted in told
    assert "役割：" not in seat(people.admin).get(f"/admin/users/{people.second.pk}").content.decode()


def test_groups_and_folders_through_the_pages(people: Cast, seat: Seat) -> None:
    desk = seat(people.admin)
    assert desk.post("/admin/groups/new", {"name": "契約課"}).status_code == 302
    group = Group.objects.get()
    assert desk.post("/admin/groups/new", {"name": "契約課"}).status_code == 422
    assert desk.post("/admin/folders/new", {"name": "工事", "groups": [str(group.pk)]}).status_code == 302
    folder = Folder.objects.get()
    assert desk.post(f"/admin/groups/{group.pk}", {"name": "契約課", "folder": str(folder.pk)}).status_code == 302
    assert "工事" in desk.get("/admin/groups").content.decode()
    form = {"act": "change", "name": "桜田 花子", "role": "staff", "language": "ja", "groups": [str(group.pk)]}
    assert desk.post(f"/admin/users/{people.clerk.pk}", form).status_code == 302
    assert Membership.objects.get().member == people.clerk
    for page in (f"/admin/groups/{group.pk}", f"/admin/folders/{folder.pk}"):
        assert seat(people.stranger_admin).get(page).status_code == 404
        assert "en" in desk.get(f"{page}?lang=en").content.decode()
    desk = seat(people.admin)
    # What is not empty stays, and the page says what is in it; what is empty goes, and its name stays on record.
    assert "1人が入っている" in desk.get(f"/admin/groups/{group.pk}").content.decode()
    assert "新しい封筒をここに入れるグループ 1件" in desk.get(f"/admin/folders/{folder.pk}").content.decode()
    for page in (f"/admin/groups/{group.pk}", f"/admin/folders/{folder.pk}"):
        assert seat(people.stranger_admin).post(page, {"act": "delete"}).status_code == 404
        assert seat(people.clerk).post(page, {"act": "delete"}).status_code == 403
        assert desk.post(page, {"act": "delete"}).status_code == 409
    assert desk.post(f"/admin/users/{people.clerk.pk}", {**form, "groups": []}).status_code == 302
    assert desk.post(f"/admin/groups/{group.pk}", {"act": "delete"}).status_code == 302
    envelope = drafted(people)
    Envelope.objects.filter(pk=envelope.pk).update(folder=folder)
    assert "封筒 1件" in desk.post(f"/admin/folders/{folder.pk}", {"act": "delete"}).content.decode()
    Envelope.objects.filter(pk=envelope.pk).update(folder=None)
    assert desk.post(f"/admin/folders/{folder.pk}", {"act": "delete"}).status_code == 302
    assert not Group.objects.exists()
    assert not Folder.objects.exists()
    told = ledger.latest(f"organization:{people.city.pk}", "folder.deleted")
    assert told is not None
    assert told.data["name"] == "工事"


def test_a_sheet_is_taken_whole_or_not_at_all(people: Cast, seat: Seat) -> None:
    desk = seat(people.admin)
    head = "mail,name,role,department,groups\r\n"

    def post(text: str, encoding: str = "utf-8-sig") -> str:
        given = SimpleUploadedFile("members.csv", text.encode(encoding), content_type="text/csv")
        answer = desk.post("/admin/users/sheet", {"file": given})
        return answer.content.decode() or answer.headers["Location"]

    said = post(head + "x@example.jp,乙野,staff,,\r\nx@example.jp,丙野,boss,,\r\n,丁野,staff,,\r\nz@example.jp,戊野,staff,,無い課\r\n")
    for words in ("役割を選択してください", "メールアドレスの形式で", "このグループは見つかりません", "誰も招待していません"):
        assert words in said
    assert not Member.objects.filter(mail="x@example.jp").exists()
    assert "必要な列がありません（role）" in post("mail,name\r\n")
    assert "利用者の行がありません" in post(head)
    assert post(head + "x@example.jp,乙野 乙,auditor,監査室,\r\n", "cp932") == "/admin/users"
    assert Member.objects.get(mail="x@example.jp").department == "監査室"
    assert "CSVとして読み取れません" in post(f"mail,name,role,{'x' * 140_000}\r\n")
    # What no column takes is cut or told; a line end in a name would be one in a mail.
    assert "メールアドレスの形式で" in post(head + f"{'y' * 60}@{'.'.join(['d' * 60] * 4)}.example,己野,staff,,\r\n")
    assert post(head + f'y@example.jp,"己野\r\nBcc: z\0",staff,{"部" * 300},\r\n') == "/admin/users"
    cut = Member.objects.get(mail="y@example.jp")
    assert (cut.name, cut.department) == ("己野 Bcc: z", "部" * 100)
    listed = desk.get("/admin/users/members.csv").content.decode("utf-8-sig")
    assert "x@example.jp,乙野 乙,監査室,,,ja,auditor,0,0,,1\r\n" in listed
    # What an export guards against spreadsheets comes back as it was, and so does what looked guarded.
    Member.objects.filter(pk=cut.pk).update(name="'=1", department="＝課", phone="+81-3-0000-0000", title="'副'")
    (guarded,) = [line for line in desk.get("/admin/users/members.csv").content.decode("utf-8-sig").splitlines() if line.startswith("y@")]
    assert guarded == "y@example.jp,''=1,'＝課,'副','+81-3-0000-0000,ja,staff,0,0,,1"
    assert post(",".join(HEADS) + ",active\r\n" + guarded.replace("y@", "v@") + "\r\n") == "/admin/users"
    back = Member.objects.get(mail="v@example.jp")
    assert (back.name, back.department, back.phone, back.title) == ("'=1", "＝課", "+81-3-0000-0000", "'副'")


def test_a_demanded_second_factor_keeps_the_desk_closed(people: Cast, seat: Seat) -> None:
    refused(
        "policy.own_factor_first", lambda: set_policy(requires_second_factor=True, staff_may_download=True, by=people.admin, at=clock.now())
    )
    refused(
        "member.not_allowed", lambda: set_policy(requires_second_factor=False, staff_may_download=True, by=people.clerk, at=clock.now())
    )
    assert seat(people.admin).post("/admin/security", {"requires_second_factor": "on"}).status_code == 422
    assert seat(people.admin).post("/admin/security", {}).status_code == 302
    people.city.refresh_from_db()
    assert not people.city.staff_may_download
    named = {"approver_label": "決裁者", "approver_label_en": "Deciding officer"}
    assert seat(people.admin).post("/admin/security", {"staff_may_download": "on", **named}).status_code == 302
    people.city.refresh_from_db()
    assert people.city.approver_words == ("決裁者", "Deciding officer")
    people.city.requires_second_factor = True
    people.city.save()
    desk = seat(people.clerk)
    for page in ("/", "/envelopes", "/documents", "/me"):
        assert desk.get(page).headers["Location"] == "/login/mfa/totp/activate/"
    assert desk.get("/login/mfa/totp/activate/").status_code in (200, 302)  # the library asks for the password first where that is long ago
    assert seat(people.stranger).get("/").status_code == 200


def test_a_login_from_another_browser_is_told_by_mail(people: Cast) -> None:
    def login(agent: str) -> int:
        Client(headers={"user-agent": agent}).post("/login", {"login": people.clerk.mail, "password": PASSWORD})
        return Mail.objects.filter(kind="M26", about=people.clerk.pk).count()

    assert [login("Firefox/140.0"), login("Firefox/141.0.1"), login("Phone (Safari 19)"), login("Phone (Safari 20)")] == [0, 0, 1, 1]
    assert compose(Mail.objects.get(kind="M26", about=people.clerk.pk))["Subject"] == "新しい端末からのログイン"
