"""A house whose key-encryption key does not work would take uploads that nobody can open again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004  # its own name for it

from tachiai.errors import Outage
from tachiai.house import Misconfigured

# Django imports this at every start: what a check needs is imported when it is asked, or each command would load all cryptography.
if TYPE_CHECKING:
    from tachiai.vault.wrapping import OpenKey

_HINT = "See docs/operations/vault-keys.md, and try again with: tachiai vault keys --try"


@register()
def check_key_list(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:  # Django's signature
    """A list that cannot be read stops every start."""
    from tachiai.vault.key_list import list_keys

    try:
        list_keys(settings.TACHIAI)
    except Misconfigured as problem:
        return [Error(str(problem), hint=_HINT, id="tachiai.E010")]
    return []


@register(deploy=True)
def check_keys_work(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:  # Django's signature
    """What is wrong with a key stops production from starting; what merely does not answer is told, for it may come back."""
    from tachiai.vault.key_list import list_keys
    from tachiai.vault.wrapping import OpenKey

    if settings.TACHIAI.mode != "production":
        return []
    try:
        opened = [OpenKey(one) for one in list_keys(settings.TACHIAI)]
        return [message for key in opened for message in _tried(key)]
    except Misconfigured as problem:
        return [Error(str(problem), hint=_HINT, id="tachiai.E011")]


def _tried(key: OpenKey) -> list[CheckMessage]:
    from tachiai.vault.wrapping import try_key

    try:
        try_key(key)
    except Outage as away:
        grave = away.code != "kek.unreachable"
        told = f"Key-encryption key {key.listed.name}: {away}"
        return [Error(told, hint=_HINT, id="tachiai.E011") if grave else Warning(told, hint=_HINT, id="tachiai.W011")]
    finally:
        key.close()
    return []
