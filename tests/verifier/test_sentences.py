"""Every reason of a judgement is said in both languages: what it is, and what to do about it."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.utils import translation

from tachiai.cli.verifying import WORDS
from tachiai.crypto import verdicts
from tachiai.web.verifier.names import common_name
from tachiai.web.verifier.sentences import REASONS, coded, reasons

CRYPTO = Path(verdicts.__file__).parent
# Who reads and judges strangers' files; every reason comes out of one of these.
JUDGES = (
    *sorted(CRYPTO.glob("strangers*.py")),
    *(CRYPTO / f"{name}.py" for name in ("examining", "file_rules", "after_signing", "standing")),
)
# Words that stand where reasons do, and are none: a status of revocation, uses, names of fields.
OTHER_WORDS = {"missing", "timestamps", "public_key", "other_rev_info", "examine", ""}
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def told_in(source: str) -> set[str]:
    """The words of a module that stand in a list, in a pair that is returned, or in what is raised or appended: there reasons are told."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        words: Sequence[ast.expr] = ()
        if isinstance(node, ast.List):
            words = node.elts
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            words = node.value.elts
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("Unsound", "Refusal", "Odd", "append"):
            words = node.args
        held = (one for word in words for one in ast.walk(word) if isinstance(one, ast.Constant) and isinstance(one.value, str))
        found |= {str(one.value) for one in held if re.fullmatch(r"[a-z_.]*", str(one.value))}
    return found


CODES = sorted({coded(word) for path in JUDGES for word in told_in(path.read_text(encoding="utf-8")) - OTHER_WORDS} | {"file.not_ours"})


def test_every_reason_that_a_judge_can_give_has_its_weight_its_sentence_and_its_line_in_the_documents() -> None:
    assert len(CODES) > 25
    weighed = set(verdicts._ORDER)
    assert {f"seal.{code}" for code in weighed} == {code for code in CODES if code.startswith("seal.")}
    assert {code for code in CODES if code not in REASONS} == set()
    assert {code for code in CODES if code not in WORDS} == set()
    document = (CRYPTO.parents[2] / "docs" / "formats" / "verdict.md").read_text(encoding="utf-8")
    assert {code for code in CODES if f"| `{code}`" not in document} == set()


def test_the_reader_of_sources_finds_what_it_is_for() -> None:
    assert told_in('problems.append("a_b" if x else "c")\nraise Unsound("d_e")\nreturn told, "f"\nfound = ["g", "/H", 1]\nx = "no"') == {
        "a_b", "c", "d_e", "f", "g",
    }  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_each_reason_says_the_cause_and_the_next_step_in_both_languages(code: str) -> None:
    assert code in REASONS
    with translation.override("ja"):
        (ja,) = reasons([code])
    with translation.override("en"):
        (en,) = reasons([code])
    for japanese, english in zip(ja, en, strict=True):
        assert japanese.endswith("。")
        assert english.endswith(".")
        assert not JAPANESE.search(english)


def test_an_unknown_root_is_never_called_tampering() -> None:
    with translation.override("ja"):
        (ja,) = reasons(["unknown_root"])
    assert "知らない発行者" in ja.cause
    assert "改ざんされているという意味ではありません" in ja.cause
    with translation.override("en"):
        (en,) = reasons(["unknown_root"])
    assert "does not mean" in en.cause


def test_a_code_of_a_signature_may_come_without_its_room_and_an_unknown_one_counts_as_unreadable() -> None:
    assert reasons(["broken"]) == reasons(["seal.broken"])
    assert reasons(["seal.never_heard_of"]) == reasons(["seal.unreadable"])
    assert len(reasons(["seal.broken", "broken", "seal.broken"])) == 1


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("CN=Example CA,O=Example,C=JP", "Example CA"),
        ("C=JP, O=Example, CN=Example CA", "Example CA"),
        ("CN=Works, Ltd., O=Example", "Works, Ltd."),
        ("CN=Works\\, Ltd.,O=Example", "Works, Ltd."),
        ("O=Example without a name", "O=Example without a name"),
        ("O=X-CN=y,CN=z", "z"),
        ("", ""),
    ],
)
def test_a_certificate_is_called_by_its_common_name(subject: str, name: str) -> None:
    assert common_name(subject) == name
