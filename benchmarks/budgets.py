"""What a slow phone waits for: the pages of signers, registrants and the desk against their budgets (docs/performance.md).

``python -m benchmarks.budgets OUT`` uses the house of the tour in ``OUT`` (``benchmarks.tour``), made if it is not there. Chromium is held
to 1.6 Mbps, 150 ms and a quarter of the processor by its own protocol; every page is loaded with an empty cache, three times, and the
middle of the times counts. Ends with 1 when a budget is broken.
"""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from benchmarks.tour import ARGUMENTS, CHROMIUM, inside, prepared, running

SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER = 4
TIMES = 3
PHONE = {"width": 412, "height": 823}
KB = 1024
OBSERVER = """
window.told = {lcp: 0, cls: 0, what: ''};
const largest = one => { told.lcp = one.startTime; told.what = one.element?.tagName || one.url; };
new PerformanceObserver(list => list.getEntries().forEach(largest))
  .observe({type: 'largest-contentful-paint', buffered: true});
new PerformanceObserver(list => { for (const one of list.getEntries()) if (!one.hadRecentInput) told.cls += one.value; })
  .observe({type: 'layout-shift', buffered: true});
"""


@dataclass(frozen=True)
class Budget:
    """The most of each: bytes (gzip where told), requests, milliseconds, shift."""

    first: float
    requests: int
    lcp: float
    cls: float
    scripts: float
    words: float
    ttfb: float = 300


SIGNER = Budget(first=120 * KB, requests=6, lcp=1500, cls=0.02, scripts=15 * KB, words=20 * KB)
DESK = Budget(first=500 * KB, requests=20, lcp=2500, cls=0.02, scripts=60 * KB, words=60 * KB)
HEADS = ("page", "first page", "requests", "LCP ms", "CLS", "JS gz", "HTML+CSS gz", "TTFB ms", "")


@dataclass
class Load:
    """One load as the protocol tells it."""

    bodies: dict[str, int] = field(default_factory=dict)
    finished: dict[str, float] = field(default_factory=dict)
    kinds: dict[str, tuple[str, str]] = field(default_factory=dict)
    lcp: float = 0.0
    cls: float = 0.0
    ttfb: float = 0.0
    what: str = ""
    gz: dict[str, int] = field(default_factory=dict)

    def until(self, picture: str) -> list[str]:
        """The requests that were over when the first page could be read; all of them where a page has no such picture."""
        ends = [self.finished[one] for one, (_, url) in self.kinds.items() if picture and picture in url and one in self.finished]
        return [one for one, at in self.finished.items() if not ends or at <= min(ends)]

    def gzipped(self, *kinds: str) -> int:
        return sum(size for one, size in self.gz.items() if self.kinds[one][0] in kinds)


