"""All cases by name, and one of them done."""

from __future__ import annotations

import traceback

from torture import chapters, faults, kills, races
from torture.grounds import Grounds

ACTS = {"kill": kills.kill, "race": races.race, "fault": faults.fault}
# What the suite tries each time: where something outside has changed and no row tells of it yet, or the other way round.
QUICK_STEPS = {
    "sending": ("envelopes.freezing:_commit", "vault.keeping:put_tail"),
    "sealing": ("sealing.seals:begin", "vault.keeping:put_tail", "envelopes.recording_seals:record_seals"),
    "closing": ("sealing.seals:close", "archive.filing:admit", "envelopes.closing:_commit"),
    "mailing": ("outbox.delivering:_settle",),
    "renewing": ("archive.filing:refile",),
}
# Amid a group: some of its rows have taken the step and others have not.
QUICK_AMID = ("sealing.seals:begin", "sealing.seals:_released")
QUICK_RACES = ("sign-withdraw", "double-posts", "two-workers-sealing")
QUICK_FAULTS = (
    "sealing/tsa-another-nonce/0",
    "sealing/key-signs-garbage/0",
    "closing/full-at-commit/3",
    "mailing/post-250-lost/0",
)


def prepare(grounds: Grounds) -> None:
    chapters.prepare(grounds)


def names(grounds: Grounds, *, quick: bool, only: str = "") -> list[str]:
    """Every case there is on this backend whose name contains ``only``; with ``quick`` the chosen few.

    What cannot be wanted is not surveyed: a name that begins as ``only`` does, or the other way round, can be.
    """
    if quick:
        return [name for name in _quick(grounds.backend) if only in name]
    found: list[str] = []
    for chapter in (*chapters.WORKED, *chapters.KEPT, *chapters.ELSEWHERE):
        if chapters.is_at_hand(grounds, chapter) and _may_be(f"kill/{grounds.backend}/{chapter}/", only):
            found += kills.names(grounds, chapter, randoms=4 if chapter in chapters.ELSEWHERE else 10)
    if _may_be(f"race/{grounds.backend}/", only):
        found += races.names(grounds, rounds=8)
    if _may_be(f"fault/{grounds.backend}/", only):
        found += faults.names(grounds)
    return [name for name in found if only in name]


def _may_be(beginning: str, only: str) -> bool:
    begun = only.partition("/")[0] in ACTS
    return not begun or beginning.startswith(only) or only.startswith(beginning)


def _quick(backend: str) -> list[str]:
    stepped = [f"kill/{backend}/{chapter}/after_{step}/1" for chapter, steps in QUICK_STEPS.items() for step in steps]
    stepped += [f"kill/{backend}/sealing/after_{step}/2" for step in QUICK_AMID]
    stepped.append(f"kill/{backend}/mailing/before_outbox.delivering:_settle/1")
    return [*stepped, *(f"race/{backend}/{race}/0" for race in QUICK_RACES), *(f"fault/{backend}/{what}" for what in QUICK_FAULTS)]


def do(grounds: Grounds, name: str) -> tuple[str, dict[str, int]]:
    """What went wrong in one case, or nothing; and what is to be counted."""
    try:
        return "", ACTS[name.partition("/")[0]](grounds, name)
    except Exception:
        return traceback.format_exc()[-6000:], {}
