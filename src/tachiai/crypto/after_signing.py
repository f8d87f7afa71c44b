"""Whether what happened after a signature was allowed, and whether somebody should look at it all the same.

Two judges again: pyHanko follows DocMDP and FieldMDP, and :mod:`tachiai.crypto.revisions` knows what a change is. What both allow may still
deceive a reader: a form filled by somebody else, a comment, a new signature that is drawn over the words (the attacks on certified and
on incrementally saved files that are published all live there). That is told as ``changed_after``, and never as valid.
"""

from __future__ import annotations

from tachiai.crypto.changes import tolerable
from tachiai.crypto.judgement import Change
from tachiai.crypto.revisions import Story, Touch
from tachiai.crypto.standing import Standing

# What belongs to signing and to keeping, and shows nothing.
_HARMLESS = ("validation_data", "timestamp")
_SIGNING = ("signature", "field_added")


def changes_after(found: Standing, story: Story) -> tuple[tuple[Change, ...], str | None]:
    """Every change behind a signature, and the problem it makes: ``modified``, ``unreadable``, ``changed_after`` or None."""
    formal, base = tolerable(found), story.signed_at(found)
    touches = [(number, touch) for number in range(base + 1, story.last + 1) for touch in story.revision(number).touches]
    told = tuple(
        Change(number, touch.kind, formal or _may(found, touch), tuple(sorted(touch.pages)) if touch.kind not in _HARMLESS else ())
        for number, touch in touches
    )
    flagged = [touch for number, touch in touches if not _is_plain(found, story, base, number, touch, formal=formal)]
    if formal:
        return told, "changed_after" if flagged else None
    if any(touch.kind == "unread" for _number, touch in touches):
        return told, "unreadable"
    # pyHanko also objects to what it merely does not know. Only what we do not allow either is called a breach.
    breach = any(touch.kind == "form_filled" or not _may(found, touch) for touch in flagged)
    return told, "modified" if breach or not touches else "changed_after"


def _may(found: Standing, touch: Touch) -> bool:
    """Whether the signature's own terms permit this kind of change; what its locks say is pyHanko's to judge."""
    if touch.kind in _HARMLESS:
        return True
    if touch.kind in ("content", "unread") or found.permission == 1:
        return False
    return touch.kind != "annotation" or found.permission in (None, 3)


def _is_plain(found: Standing, story: Story, base: int, number: int, touch: Touch, *, formal: bool) -> bool:
    """Whether nobody needs to look at it. ``base``: the revision that was signed; ``formal``: what pyHanko says of all of it."""
    if touch.kind in _HARMLESS or (touch.kind == "metadata" and formal):
        return True
    if touch.kind in _SIGNING:
        return not touch.pages or all(story.is_in_place(name, base, number) or not story.is_shown(name, number) for name in touch.fields)
    # Who locks everything but some fields by name has agreed to their being filled by whoever signs next.
    left_open = found.lock.fields if found.lock is not None and found.lock.action == "Exclude" else ()
    return touch.kind == "form_filled" and story.signs(number) and touch.fields <= set(left_open)
