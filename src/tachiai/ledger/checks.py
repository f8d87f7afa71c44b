"""What must be there before a house starts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from tachiai.house import Misconfigured


@register()
def the_log_has_its_key(**_: Any) -> list[Error]:
    """A house from before the log had a key has none yet: `tachiai init` makes what is missing."""
    try:
        settings.TACHIAI.secret("log")
    except Misconfigured as missing:
        return [Error(f"The ledger's checkpoints cannot be signed: {missing}", id="ledger.E001")]
    return []
