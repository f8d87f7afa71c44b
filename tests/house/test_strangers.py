"""A stranger at every door: each URL, asked by nobody, by another organization's member, and through a link without its code.

The table is held against the URL configuration: a new URL without an expectation fails.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from approvals import awaiting, route
from cast import Cast, assemble, link_for
from place import Place
from stories import concluded, drafted, offered, sent, vendor_of
from tachiai import clock
from tachiai.accounts.models import Folder, Group
from tachiai.archive.samples import draw_sample
from tachiai.archive.searching import Wanted
from tachiai.envelopes.copy_models import CopyRequest
from tachiai.envelopes.template_models import TemplateFile
from tachiai.envelopes.templates import save_as_template

LOGIN, GONE, FINE, CLOSED, ELSEWHERE = "login", 404, 200, (302, 403), 302

# name: (anonymous, a member of another organization). A number is the status of GET and of POST; a pair allows either.
ENVELOPE = (LOGIN, GONE)
LIST = (LOGIN, FINE)
EXPECTED: dict[str, tuple[Any, Any]] = {
    "desk:home": LIST,
    "desk:envelopes": LIST,
    "desk:envelopes_export": LIST,
    "desk:envelopes_concluded": (LOGIN, 422),
    "desk:envelopes_move": (LOGIN, 422),
    "desk:envelopes_again": (LOGIN, 422),
    "desk:documents": LIST,
    "desk:documents_export": LIST,
    "desk:validity": LIST,
    "desk:validity_export": LIST,
    "desk:samples": LIST,
    "desk:sample_new": LIST,
    "desk:sample": ENVELOPE,
    "desk:sample_report": ENVELOPE,
    "desk:sample_bundles": ENVELOPE,
    "desk:counterparties": LIST,
    "desk:ledger": LIST,
    "desk:ledger_export": LIST,
    "desk:ledger_check": LIST,
    "desk:backups": ENVELOPE,
    "desk:drill_report": ENVELOPE,
    "desk:me": LIST,
    "desk:seals": LIST,
    "desk:seal": ENVELOPE,
    # The stranger administers an organization of their own, and nothing here.
    "desk:administration": LIST,
    "desk:user_new": LIST,
    "desk:user_sheet": LIST,
    "desk:users_export": LIST,
    "desk:user": ENVELOPE,
    "desk:groups": LIST,
    "desk:group_new": LIST,
    "desk:group": ENVELOPE,
    "desk:folder_new": LIST,
    "desk:folder": ENVELOPE,
    "desk:policies": LIST,
    "desk:information_rules": LIST,
    "desk:information": ENVELOPE,
    "desk:routes": LIST,
    "desk:route_new": LIST,
    "desk:route": ENVELOPE,
    "desk:deputies": LIST,
    "desk:my_deputy": LIST,
    "desk:approvals": LIST,
    "desk:approval": ENVELOPE,
    "desk:extend": ENVELOPE,
    "desk:take_back": ENVELOPE,
    "desk:ask_approval": ENVELOPE,
    "desk:sharing": ENVELOPE,
    "desk:join": (GONE, GONE),  # no invitation of this token
    "desk:envelope_new": LIST,
    "desk:registration_new": LIST,
    "desk:registration": ENVELOPE,
    "desk:attorney": ENVELOPE,
    "desk:registrations_import": LIST,
    "desk:registrations_sample": LIST,
    "desk:registrations_export": LIST,
    "desk:registration_form": LIST,
    "desk:copy_requests": LIST,
    "desk:copy_request": ENVELOPE,
    "desk:envelope": ENVELOPE,
    "desk:files": ENVELOPE,
    "desk:waiting": ENVELOPE,
    "desk:held": ENVELOPE,
    "desk:held_picture": ENVELOPE,
    "desk:held_file": ENVELOPE,
    "desk:glance": ENVELOPE,
    "desk:recipients": ENVELOPE,
    "desk:fields": ENVELOPE,
    "desk:review": ENVELOPE,
    "desk:sent": ENVELOPE,
    "desk:schedule": ENVELOPE,
    "desk:template_save": ENVELOPE,
    "desk:preview": ENVELOPE,
    "desk:preview_letters": ENVELOPE,
    "desk:templates": LIST,
    "desk:template_new": LIST,
    "desk:template": ENVELOPE,
    "desk:template_fields": ENVELOPE,
    "desk:template_glance": ENVELOPE,
    "desk:template_use": ENVELOPE,
    "desk:withdraw": ENVELOPE,
    "desk:ask_again": ENVELOPE,
    "desk:change_signer": ENVELOPE,
    "desk:revoke_link": ENVELOPE,
    "desk:handover": LIST,
    "desk:reminders": LIST,
    "desk:duplicate": ENVELOPE,
    "desk:concluded": ENVELOPE,
    "desk:everything": ENVELOPE,
    "desk:evidence": ENVELOPE,
    "desk:bundle": ENVELOPE,
    "desk:sign": ENVELOPE,
    "desk:sign_confirm": ENVELOPE,
    "desk:sign_done": ENVELOPE,
    "desk:sign_decline": ENVELOPE,
    "desk:document": ENVELOPE,
    "desk:picture": ENVELOPE,
    "desk:upload": ENVELOPE,
    "desk:copy": ENVELOPE,
    "desk:unfinished": ENVELOPE,
    # A signing link in the hands of somebody without the code: its first page, and nothing behind it.
    "signer:entry": (FINE, FINE),
    "signer:again": (CLOSED, CLOSED),
    "signer:one_time": (CLOSED, CLOSED),
    "signer:forward": (CLOSED, CLOSED),
    "signer:forwarded": (CLOSED, CLOSED),
    "signer:review": (CLOSED, CLOSED),
    "signer:picture": (CLOSED, CLOSED),
    "signer:copy": (CLOSED, CLOSED),
    "signer:later": (CLOSED, CLOSED),
    "signer:authenticator": (CLOSED, CLOSED),
    "signer:passkey": (CLOSED, CLOSED),
    "signer:confirm": (CLOSED, CLOSED),
    "signer:done": (CLOSED, CLOSED),
    "signer:decline": (CLOSED, CLOSED),
    "signer:declined": (CLOSED, CLOSED),
    "download:entry": (FINE, FINE),
    "download:one_time": (CLOSED, CLOSED),
    "download:files": (CLOSED, CLOSED),
    "download:file": (CLOSED, CLOSED),
    "download:bundle": (CLOSED, CLOSED),
    "download:evidence": (CLOSED, CLOSED),
    "download:again": (CLOSED, CLOSED),
    "download:reissue": (ELSEWHERE, ELSEWHERE),
    # A confirmation link that was used up: it says so and nothing else.
    "registrar:entry": (ELSEWHERE, ELSEWHERE),
    "registrar:code": (ELSEWHERE, ELSEWHERE),
    "registrar:again": (ELSEWHERE, ELSEWHERE),
    "registrar:correct": (ELSEWHERE, ELSEWHERE),
    "registrar:done": (FINE, FINE),
    # The public form of an organization that never opened it, and a draft that nobody began: nothing is there.
    **dict.fromkeys(("form:guide", "form:fill", "form:revise", "form:check", "form:code", "form:again", "form:done"), (GONE, GONE)),
    **dict.fromkeys(("form:copies", "form:copies_code", "form:copies_again", "form:copies_done"), (GONE, GONE)),
    # Open to everybody, and telling nothing of anybody.
    "verifier:verify": (FINE, FINE),
    "verifier:report_json": (400, 400),  # nothing without the result that a page carries
    "verifier:report_pdf": (400, 400),
    "verifier:certificate": (GONE, GONE),  # an unknown number: the page to ask again
    # The log: names, keys, stamped checkpoints and hashes, and no entry. What is not there is not there.
    "log:log": (FINE, FINE),
    "log:checkpoint": (FINE, FINE),
    "log:note": (GONE, GONE),
    "log:token": (GONE, GONE),
    "log:later_token": (GONE, GONE),
    "log:tile": (GONE, GONE),
    "healthz": (FINE, FINE),
    "icon": (ELSEWHERE, ELSEWHERE),
    "language": ((405, ELSEWHERE), (405, ELSEWHERE)),
    "account_login": (FINE, ELSEWHERE),
    "account_logout": (ELSEWHERE, FINE),
    "account_reset_password": (FINE, FINE),
    "account_reset_password_done": (FINE, FINE),
    "account_reset_password_from_key": (FINE, FINE),
    "account_reset_password_from_key_done": (FINE, FINE),
    "account_change_password": (LOGIN, FINE),
    "account_reauthenticate": (LOGIN, FINE),
}


@pytest.fixture
def told(house: Place) -> tuple[Cast, dict[str, dict[str, Any]]]:
    """An envelope in every interesting state, and the arguments that lead to it."""
    cast = assemble()
    done, open_, draft = concluded(cast), sent(cast), drafted(cast)
    document = open_.documents.get()
    held = {"pk": draft.pk, "upload": offered(draft, by=cast.clerk).pk}
    recipient = vendor_of(open_)
    desk = {"pk": open_.pk}
    one = {**desk, "document": document.pk}
    sign, fetch = {"token": link_for(recipient.pk)}, {"token": link_for(vendor_of(done).pk, "download")}
    confirm = {"token": link_for(cast.vendor.pk, "confirm")}
    drawn = {"pk": draw_sample(Wanted(), size=1, conditions=(), language="ja", by=cast.auditor, at=clock.now()).pk}
    along = route(cast)
    kept = {"pk": save_as_template(draft, name="業務委託", by=cast.second, at=clock.now()).pk}
    arguments: dict[str, dict[str, Any]] = {
        "desk:sample": drawn,
        "desk:sample_report": drawn,
        "desk:sample_bundles": drawn,
        "desk:registration": {"pk": cast.vendor.pk},
        "desk:attorney": {"pk": cast.vendor.pk},
        "desk:copy_request": {"pk": copies_asked(cast).pk},
        "form:copies": {"slug": cast.city.slug},
        "form:guide": {"slug": cast.city.slug},
        "form:fill": {"slug": cast.city.slug},
        "desk:ask_again": {**desk, "recipient": recipient.pk},
        "desk:change_signer": {**desk, "recipient": recipient.pk},
        "desk:revoke_link": {**desk, "recipient": recipient.pk},
        "desk:concluded": {"pk": done.pk, "position": 1},
        "desk:everything": {"pk": done.pk},
        "desk:evidence": {"pk": done.pk},
        "desk:bundle": {"pk": done.pk},
        "desk:document": one,
        "desk:picture": {**one, "number": 1},
        "desk:upload": {"pk": draft.pk, "document": draft.documents.get().pk},
        "desk:glance": {"pk": draft.pk, "document": draft.documents.get().pk, "number": 1},
        "desk:waiting": {"pk": draft.pk},
        "desk:held": held,
        "desk:held_picture": {**held, "which": "given", "number": 1},
        "desk:held_file": {**held, "which": "rewritten"},
        "desk:copy": one,
        "desk:unfinished": one,
        "desk:files": {"pk": draft.pk},
        "desk:recipients": {"pk": draft.pk},
        "desk:fields": {"pk": draft.pk},
        "desk:review": {"pk": draft.pk},
        "desk:preview": {"pk": draft.pk, "recipient": vendor_of(draft).pk, "screen": "review"},
        "desk:preview_letters": {"pk": draft.pk, "recipient": vendor_of(draft).pk},
        "desk:template": kept,
        "desk:template_fields": kept,
        "desk:template_glance": {**kept, "file": TemplateFile.objects.get(template=kept["pk"], position=1).pk, "number": 1},
        "desk:template_use": kept,
        "signer:picture": {**sign, "place": 1, "number": 1},
        "signer:copy": {**sign, "place": 1},
        "download:file": {**fetch, "place": 1},
        "desk:backups": {},
        "desk:seal": {"pk": open_.pk},  # likewise
        "desk:user": {"pk": cast.clerk.pk},
        "desk:group": {"pk": Group.objects.create(organization=cast.city, name="契約課", created_at=clock.now()).pk},
        "desk:folder": {"pk": Folder.objects.create(organization=cast.city, name="契約課", created_at=clock.now()).pk},
        "desk:route": {"pk": along.pk},
        "desk:approval": {"pk": awaiting(cast, along)[1].pk},
        "desk:join": {"token": "A" * 43},
        "desk:drill_report": {"pk": open_.pk},  # no drill: what does not exist and what one may not see look alike
        "verifier:certificate": {"code": "AAAA-BBBB-CCCC-DDDD"},
        "log:checkpoint": {"number": 1},
        "log:note": {"number": 1, "size": 1},
        "log:token": {"number": 1, "size": 1},
        "log:later_token": {"number": 1, "size": 1, "which": 2},
        "log:tile": {"number": 1, "rest": "0/000"},
        "account_reset_password_from_key": {"uidb36": "x", "key": "y"},
    }
    unbegun = {"slug": cast.city.slug, "key": "A" * 43}
    for name, expectation in EXPECTED.items():
        room = name.partition(":")[0]
        known = {"signer": sign, "download": fetch, "registrar": confirm, "form": unbegun}.get(room)
        if known is not None:
            arguments.setdefault(name, known)
        elif room == "desk" and expectation == ENVELOPE:
            arguments.setdefault(name, desk)
    return cast, arguments


def copies_asked(cast: Cast) -> CopyRequest:
    """A request for copies whose address has confirmed itself."""
    told = {"party": cast.vendor.counterparty.name, "name": "緑野 太郎", "mail": "midori@example.com", "former_mail": cast.vendor.mail}
    at = clock.now()
    return CopyRequest.objects.create(
        organization=cast.city, number="K-1", key_digest=bytes(32), state="asked", code_sent_at=at, created_at=at, asked_at=at, **told
    )


def urls() -> list[str]:
    """Every URL name of the house, save the login library's own second-factor pages and the demonstration's mailbox."""
    found: list[str] = []

    def walk(resolver: Any, space: str) -> None:
        for pattern in resolver.url_patterns:
            if hasattr(pattern, "url_patterns"):
                walk(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
            else:
                found.append(f"{space}{pattern.name}")

    walk(get_resolver(), "")
    return [name for name in found if not name.startswith(("mfa_", "mailbox:", "public:"))]


def test_every_url_has_an_expectation() -> None:
    assert set(urls()) == set(EXPECTED)


def _holds(expectation: Any, status: int, location: str, *, post: bool) -> bool:
    if expectation == LOGIN:
        return status == 302 and location.startswith("/login")
    allowed = expectation if isinstance(expectation, tuple) else (expectation,)
    # A form posted empty to a page one may see is shown again with its errors, or the method is not taken.
    extra = (405, 422, 429, 302) if post and (FINE in allowed or expectation == CLOSED) else (405,)
    return status in allowed or status in extra


@pytest.mark.parametrize("column", [0, 1], ids=["nobody", "another organization"])
def test_strangers_are_refused_everywhere(told: tuple[Cast, dict[str, dict[str, Any]]], column: int) -> None:
    cast, arguments = told
    wrong = []
    for name, expectations in EXPECTED.items():
        client = Client()
        if column:
            client.force_login(cast.stranger_admin, backend="tachiai.administration.logins.MemberBackend")
        url = reverse(name, kwargs=arguments.get(name))
        for method in ("get", "post"):
            answer = getattr(client, method)(url)
            body = b"" if answer.streaming else answer.content
            secret = "みどり野製作所".encode()
            leaked = secret in body and not name.startswith(("signer:entry", "registrar", "download:entry"))
            if leaked or not _holds(expectations[column], answer.status_code, answer.headers.get("Location", ""), post=method == "post"):
                wrong.append((name, method, answer.status_code, answer.headers.get("Location", ""), "leaked" if leaked else ""))
    assert wrong == []


def test_unknown_links_say_nothing(told: tuple[Cast, dict[str, dict[str, Any]]]) -> None:
    _, arguments = told
    bogus = "A" * 43
    for name in EXPECTED:
        if name.partition(":")[0] in ("signer", "download", "registrar"):
            url = reverse(name, kwargs={**arguments[name], "token": bogus})
            assert Client().get(url).status_code in (404, 405), name
            assert Client().post(url).status_code in (404, 405), name
