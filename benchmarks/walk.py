"""One envelope through the doors, as its three people would take it: the clerk, the counterparty, our own signer."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass, field
from datetime import date

from benchmarks.browser import Browser, Page, Unexpected, Upload
from benchmarks.houses import People
from benchmarks.mails import Mails

MAIL_WITHIN_SECONDS = 60.0
ENVELOPE = re.compile(r"/envelopes/([0-9a-f-]{36})")
# The house's certification, two signers, the document timestamp.
SIGNATURES = 4


@dataclass
class Walked:
    """What one envelope took. Seconds, except ``signed_at`` (Unix time of the answer to the last signature) and the counts."""

    envelope: str = ""
    whole: float = 0.0
    upload: float = 0.0
    asked: float = 0.0
    signing: list[float] = field(default_factory=list)
    signing_page: list[float] = field(default_factory=list)
    turn: float = 0.0
    signed_at: float = 0.0
    completion_mail: float = 0.0
    requests: int = 0
    received: int = 0
    pdf: bytes = b""


class User:
    """One of those who work at the same time: logged in once as clerk and as own signer, then envelope after envelope."""

    def __init__(self, base: str, people: People, mails: Mails) -> None:
        self._base, self._people, self._mails = base, people, mails
        self._clerk = self._logged_in(people.clerk)
        self._own = self._logged_in(people.own)

    def close(self) -> None:
        self._clerk.close()
        self._own.close()

    def _logged_in(self, mail: str) -> Browser:
        browser = Browser(self._base)
        form = browser.get("/login").form(having="password")
        browser.post(form.fill(login=mail, password=self._people.password))
        return browser

    def walk(self, name: str, contract: Upload) -> Walked:
        """The whole story of one envelope called ``name``. Raises where it does not go on."""
        walked, began = Walked(), time.monotonic()
        desks = (self._clerk, self._own)
        before = sum(one.requests for one in desks), sum(one.received for one in desks)
        guests = [Browser(self._base), Browser(self._base)]
        self._mails.expect(name)
        try:
            self._send(walked, name, contract)
            self._counterparty_signs(guests[0], walked, name)
            self._own_signer_signs(walked, name)
            self._take_home(guests[1], walked, name, contract)
        finally:
            self._mails.forget(name)
            for guest in guests:
                guest.close()
        walked.whole = time.monotonic() - began
        everybody = (*desks, *guests)
        walked.requests = sum(one.requests for one in everybody) - before[0]
        walked.received = sum(one.received for one in everybody) - before[1]
        return walked

    def _send(self, walked: Walked, name: str, contract: Upload) -> None:
        clerk, today = self._clerk, date.today()  # noqa: DTZ011  # typed by a person: any day will do
        form = clerk.get("/envelopes/new").form(having="transaction_date_0")
        form.fill(name=name, counterparty=self._people.party, amount="1,100,000")
        form.fill(transaction_date_0=today.year, transaction_date_1=today.month, transaction_date_2=today.day)
        began = time.monotonic()
        page = clerk.post(form.press("act", "next"), {"files": contract})
        walked.upload = time.monotonic() - began
        form = page.form(having="counterparty").choose("counterparty", self._people.counterparty).choose("own", self._people.own)
        page = clerk.post(form)  # no input fields are placed, as is usual
        page = clerk.post(page.form(having="mode").press("act", "mode"))
        sent = clerk.post(page.form())
        found = ENVELOPE.search(sent.url)
        if found is None:
            raise Unexpected(f"sending ended at {sent.url}")
        walked.envelope = found[1]

    def _counterparty_signs(self, guest: Browser, walked: Walked, name: str) -> None:
        began = time.monotonic()
        link, _ = self._mails.wait(name, to=self._people.counterparty, link="/s/", timeout=MAIL_WITHIN_SECONDS)
        walked.asked = time.monotonic() - began
        page = guest.get(link)
        page = guest.post(page.form(having="code").fill(code=self._people.code))
        self._read_and_sign(guest, page, walked)

    def _own_signer_signs(self, walked: Walked, name: str) -> None:
        began = time.monotonic()
        link, _ = self._mails.wait(name, to=self._people.own, link="/envelopes/", timeout=MAIL_WITHIN_SECONDS)
        walked.turn = time.monotonic() - began
        self._read_and_sign(self._own, self._own.get(link), walked)

    def _read_and_sign(self, browser: Browser, page: Page, walked: Walked) -> None:
        """Every page of the document with its picture, the confirmation, and the one button whose answer is timed."""
        while True:
            for picture in page.pictures():
                if not browser.get(picture).body:
                    raise Unexpected(f"no picture at {picture}")
            onward = page.next_page()
            if onward is None:
                break
            page = browser.get(onward)
        confirm = page.link("/confirm")
        if confirm is None:
            raise Unexpected(f"no way to the confirmation at {page.url}: {page.words()}")
        form = browser.get(confirm).form()
        began = time.monotonic()
        answer = browser.submit(form)
        walked.signing.append(time.monotonic() - began)
        walked.signed_at = time.time()
        if answer.status not in (302, 303):
            raise Unexpected(f"signing was answered {answer.status}: {answer.words()}")
        browser.follow(answer)
        walked.signing_page.append(time.monotonic() - began)

    def _take_home(self, guest: Browser, walked: Walked, name: str, contract: Upload) -> None:
        link, came = self._mails.wait(name, to=self._people.counterparty, link="/d/", timeout=MAIL_WITHIN_SECONDS)
        walked.completion_mail = came - walked.signed_at
        page = guest.get(link)
        page = guest.post(page.form(having="code").fill(code=self._people.code))
        file = page.link(".pdf")
        if file is None:
            raise Unexpected(f"nothing to download at {page.url}: {page.words()}")
        pdf = guest.get(file).body
        # What is brought home: the uploaded bytes, then every signature, and the very file the desk shows the digest of.
        if not pdf.startswith(contract.content) or pdf.count(b"/ByteRange") != SIGNATURES:
            raise Unexpected(f"{name}: the download is not the upload with {SIGNATURES} signatures ({len(pdf)} bytes)")
        desk = self._clerk.get(f"/envelopes/{walked.envelope}")
        if hashlib.sha256(pdf).hexdigest() not in desk.body.decode():
            raise Unexpected(f"{name}: the desk shows another digest than the download's")
        walked.pdf = pdf
