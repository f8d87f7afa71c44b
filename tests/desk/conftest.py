"""The cast in a fresh house, and a seat at the desk for whoever is asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from cast import Cast, assemble
from place import Place
from stages import cast
from tachiai.accounts.models import Member

__all__ = ["cast"]


@pytest.fixture
def people(house: Place) -> Cast:  # the house has to stand first
    return assemble()


@pytest.fixture
def seat() -> Callable[[Member], Client]:
    """A browser in which this member has logged in."""

    def seated(member: Member) -> Client:
        client = Client()
        client.force_login(member, backend="tachiai.administration.logins.MemberBackend")
        return client

    return seated
