"""A tour: every page of the house as a picture, in both languages at three widths, with what axe and a ruler say of it.

``python -m benchmarks.tour OUT`` fills a house with the small demo data (or takes the one left in ``OUT/house``), runs it, and leaves
pictures in ``OUT/pages`` and ``OUT/mails``, and ``OUT/findings.txt``. It ends with 1 when axe found something or a page is wider than
its window. ``--only WORD`` looks at the pages whose name contains it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.ports import free_port

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
WIDTHS = (360, 768, 1280)
OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PEOPLE = ("clerk", "second", "mayor", "admin", "auditor", "system")
TALLEST = 6000
# What is wider than the window, and what is cut off within its box.
RULER = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const told = [];
  if (wide > 0) {
    for (const one of document.querySelectorAll('main *, header *, footer *')) {
      const box = one.getBoundingClientRect();
      if (box.right <= innerWidth + 1 || box.width === 0) continue;
      told.push('wide ' + one.tagName + '.' + one.className + ' ' + Math.round(box.right));
      break;
    }
    told.unshift('page is ' + wide + ' px too wide');
  }
  const boxes = 'main a, main button, main th, main td, main dd, main .chip, main h1, main h2';
  for (const one of document.querySelectorAll(boxes)) {
    const style = getComputedStyle(one);
    if (one.matches('.visually-hidden')) continue;
    if (style.overflow !== 'visible' && one.scrollWidth > one.clientWidth + 1 && style.overflowX !== 'auto' && style.overflowX !== 'scroll')
      told.push('cut ' + one.tagName + '.' + one.className + ' ' + one.textContent.trim().slice(0, 40));
  }
  return told;
}"""
# Kana of the house's own words; what people typed is Japanese in any language.
KANA = """() => {
  const told = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const near = walker.currentNode.parentElement;
    if (/[ぁ-んァ-ヶ]/.test(text) && !near.closest('[lang=ja], script, style, template, .page-text')) told.add(text.slice(0, 60));
  }
  return [...told];
}"""


