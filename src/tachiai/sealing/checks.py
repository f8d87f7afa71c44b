"""What keeps a production house from starting: stand-ins for the key and for the timestamp authority."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from tachiai.errors import Refusal
from tachiai.house import House, Misconfigured
from tachiai.sealing.handles import handles


@register(deploy=True)
def check_key_and_authority(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:  # Django's signature
    """Run by ``tachiai run`` and ``manage.py check --deploy``: production seals with a real key and a real authority or not at all."""
    house: House = settings.TACHIAI
    if house.mode != "production":
        return []
    problems: list[CheckMessage] = []
    if house.seal_key_file is None:
        problems.append(Error("No signing key is configured.", hint="Set TACHIAI_SEAL_KEY_PATH.", id="tachiai.E001"))
    elif not house.accept_software_key:
        problems.append(
            Error(
                "The signing key is a file: whoever copies it can seal in the operator's name.",
                hint="Use a key in hardware, or accept this by name with TACHIAI_ACCEPT_SOFTWARE_KEY=yes.",
                id="tachiai.E002",
            )
        )
    if house.tsa is None:
        hint = "Set TACHIAI_TSA_URL and TACHIAI_TSA_ROOTS_PATH."
        problems.append(Error("No timestamp authority is configured.", hint=hint, id="tachiai.E003"))
    return problems or _unusable()


def _unusable() -> list[CheckMessage]:
    """A bad certificate is found at the start, not at the first contract."""
    try:
        handles()
    except (Refusal, Misconfigured) as problem:
        return [Error(f"The key or the authority cannot be used: {problem}", id="tachiai.E004")]
    return []
