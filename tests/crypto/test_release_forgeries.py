"""Every forgery that the deep verifier must find, put before the release gate as well: the same tests, another judge."""

from __future__ import annotations

import pytest

from crypto.gated import Gated
from crypto.test_forgeries import *  # noqa: F403 - the very same tests, collected once more under this module's judge
from tachiai.crypto.authority import EmbeddedAuthority


@pytest.fixture(scope="session")
def contract(authority: EmbeddedAuthority) -> Gated:
    return Gated(authority)