class Tour:
    """One language's walk through all doors; pictures go to ``out``."""

    def __init__(self, browser: Any, base: str, out: Path, language: str, told: dict[str, Any], options: argparse.Namespace) -> None:
        self.browser, self.base, self.out, self.language, self.told, self.options = browser, base, out, language, told, options
        self.findings: list[str] = []
        self.seen: dict[str, str] = {}
        from axe_playwright_python.sync_playwright import Axe

        self._axe = Axe()

    def visitor(self) -> Any:
        """A fresh browser."""
        locale = "ja-JP" if self.language == "ja" else "en-GB"
        context = self.browser.new_context(base_url=self.base, viewport={"width": 1280, "height": 900}, locale=locale)
        context.add_cookies([{"name": "tachiai_language", "value": self.language, "url": self.base}])
        context.set_default_timeout(20_000)
        return context.new_page()

    def wanted(self, name: str) -> bool:
        return not self.options.only or any(word in name for word in self.options.only)

    def look(self, page: Any, name: str) -> None:
        """The page as it stands, at every width, and what is to be said of it."""
        if not self.wanted(name):
            return
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            self._note(name, width, page.evaluate(RULER))
            path = self.out / "pages" / f"{name}-{self.language}-{width}.png"
            height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
            page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
            if width != 768 and not self.options.quick:
                violations = self._axe.run(page, options=OPTIONS).response["violations"]
                self._note(name, width, [f"axe {one['id']}: {one['nodes'][0]['html'][:140]}" for one in violations])
        if self.language == "en":
            self.seen[name] = " | ".join(page.evaluate(KANA))

    def _note(self, name: str, width: int, told: list[str]) -> None:
        found = [f"{name} {self.language} {width}: {one}" for one in told]
        self.findings += found
        for one in found:
            print(one, flush=True)

    def pages(self) -> None:
        """Everything that has an address of its own, as whoever may see it."""
        for who in ("public", *PEOPLE):
            mine = [(name, path) for name, owner, path in self.told["pages"] if owner == who and self.wanted(name)]
            if not mine:
                continue
            page = self.visitor()
            if who != "public":
                self.log_in(page, who)
            for name, path in mine:
                page.goto(path)
                self.look(page, name)
            page.context.close()

    def log_in(self, page: Any, who: str) -> None:
        page.goto("/login")
        page.fill("input[name=login]", f"{who}@sakuragaoka.example.jp")
        page.fill("input[name=password]", self.told["password"])
        page.locator("main form button").last.click()
        page.wait_for_url(re.compile(r"/$"))

    def enter(self, page: Any, link: str) -> None:
        page.goto(link)
        page.fill("#code", self.told["code"])
        page.locator("main form button").first.click()
        page.wait_for_load_state()

    def signers(self) -> None:
        """The ceremony up to its last button, and every dead end."""
        links = self.told["links"]
        for name in ("expired", "declined", "withdrawn", "forwarded", "done", "english"):
            if name in links and self.wanted(f"signer_stop_{name}"):
                page = self.visitor()
                page.goto(links[name])
                self.look(page, f"signer_stop_{name}")
                page.context.close()
        page = self.visitor()
        page.goto(links["sign"])
        self.look(page, "signer_entry")
        page.fill("#code", "12")
        page.locator("main form button").first.click()
        self.look(page, "signer_entry_error")
        self.enter(page, links["sign"])
        for name, path in (("review", "/review"), ("review_text", "/review?text=1"), ("confirm", "/confirm"), ("decline", "/decline")):
            page.goto(links["sign"] + path)
            self.look(page, f"signer_{name}")
        page.locator("main form button").last.click()
        self.look(page, "signer_decline_error")
        page.context.close()
        if "reassignable" in links:
            page = self.visitor()
            self.enter(page, links["reassignable"])
            page.goto(links["reassignable"] + "/forward")
            self.look(page, "signer_forward")
            page.context.close()
        if "long" in links:
            page = self.visitor()
            self.enter(page, links["long"])
            self.look(page, "signer_review_long")
            page.context.close()

    def downloads(self) -> None:
        page = self.visitor()
        page.goto(self.told["links"]["download"])
        self.look(page, "download_entry")
        self.enter(page, self.told["links"]["download"])
        self.look(page, "download_files")
        page.goto(self.told["links"]["download_over"])
        self.look(page, "download_over")
        page.context.close()

    def registration(self) -> None:
        """I-01 to I-05, as a counterparty goes through them."""
        page = self.visitor()
        page.goto("/i/sakuragaoka/form")
        page.locator("main form button.button-large").last.click()
        self.look(page, "register_error")
        mail = f"tour-{self.language}-{int(time.time())}@example.jp"
        words = {"counterparty": "株式会社みほん（架空）", "address": "みどり野県みほん市1-2-3", "representative_title": "代表取締役"}
        words |= {
            "representative": "見本 一",
            "title": "部長",
            "name": "見本 二",
            "mail": mail,
            "contact": "見本 三",
            "phone": "000-000-0000",
        }
        for name, value in {**words, "code": "604817"}.items():
            page.fill(f"[name={name}]", value)
        for name in ("authority", "consent"):
            page.check(f"[name={name}]")
        page.locator("main form button.button-large").last.click()
        page.wait_for_url(re.compile("/check$"))
        self.look(page, "register_check")
        page.locator("main form button.button-large").last.click()
        page.wait_for_url(re.compile("/code$"))
        self.look(page, "register_code")
        page.fill("[name=code]", self.code_for(mail))
        page.locator("main form button").first.click()
        page.wait_for_url(re.compile("/done"))
        self.look(page, "register_done")
        if "returned" in self.told["links"]:
            page.goto(self.told["links"]["returned"])
            self.look(page, "register_returned")
        page.context.close()

    def code_for(self, mail: str) -> str:
        """The one-time code, from the demo's mailbox."""
        box = self.visitor()
        for _ in range(60):
            box.goto("/mailbox/")
            letter = box.locator("ul.letters li", has_text=mail)
            if letter.count():
                letter.first.locator("a").click()
                found = re.search(r"\b(\d{6})\b", box.locator("main").inner_text())
                box.context.close()
                return found[1] if found else ""
            box.wait_for_timeout(500)
        raise SystemExit("no code came by mail")

    def verifier(self) -> None:
        page = self.visitor()
        page.goto("/v")
        page.set_input_files("input[type=file]", str(self.out / "concluded.pdf"))
        page.locator("main form:has(input[type=file]) button").first.click()
        page.wait_for_load_state()
        self.look(page, "verify_valid")
        broken = self.out / "broken.pdf"
        data = bytearray((self.out / "concluded.pdf").read_bytes())
        data[1500] ^= 1
        broken.write_bytes(data)
        page.goto("/v")
        page.set_input_files("input[type=file]", str(broken))
        page.locator("main form:has(input[type=file]) button").first.click()
        page.wait_for_load_state()
        self.look(page, "verify_altered")
        page.context.close()

    def mails(self) -> None:
        for file in sorted((self.out / "letters").glob(f"*-{self.language}.html")):
            if not self.wanted(f"mail_{file.stem}"):
                continue
            page = self.browser.new_page()
            page.goto(f"file://{file}")
            for width in (360, 600):
                page.set_viewport_size({"width": width, "height": 700})
                self._note(file.stem, width, page.evaluate(RULER))
                page.screenshot(path=self.out / "mails" / f"{file.stem}-{width}.png", full_page=True)
            page.close()


