"""What the pages say where one of several declines and any one of them suffices: the link, the desk, the lists."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.test import Client

from cast import Cast, member
from signer.walking import device, inside, link_of, words
from stages import drafted, signs
from stories import work
from tachiai import clock
from tachiai.accounts.models import Member, Role
from tachiai.envelopes.addressing import Place
from tachiai.envelopes.drafting import address_envelope
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.sending import send_envelope
from ventures import person

Seat = Callable[[Member], Client]
REASON = "権限は支店長にあります。"


def two_pairs(cast: Cast) -> tuple[Envelope, Member]:
    """Any one of two companies, and then any one of two of ours."""
    at = clock.now()
    vice = member(cast.city, "vice", "副島 三郎", Role.STAFF, at=at, may_sign=True, title="副市長")
    envelope = drafted(cast)
    theirs = [Place(1, cast.vendor, any_one=True), Place(1, cast.builder, any_one=True)]
    ours = [Place(2, cast.mayor, any_one=True), Place(2, vice, any_one=True)]
    address_envelope(envelope, [*theirs, *ours], by=cast.clerk, at=at)
    send_envelope(envelope, by=cast.clerk, at=at)
    work()
    envelope.refresh_from_db()
    return envelope, vice


def test_each_page_says_what_is_true(people: Cast, seat: Seat) -> None:
    envelope, vice = two_pairs(people)
    vendor, page = person(envelope, people.vendor.mail), f"/envelopes/{envelope.pk}"
    browser, link = inside(vendor)
    assert "あなたへの依頼は終了し" in words(browser.get(link + "/decline"))
    done = words(browser.post(link + "/decline", {"wish": "no_authority", "reason": REASON}, follow=True))
    assert "あなたへの依頼は終了しました。" in done
    assert "ほかの方の手続きは続いています。" in done
    assert REASON in done
    stopped = device().get(link_of(vendor))
    assert stopped.status_code == 410
    assert "辞退済みです" in words(stopped)
    assert REASON not in words(stopped)
    assert "再送を依頼する" not in words(stopped)

    clerk = seat(people.clerk)
    told = words(clerk.get(page))
    assert f"{vendor.name} 様は、手続きを進めないと回答しました" in told
    assert REASON in told
    assert "同じ順番のほかの方で手続きを続けています。" in told
    assert "署名者が辞退（同じ順番のほかの方で継続）" in told
    assert "1人目/2人" in told
    assert "署名待ち（相手方）" in told
    assert "署名されなかった理由" not in told
    again = [f"{page}/people/{one.pk}" for one in (vendor, person(envelope, people.builder.mail))]
    links = re.findall(rf'href="([^"]*{envelope.pk}[^"]*)"', clerk.get(page).content.decode())
    assert not any(str(vendor.pk) in one for one in links)
    assert any(again[1].rsplit("/", 1)[1] in one for one in links)
    assert not words(clerk.get("/envelopes?view=trouble")).count(envelope.number)

    # The other sees no difference, and is the last of them.
    builder, url = inside(person(envelope, people.builder.mail))
    assert "この依頼は終了し" in words(builder.get(url + "/decline"))
    signs(person(envelope, people.builder.mail))
    work()
    told = words(clerk.get(page))
    assert "手続きを進めないと回答しました" not in told
    assert "2人目/2人" in told

    mayor = seat(people.mayor)
    assert "あなたへの依頼は終了し" in words(mayor.get(f"{page}/sign/decline"))
    assert mayor.post(f"{page}/sign/decline", {"wish": "other", "reason": REASON}).headers["Location"] == page
    for rest in ("/sign", "/sign/confirm", "/sign/decline"):
        assert mayor.get(page + rest, follow=True).redirect_chain[-1][0] == page
    home = words(mayor.get("/"))
    assert "要対応 0" in home
    assert "署名待ち 1" in home
    assert "辞退・不達 0" in home
    assert "この依頼は終了し" in words(seat(vice).get(f"{page}/sign/decline"))
    Recipient.objects.filter(envelope=envelope, member=vice).update(state="expired")
    told = words(clerk.get(page))
    assert "同じ順番のほかの方は、署名期限が過ぎています。" in told
    assert "再依頼" in told