class Meter:
    """Chromium with the brakes on."""

    def __init__(self, page: Any) -> None:
        self._page, self._load = page, Load()
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("Network.enable")
        self._cdp.on("Network.responseReceived", self._received)
        self._cdp.on("Network.loadingFinished", self._finished)
        page.add_init_script(OBSERVER)

    def _received(self, told: Any) -> None:
        self._load.kinds[told["requestId"]] = (told["type"], told["response"]["url"])

    def _finished(self, told: Any) -> None:
        self._load.bodies[told["requestId"]] = int(told["encodedDataLength"])
        self._load.finished[told["requestId"]] = told["timestamp"]

    def load(self, path: str) -> Load:
        """The page with nothing in the cache, slowly; then once more at full speed for the server's own time."""
        self._cdp.send("Network.clearBrowserCache")
        self._cdp.send("Network.emulateNetworkConditions", SLOW_4G)
        self._cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        self._page.goto("about:blank")
        self._load = found = Load()
        self._page.goto(path, wait_until="load")
        self._page.wait_for_timeout(600)
        told = self._page.evaluate("window.told")
        found.lcp, found.cls, found.what = told["lcp"], told["cls"], told["what"]
        for one in found.finished:
            if found.kinds[one][0] in ("Script", "Document", "Stylesheet"):
                found.gz[one] = self._gz(one)
        self._load = Load()
        self._cdp.send("Network.emulateNetworkConditions", {**SLOW_4G, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
        self._cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        self._page.goto(path, wait_until="load")
        found.ttfb = self._page.evaluate(
            "(() => { const one = performance.getEntriesByType('navigation')[0]; return one.responseStart - one.requestStart })()"
        )
        return found

    def _gz(self, request: str) -> int:
        told = self._cdp.send("Network.getResponseBody", {"requestId": request})
        return len(gzip.compress(told["body"].encode(), 9))


def _row(name: str, loads: list[Load], budget: Budget, picture: str) -> tuple[list[str], bool]:
    first = loads[0]
    early = first.until(picture)
    weight = sum(first.bodies[one] for one in early)
    measured = (
        (weight, budget.first, f"{weight / KB:.0f} KB"),
        (len(early), budget.requests, str(len(early))),
        (median(one.lcp for one in loads), budget.lcp, f"{median(one.lcp for one in loads):.0f}"),
        (max(one.cls for one in loads), budget.cls, f"{max(one.cls for one in loads):.3f}"),
        (first.gzipped("Script"), budget.scripts, f"{first.gzipped('Script') / KB:.1f} KB"),
        (first.gzipped("Document", "Stylesheet"), budget.words, f"{first.gzipped('Document', 'Stylesheet') / KB:.1f} KB"),
        (median(one.ttfb for one in loads), budget.ttfb, f"{median(one.ttfb for one in loads):.0f}"),
    )
    fine = all(found <= most for found, most, _ in measured)
    hosts = {urlsplit(url).netloc for one in loads for _, url in one.kinds.values()}
    fonts = any(kind == "Font" for one in loads for kind, _ in one.kinds.values())
    fine = fine and len(hosts) == 1 and not fonts
    cells = [words if found <= most else f"**{words}**" for found, most, words in measured]
    return [name, *cells, "ok" if fine else "BROKEN"], fine


def main(arguments: list[str]) -> int:
    out = Path(arguments[0]).resolve()
    for name in ("pages", "mails", "letters"):
        (out / name).mkdir(parents=True, exist_ok=True)
    home = prepared(out)
    told = json.loads(inside(home, "benchmarks.tour_places"))
    from tachiai.cli.demo_cast import CODE

    told |= {"password": (home / "keys" / "demo-password.txt").read_text().strip(), "code": CODE}
    from playwright.sync_api import sync_playwright

    with running(home) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        rows = [_row(*one) for one in _measured(browser, base, told)]
        browser.close()
    print("| " + " | ".join(HEADS) + " |\n|" + "---|" * len(HEADS))
    for cells, _ in rows:
        print("| " + " | ".join(cells) + " |")
    return 0 if all(fine for _, fine in rows) else 1


def _measured(browser: Any, base: str, told: dict[str, Any]) -> Any:
    links = told["links"]
    detail = next(path for name, _, path in told["pages"] if name == "admin_envelope_concluded")
    signer = (
        ("S-01 request", links["sign"], "", "", ""),
        ("S-03 review", links["sign"] + "/review", "/pages/1", links["sign"], ""),
        ("S-04 confirm", links["sign"] + "/confirm", "", links["sign"], ""),
        ("S-05 done", links["done"] + "/done", "", links["done"], ""),
        ("S-09 download", links["download"] + "/files", "", links["download"], ""),
        ("I-01 registration", "/i/sakuragaoka", "", "", ""),
    )
    for name, path, picture, door, who in signer:
        yield name, _loads(browser, base, told, path, door=door, who=who), SIGNER, picture
    for name, path in (("desk home", "/"), ("desk list", "/envelopes"), ("desk detail", detail)):
        yield name, _loads(browser, base, told, path, door="", who="admin"), DESK, ""


def _loads(browser: Any, base: str, told: dict[str, Any], path: str, *, door: str, who: str) -> list[Load]:
    context = browser.new_context(base_url=base, viewport=PHONE, device_scale_factor=2.6, is_mobile=True, has_touch=True, locale="ja-JP")
    context.set_default_timeout(60_000)
    page = context.new_page()
    if who:
        page.goto("/login")
        page.fill("input[name=login]", f"{who}@sakuragaoka.example.jp")
        page.fill("input[name=password]", told["password"])
        page.locator("main form button").last.click()
    if door:
        page.goto(door)
        page.fill("#code", told["code"])
        page.locator("main form button").first.click()
        page.wait_for_load_state()
    meter = Meter(page)
    found = [meter.load(base + path) for _ in range(TIMES)]
    context.close()
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
