"""What keeps a house from starting: an address that is none, and a store that does not keep what boxes rely on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004  # its own name for it

from tachiai.errors import Outage, Refusal
from tachiai.house import Misconfigured

UNFIT = {
    "overwrites": "it writes over what is there (If-None-Match is not heeded)",
    "lies": "it does not give back what it was given",
    "no_lock": "boxes are to be locked, and the bucket was made without object lock",
}


@register("store")
def check_address(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:  # Django's signature
    """An address that cannot be used stops every start, before anything is asked of anybody."""
    from tachiai.vault.addresses import bucket_at, folder_at

    url = settings.TACHIAI.store_url
    try:
        if url:
            folder_at(url) if url.startswith("file:") else bucket_at(url, settings.TACHIAI)
    except Misconfigured as problem:
        return [Error(str(problem), id="tachiai.E020")]
    return []


@register("store", deploy=True)
def check_store(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:  # Django's signature
    """A store that answers wrongly or lets nobody in stops the start. One that is away or full may recover; work waits for it."""
    from tachiai.vault.opening import configured_store

    hint = "Try again with: tachiai vault check"
    try:
        configured_store(settings.TACHIAI).check()
    except Misconfigured:
        return []  # told above
    except Refusal as refusal:
        return [Error(f"The store: {UNFIT.get(str(refusal.facts.get('reason')), refusal)}.", hint=hint, id="tachiai.E021")]
    except Outage as outage:
        wrong = outage.code == "store.denied"
        return [(Error if wrong else Warning)(f"The store: {outage}", hint=hint, id="tachiai.E021" if wrong else "tachiai.W021")]
    return []
