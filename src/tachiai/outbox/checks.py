"""A production house that cannot send mail would ask nobody to sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register(deploy=True)
def check_way_out(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:  # Django's signature
    house = settings.TACHIAI
    if house.mode == "production" and house.smtp is None:
        return [Error("No mail server is configured.", hint="Set TACHIAI_SMTP_URL.", id="tachiai.E005")]
    return []
