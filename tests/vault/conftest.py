"""The chapters that these tests begin at, and an S3 server for those that want one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from object_server import ObjectServer, Proxy, object_server, proxy_before
from stages import cast, parallel, scene

__all__ = ["cast", "parallel", "proxy", "s3", "scene"]


@pytest.fixture(scope="session")
def s3() -> Iterator[ObjectServer]:
    """One server for all tests of a process; each test uses a prefix of its own."""
    with object_server() as server:
        yield server


@pytest.fixture
def proxy(s3: ObjectServer) -> Iterator[Proxy]:
    with proxy_before(s3) as before:
        yield before
