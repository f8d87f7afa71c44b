"""The page that verifies an evidence bundle in a browser: as the Python verifier does, from a file, without a connection."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from offline.bench import VECTOR
from offline.twins import AS_BEFORE, AT, TWINS, asked, mailed, reader_of, whole
from tachiai.offline import building
from tachiai.offline.tachiai_verify import BLIND, Reader, verify_bundle

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CALL = """async ([data, reader]) => {
  const bytes = (text) => {
    const binary = atob(text);
    const held = new Uint8Array(binary.length);
    for (let at = 0; at < held.length; at++) held[at] = binary.charCodeAt(at);
    return held;
  };
  const checkpoint = reader.checkpoint ? bytes(reader.checkpoint) : null;
  return JSON.stringify(await tachiai.verifyBundle(bytes(data), { ...reader, roots: reader.roots.map(bytes), checkpoint }));
}"""
OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Asked:
    """A page of the verifier with nobody to ask: whatever it requests is kept, and no network is there."""

    def __init__(self, browser: Any) -> None:
        self.browser, self.requests, self.complaints = browser, [], []

    def open(self, *, width: int = 1280, language: str = "ja-JP", bypass_csp: bool = False) -> Any:
        context = self.browser.new_context(
            offline=True,
            locale=language,
            viewport={"width": width, "height": 900},
            bypass_csp=bypass_csp,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(building.PAGE.as_uri())
        return page


@contextmanager
def opened() -> Iterator[Asked]:
    """A browser of its own. Whoever is in here cannot ask the database."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield Asked(browser)
        browser.close()


@pytest.fixture(scope="module")
def desk() -> Iterator[Asked]:
    with opened() as asked:
        yield asked


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def answer_on(page: Any, content: bytes, reader: Reader) -> Any:
    brought = {
        "roots": [_b64(root) for root in reader.roots],
        "logKey": reader.log_key,
        "checkpoint": _b64(reader.checkpoint) if reader.checkpoint else "",
        "at": int(AT.timestamp()) * 1_000_000,
    }
    return json.loads(page.evaluate(CALL, [_b64(content), brought]))


def comparable(answer: Any) -> Any:
    """An answer without what verifiers may say each in their own words."""
    return {**answer, "problems": [{"code": one["code"], "subject": one["subject"]} for one in answer["problems"]]}


# ------------------------------------------------------------------------------------------------- what it is made of


def test_the_page_is_what_its_parts_give() -> None:
    """Else: ``python -m tachiai.offline.building``."""
    assert building.PAGE.read_text("utf-8") == building.build_page()


def test_the_page_can_fetch_nothing_and_runs_nothing_else() -> None:
    page = building.PAGE.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]
    addresses = set(re.findall(r"[a-z]+://[^\s\"'`)]*", page))
    assert addresses == {"http://www.w3.org/2000/svg"}, "the name of a vocabulary, which nobody fetches"
    assert not re.search(r"\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|innerHTML|eval)\b", page)


# ----------------------------------------------------------------------------------------------------- what it answers


def test_it_answers_what_the_program_answers(desk: Asked) -> None:
    page, requests = desk.open(), len(desk.requests)
    mail = mailed()()
    readers = [Reader(at=AT), Reader(checkpoint=mail, at=AT)]
    for reader in readers:
        answer = answer_on(page, whole(), reader)
        assert answer == json.loads(json.dumps(verify_bundle(whole(), reader)))
        assert answer["verdict"] == "true"
    assert desk.requests[requests:] == []


def test_it_refuses_every_twin_as_the_program_does(desk: Asked) -> None:
    """But for those whose manifest was left as it was: they differ from the others by ``file.digest`` alone, and one stands for them."""
    page, requests = desk.open(), len(desk.requests)
    twins = [twin for twin in TWINS if not twin.name.endswith(AS_BEFORE) or twin.name.startswith("an entry changed")]
    assert {code for twin in twins for code in twin.codes} == {code for twin in TWINS for code in twin.codes}
    wrong = {}
    for twin in twins:
        content, said = asked(twin)
        answer = answer_on(page, content, reader_of(twin))
        if comparable(answer) != comparable(said) or answer["verdict"] == "true":
            wrong[twin.name] = [one["code"] for one in answer["problems"]]
    assert wrong == {}
    assert desk.requests[requests:] == []
    assert desk.complaints == []


# ------------------------------------------------------------------------------------------------------ how it is used


def _verify(page: Any, content: bytes, name: str = "証拠一式.zip") -> None:
    page.set_input_files("#bundle", {"name": name, "mimeType": "application/zip", "buffer": content})
    page.click("#run")
    page.wait_for_function(
        "() => !document.querySelector('#result').hidden && !document.querySelector('#run').hasAttribute('aria-disabled')"
    )


def _content_of(name: str) -> bytes:
    return next(twin.content() for twin in TWINS if twin.name == name)


def _found_by_axe(page: Any) -> list[str]:
    violations = Axe().run(page, options=OPTIONS).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in violations]


