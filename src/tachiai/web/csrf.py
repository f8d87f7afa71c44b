"""Forms under ``Referrer-Policy: no-referrer``.

Links carry tokens, so nothing may leak by referrer; but under that policy browsers send ``Origin: null`` with a form,
which Django takes for a foreign page. The browser's own ``Sec-Fetch-Site`` says what the origin would have said.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware


class NoReferrerCsrfMiddleware(CsrfViewMiddleware):
    """As Django's, but an origin withheld by our own referrer policy is judged by ``Sec-Fetch-Site``.

    The secret token in cookie and form is checked in any case; this only replaces the check of where a form came
    from. A browser too old for ``Sec-Fetch-Site`` is left with the token alone.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.META.get("HTTP_ORIGIN") == "null":
            return request.META.get("HTTP_SEC_FETCH_SITE", "same-origin") in ("same-origin", "none")
        return bool(super()._origin_verified(request))  # type: ignore[misc]  # Django's, untyped
