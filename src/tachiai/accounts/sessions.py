"""Logins' sessions in the database, where logging out and removing a member end them at once for every process of the house."""

from __future__ import annotations

from typing import cast

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from tachiai.prepared import Prepared, given

_VALID = Prepared(
    lambda: Session.objects.filter(session_key=given("key", Session, "session_key"), expire_date__gt=given("at", Session, "expire_date"))[
        :1
    ]
)


class SessionStore(DatabaseStore):
    """Django's own, which asks the same question of the database for every page; here it is asked ready-made."""

    def _get_session_from_db(self) -> Session | None:
        found = _VALID.first(key=cast("str", self.session_key), at=timezone.now())
        if found is None:
            self._session_key = None
        return found

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session
