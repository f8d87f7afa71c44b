"""S-03's inputs and S-04's list of them, by plain forms: kept, missed, put right, agreed to (A07, A09, A10)."""

from __future__ import annotations

import html
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from cast import Cast
from fielded import person, sent
from signer.walking import device, enter, inside, link_of, press, title, words
from tachiai import ceremony
from tachiai.envelopes.field_models import FieldEntry


def inputs(page: Any) -> dict[str, str]:
    """The form's inputs by the words of their labels, without their numbers."""
    body = page.content.decode()
    found = re.findall(r'<label for="(f-[^"]+)"><span class="number[^>]*><span>\d+</span></span>([^<]+)<', body)
    found += re.findall(
        r'<fieldset class="field" id="(f-[^"]+)"[^>]*><legend><span class="number[^>]*><span>\d+</span></span>([^<]+)<', body
    )
    found += re.findall(r'id="(f-[^"]+)" value="Yes"[^>]*><span><span class="number[^>]*><span>\d+</span></span>([^<]+)<', body)
    return {html.unescape(word).strip(): name for name, word in found}


def test_inputs_are_kept_missed_and_agreed_to_without_scripts(cast: Cast) -> None:
    vendor = person(sent(cast), "counterparty")
    browser, link = inside(vendor)
    review = browser.get(f"{link}/review?doc=1&page=2")
    assert "入力項目 4件" in words(review)
    assert "残り3件" in words(review)
    assert "該当箇所を見る（業務委託契約 1ページ）" in words(review)
    names = inputs(review)
    assert set(names) == {"所在地", "チェック", "サイン", "日付"}
    body = review.content.decode()
    assert f'href="#{names["サイン"]}"' in body  # the box on the page leads to its input
    assert 'class="field-box party-1"' in body
    assert 'value="緑野 太郎"' in body  # what the house knows is proposed
    # A09: pressing on with something missing lists it, with links, and the confirm page is not shown.
    early = browser.get(link + "/confirm")
    assert early.status_code == 422
    assert title(early).startswith("エラー：")
    assert f'href="#{names["所在地"]}"' in early.content.decode()
    assert "1. 所在地：入力してください。" in words(early)
    # One wrong value loses none of the others.
    typed = {names["所在地"]: "千葉県さくら丘市1-2-3", names["日付"]: "あした", f"{names['チェック']}-here": "1", names["チェック"]: "Yes"}
    wrong = browser.post(f"{link}/review?doc=1&page=2", {**typed, "act": "save"})
    assert wrong.status_code == 422
    assert "実在する日付を入力してください" in words(wrong)
    assert 'value="あした"' in wrong.content.decode()
    assert sorted(FieldEntry.objects.values_list("text", flat=True)) == ["Yes", "千葉県さくら丘市1-2-3"]
    saved = browser.post(f"{link}/review?doc=1&page=2", {names["日付"]: "令和8年11月26日", "act": "save"}, follow=True)
    assert "保存しました" in words(saved)
    assert "残り1件" in words(saved)
    # The code is asked again in another browser; what was entered is still there.
    other = device()
    assert enter(other, link_of(vendor)).status_code == 302
    again = other.get(link + "/review")
    assert 'value="2026年11月26日"' in again.content.decode()
    assert "千葉県さくら丘市1-2-3</textarea>" in again.content.decode()
    signature = names["サイン"]
    onward = other.post(link + "/review", {f"{signature}-manner": "typed", signature: "緑野 太郎", "act": "onward"})
    assert onward["Location"] == link + "/confirm"
    confirm = other.get(link + "/confirm")
    for said in (
        "1. 所在地： 千葉県さくら丘市1-2-3",
        "2. チェック： チェックあり",
        "3. サイン： 文字で署名「緑野 太郎」",
        "4. 日付： 2026年11月26日",
    ):
        assert said in words(confirm), words(confirm)
    # A10: back to the document with everything kept. A page that shows something else than stands is no consent to it.
    assert "千葉県さくら丘市1-2-3" in other.get(link + "/review").content.decode()
    offer = html.unescape(re.search(r'name="offer" value="([^"]+)"', confirm.content.decode())[1])  # type: ignore[index]
    other.post(link + "/review", {names["所在地"]: "東京都", "act": "save"})
    assert "consent" not in ceremony.__all__ or ceremony.consent_of(vendor.pk) is None
    assert other.post(link + "/confirm", {"offer": offer}).status_code == 409
    assert "受け付けました" in words(press(other, link, follow=True))
    consent = ceremony.consent_of(vendor.pk)
    assert consent is not None
    assert "東京都" in ceremony.instruction_of(consent).values.values()
    assert other.post(link + "/review", {names["所在地"]: "大阪府", "act": "save"})["Location"] == link + "/done"


def test_in_english_and_by_pictures_that_are_none(cast: Cast) -> None:
    vendor = person(sent(cast), "counterparty")
    browser, link = inside(vendor)
    browser.get(link + "/review?lang=en")
    review = browser.get(link + "/review?lang=en&page=2")
    assert "See where it stands" in words(review)
    signature = next(iter(re.findall(r'fieldset class="field" id="(f-[^"]+)"', review.content.decode())))
    for picture, said in ((b"GIF89a", "PNG or JPEG"), (b"", "")):
        given = {f"{signature}-manner": "image", "act": "save"}
        if picture:
            given[f"{signature}-image"] = SimpleUploadedFile("a.png", picture, "image/png")
        wrong = browser.post(link + "/review?lang=en", given)
        assert wrong.status_code == 422
        assert said in words(wrong)
    drawn = browser.post(link + "/review?lang=en", {f"{signature}-manner": "drawn", f"{signature}-drawn": "1,2 <script>", "act": "save"})
    assert drawn.status_code == 422
    assert not FieldEntry.objects.exists()
    main = re.search(r"<main.*?</main>", review.content.decode(), re.DOTALL)
    assert main is not None
    ours = re.sub(r"\s(alt|value|title)=\"[^\"]*\"|項目のある契約|みどり野", "", main.group(0))
    assert re.findall(r"[\u3040-\u30ff]{2,}", ours) == []
