"""Which door stands at which address."""

from __future__ import annotations

from allauth.account import views as account
from django.conf import settings
from django.urls import include, path

from tachiai.web import languages
from tachiai.web.health import healthz
from tachiai.web.icon import icon

handler400 = "tachiai.web.problems.too_large"
handler404 = "tachiai.web.problems.not_found"
handler500 = "tachiai.web.problems.broken"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("favicon.ico", icon, name="icon"),
    path("lang", languages.choose_language, name="language"),
    path("login", account.login, name="account_login"),
    path("logout", account.logout, name="account_logout"),
    path("password/reset", account.password_reset, name="account_reset_password"),
    path("password/reset/done", account.password_reset_done, name="account_reset_password_done"),
    path("password/reset/key/<uidb36>-<key>/", account.password_reset_from_key, name="account_reset_password_from_key"),
    path("password/reset/key/done", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("password/change", account.password_change, name="account_change_password"),
    path("reauthenticate", account.reauthenticate, name="account_reauthenticate"),
    path("login/mfa/", include("allauth.mfa.urls")),
    path("s/", include("tachiai.web.signer.urls")),
    path("d/", include("tachiai.web.signer.download_urls")),
    path("r/", include("tachiai.web.registrar.urls")),
    path("i/", include("tachiai.web.registrar.form_urls")),
    path("v", include("tachiai.web.verifier.urls")),
    path("log/", include("tachiai.web.public.log_urls")),
    path("about", include("tachiai.web.public.urls")),
    path("", include("tachiai.web.desk.urls")),
]

if settings.TACHIAI.mailbox:
    urlpatterns.insert(0, path("mailbox/", include("tachiai.web.mailbox.urls")))