@pytest.mark.parametrize(("language", "width"), [("ja", 360), ("en", 1280)])
def test_axe_finds_nothing(desk: Asked, language: str, width: int) -> None:
    page = desk.open(width=width, language="ja-JP" if language == "ja" else "en-GB", bypass_csp=True)
    page.click("#more summary")
    page.fill("#log-key", "x")
    page.click("#run")
    assert page.locator("#error-list li").count() == 2
    assert page.evaluate("document.documentElement.lang") == language
    assert _found_by_axe(page) == []
    page.fill("#log-key", "")
    for content in (whole(), _content_of("what a signature says")):
        _verify(page, content)
        page.click("#result summary")
        assert _found_by_axe(page) == []
    page.context.close()


def test_nothing_runs_over_the_edge(desk: Asked) -> None:
    page = desk.open()
    page.click("#more summary")
    wide = []
    for content in (b"no ZIP", _content_of("what a signature says"), whole()):
        _verify(page, content)
        for width, language in [(width, language) for width in (320, 360, 768, 1280) for language in ("ja", "en")]:
            page.set_viewport_size({"width": width, "height": 900})
            page.click(f"[data-language={language}]")
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append((width, language))
    assert wide == []


def test_a_reader_sees_who_signed_what_and_what_is_left_to_compare(desk: Asked) -> None:
    page, complaints = desk.open(), len(desk.complaints)
    _verify(page, whole())
    result = page.locator("#result")
    assert result.locator("[data-verdict]").get_attribute("data-verdict") == "true"
    assert page.evaluate("document.activeElement.id") == "result-title"
    words = result.inner_text()
    for said in (
        "すべての検査に適合しました。",
        "認定タイムスタンプではありません",
        "緑野",
        "（日本時間）",
        "ご自身で照合する値",
        "検査していない点",
    ):
        assert said in words
    assert result.locator(".checks > li").count() == 12
    assert words.index(BLIND[0]) < words.index("ルート証明書の指紋") < words.index("緑野"), "whose word it is comes first"
    page.click("#copy")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert comparable(copied) | {"unchecked": []} == comparable(verify_bundle(whole(), Reader(at=AT))) | {"unchecked": []}
    page.click("[data-language=en]")
    assert "Everything that can be checked holds." in result.inner_text()
    page.click("#again")
    assert result.is_hidden()
    assert set(desk.requests) == {building.PAGE.as_uri()}, "the page itself, and nothing else, ever"
    assert desk.complaints[complaints:] == []


def test_a_refused_bundle_names_what_is_wrong(desk: Asked) -> None:
    page = desk.open()
    _verify(page, _content_of("what a signature says"))
    assert page.locator("#result [data-verdict]").get_attribute("data-verdict") == "false"
    problems = page.locator(".problems").inner_text()
    assert "signature.digest" in problems
    assert "署名された内容が改変されています。" in problems
    assert "確認されたものではありません" in page.locator("#result").inner_text()
    failed = page.locator(".checks > li[data-state=failed] code").all_inner_texts()
    assert failed == ["signature", "agreement"]


def test_what_the_reader_brings_is_read_and_compared(desk: Asked) -> None:
    page = desk.open()
    page.click("#run")
    assert page.locator("#bundle-error").inner_text() == "証拠一式のファイルを選んでください。"
    page.click("#more summary")
    page.fill("#checkpoint", "台帳")
    page.fill("#roots", "-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----")
    page.click("#run")
    assert page.locator("#error-list li").count() == 3
    assert page.evaluate("document.activeElement.id") == "errors"
    page.fill("#roots", "")
    page.fill("#checkpoint", "締結のお知らせ\n\n" + mailed()().decode().replace("\n", "  \r\n") + "\n以上")
    _verify(page, whole())
    assert "この台帳の以前の状態です" in page.locator("#result").inner_text()
    assert page.locator("[data-blind]").count() == 1
    page.fill("#log-key", verify_bundle(whole())["compare"]["log_key"])
    page.fill("#roots", (VECTOR / "keys" / "authority" / "root.pem").read_text())
    _verify(page, whole())
    assert page.locator("[data-blind]").count() == 0
    assert page.locator("#result [data-verdict]").get_attribute("data-verdict") == "true"
    for field in ("#log-key", "#roots"):
        page.fill(field, "")
    page.fill("#checkpoint", mailed(root=bytes(32))().decode())
    _verify(page, whole())
    assert "checkpoint.mail" in page.locator(".problems").inner_text()


def test_a_dropped_file_is_taken(desk: Asked) -> None:
    page = desk.open()
    page.evaluate(
        """() => {
          const carried = new DataTransfer();
          carried.items.add(new File(["x"], "証拠.zip"));
          for (const kind of ["dragover", "drop"]) {
            document.getElementById("drop").dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
          }
        }"""
    )
    assert page.locator("#chosen").inner_text() == "選択中：証拠.zip"
    assert page.evaluate("document.activeElement.id") == "run"


def test_a_browser_without_ed25519_verifies_as_well(desk: Asked) -> None:
    page = desk.open()
    page.evaluate(
        """() => {
          const real = crypto.subtle.importKey.bind(crypto.subtle);
          crypto.subtle.importKey = async (form, key, algorithm, ...more) => {
            if (algorithm.name === "Ed25519") throw new DOMException("unknown", "NotSupportedError");
            return real(form, key, algorithm, ...more);
          };
        }"""
    )
    assert answer_on(page, whole(), Reader(at=AT))["verdict"] == "true"
    assert [one["code"] for one in answer_on(page, _content_of("another log key"), Reader(at=AT))["problems"]] == ["checkpoint.signature"]
