"""Whether the house is up: its database answers. Nothing else is told to strangers."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from tachiai.accounts.models import Operator


def healthz(request: HttpRequest) -> JsonResponse:  # Django's signature
    Operator.objects.exists()
    return JsonResponse({"status": "ok"})