@contextmanager
def running(home: Path) -> Iterator[str]:
    """The house with its doors open on a port of its own."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "TACHIAI_HOME": str(home), "TACHIAI_PUBLIC_URL": base}
    command = [sys.executable, "-m", "tachiai.cli.main", "run", "--demo", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{base}/healthz", timeout=2).close()  # noqa: S310  # our own address
                break
            except OSError:
                time.sleep(0.2)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def inside(home: Path, *module: str) -> str:
    """What a module prints that runs in the house's environment."""
    environment = {**os.environ, "TACHIAI_HOME": str(home), "TACHIAI_MODE": "demo", "TACHIAI_MAILBOX": "yes"}
    done = subprocess.run([sys.executable, "-m", *module], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def prepared(out: Path) -> Path:
    """A house with the small demo data, kept for the next tour; letters and one concluded file are laid beside it."""
    home = out / "house"
    if not (home / "demo-data.told").exists():
        print(inside(home, "benchmarks.tour_letters", str(out)))
    return home


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tour")
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--language", action="append", default=[])
    parser.add_argument("--quick", action="store_true", help="without axe")
    options = parser.parse_args(arguments)
    out = options.out.resolve()
    for name in ("pages", "mails", "letters"):
        (out / name).mkdir(parents=True, exist_ok=True)
    home = prepared(out)
    told = json.loads(inside(home, "benchmarks.tour_places"))
    from tachiai.cli.demo_cast import CODE

    told |= {"password": (home / "keys" / "demo-password.txt").read_text().strip(), "code": CODE}
    return _tour(out, home, told, options)


def _tour(out: Path, home: Path, told: dict[str, Any], options: argparse.Namespace) -> int:
    from playwright.sync_api import sync_playwright

    findings, kana = [], {}
    with running(home) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for language in options.language or ("ja", "en"):
            tour = Tour(browser, base, out, language, told, options)
            for part in (tour.mails, tour.pages, tour.signers, tour.downloads, tour.registration, tour.verifier):
                try:
                    part()
                except Exception as trouble:  # one door that does not open must not hide the others
                    tour.findings.append(f"{part.__name__} {language}: {type(trouble).__name__} {str(trouble)[:300]}")
            findings += tour.findings
            kana |= tour.seen
        browser.close()
    (out / "findings.txt").write_text("\n".join(findings) + "\n")
    (out / "kana.json").write_text(json.dumps(kana, ensure_ascii=False, indent=1))
    print(f"{len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
