"""What can be said of a page by measuring it: what axe finds, what is wider than its window, cut off, lost or not translated."""

from __future__ import annotations

import json
import re
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Nothing but what was found comes back: the rest is large, and nobody reads it.
_OPTIONS = {"runOnly": TAGS, "resultTypes": ["violations"], "selectors": False, "preload": False}
_FOUND = "then((told) => told.violations.map((one) => `axe ${one.id}: ${one.nodes[0].html.slice(0, 140)}`))"
_OPEN = "document.querySelectorAll('main details').forEach((one) => { one.open = true })"
# What is wider than the window, and what is cut off within its box.
_WIDE = """(how) => {
  const told = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) {
    const all = [...document.querySelectorAll('main *, header *, footer *')];
    const out = all.find((one) => one.getBoundingClientRect().right > innerWidth + 1);
    told.push(`${how}: ${wide} px too wide ${out ? out.outerHTML.slice(0, 80) : ''}`);
  }
  for (const one of document.querySelectorAll('main :is(a, button, th, td, dd, dt, label, legend, h1, h2, h3, p, .chip)')) {
    const style = getComputedStyle(one);
    if (one.closest('.visually-hidden') || style.overflowX !== 'hidden' && style.overflowX !== 'clip') continue;
    if (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
      told.push(`${how}: cut ${one.outerHTML.slice(0, 80)}`);
  }
  return told;
}"""
# With colours of the reader's choice (a contrast theme) only borders and outlines are left to tell a control from words.
_EDGES = """() => {
  const edge = (style) => ['Top', 'Bottom', 'Left', 'Right'].some((side) =>
    style[`border${side}Style`] !== 'none' && parseFloat(style[`border${side}Width`]) > 0);
  const typed = 'input:not([type=hidden], [type=checkbox], [type=radio], [type=file])';
  const controls = `:is(main, header) :is(.button:not(.button-text), ${typed}, select, textarea)`;
  return [...document.querySelectorAll(controls)]
    .filter((one) => one.offsetParent && !one.closest('.visually-hidden') && !one.matches('.visually-hidden'))
    .filter((one) => !edge(getComputedStyle(one)))
    .map((one) => `no edge left in a contrast theme: ${one.outerHTML.slice(0, 80)}`);
}"""
# What a signer presses is at least 44 px each way, its label being part of it; a link within a sentence is as high as the sentence.
_SMALL = """() => {
  const reach = (one) => {
    const label = one.closest('label') || (one.id && document.querySelector(`label[for="${one.id}"]`));
    return (one.matches('[type=radio], [type=checkbox]') && label ? label : one).getBoundingClientRect();
  };
  return [...document.querySelectorAll('main :is(a[href], button, input:not([type=hidden]), select, textarea, summary)')]
    .filter((one) => one.offsetParent && !one.closest('.visually-hidden') && !one.matches('.visually-hidden'))
    .filter((one) => !(one.matches('a') && getComputedStyle(one).display === 'inline'))
    .map((one) => [reach(one), one.outerHTML.slice(0, 80)])
    .filter(([box]) => box.width < 43.5 || box.height < 43.5)
    .map(([box, html]) => `smaller than 44 px: ${Math.round(box.width)} x ${Math.round(box.height)} ${html}`);
}"""
# Every word a reader meets, the unseen ones too; a part in another language says so itself.
_WORDS = """() => {
  const told = new Set([document.title]);
  const others = '[lang=ja], script, style, template';
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest(others)) told.add(walker.currentNode.textContent.trim());
  }
  for (const name of ['aria-label', 'title', 'alt', 'placeholder'])
    for (const one of document.querySelectorAll(`[${name}]`)) if (!one.closest(others)) told.add(one.getAttribute(name));
  return [...told].filter(Boolean);
}"""
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_PLACEHOLDER = re.compile(r"\{%|\{\{(?!\w+\d\}\})|(?<!\{)\{\w*\}(?!\})|%\(\w+\)[sd]|&(amp|lt|gt|quot);|Traceback")
# A language is named in itself, and what may be typed, or stands on certificates, is shown as it is.
_AS_IT_IS = ("日本語", "令和8年", "令和8", "承認者")


def axe_finds(page: Any, *, contrast: bool = True) -> list[str]:
    """What axe finds on the page as it stands; without ``contrast`` it does not measure colours, which takes most of its time."""
    page.evaluate(AXE_SCRIPT)
    rules = {} if contrast else {"color-contrast": {"enabled": False}}
    return list(page.evaluate(f"axe.run({json.dumps({**_OPTIONS, 'rules': rules})}).{_FOUND}"))


def found_on(page: Any, paths: list[str]) -> dict[str, list[str]]:
    """What axe finds at each of these addresses, where it finds something."""
    found = {}
    for path in paths:
        page.goto(path)
        found[path] = axe_finds(page)
    return {path: told for path, told in found.items() if told}


def measured(page: Any, *, phone: bool, theme: bool, signer: bool = False, axe: bool = True) -> list[str]:
    """Everything that is wrong with the page, with its folded parts open. ``phone``: axe looks at it at 412 px, else at 1280, if it is
    to look; ``theme``: colours are judged too, the page's own and a contrast theme's; ``signer``: what is pressed has a signer's size."""
    page.evaluate(_OPEN)
    told = []
    for width in (412, 320, 640, 1280) if phone else (1280, 320):
        page.set_viewport_size({"width": width, "height": 823})
        told += page.evaluate(_WIDE, f"{width} px")
        if width == (412 if phone else 1280):
            told += axe_finds(page, contrast=theme) if axe else []
            told += page.evaluate(_SMALL) if signer else []
    if theme:
        page.emulate_media(forced_colors="active")
        told += page.evaluate(_EDGES)
        page.emulate_media(forced_colors="none")
    return told


def untranslated(page: Any, known: list[str]) -> list[str]:
    """Words nobody filled in, and on an English page Japanese ones that are not in ``known``: what people have written (longest first)."""
    english = page.locator("html").get_attribute("lang") == "en"
    told = []
    for words in page.evaluate(_WORDS):
        if _PLACEHOLDER.search(words) or (words == "None" and not english):
            told.append(f"not filled in: {words[:60]}")
        rest = _without(words, [*known, *_AS_IT_IS]) if english and JAPANESE.search(words) else ""
        if JAPANESE.search(rest):
            told.append(f"not English: {rest[:80]}")
    return told


def _without(words: str, known: list[str]) -> str:
    for one in known:
        words = words.replace(one, "")
    return words
