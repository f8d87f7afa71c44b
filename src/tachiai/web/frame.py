"""What every page's frame needs: the product, the operator, and whether this is a demonstration."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tachiai.accounts.models import Operator


def frame(request: HttpRequest) -> dict[str, Any]:
    """Template context for all pages. ``is_demo`` puts the banner on every one of them."""
    return {
        "site_name": "Tachiai",
        "operator": Operator.objects.first(),
        "is_demo": settings.TACHIAI.mode == "demo",
        "has_mailbox": settings.TACHIAI.mailbox,
        "here": request.get_full_path(),
    }
