"""Django's settings, derived from the house's configuration. Nothing here has a secret default."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from tachiai.config.databases import database
from tachiai.house import Misconfigured, read

PACKAGE = Path(__file__).resolve().parent.parent
TACHIAI = read()

DEBUG = False
try:
    SECRET_KEY = TACHIAI.secret("django").hex()
except Misconfigured:
    # Django itself refuses an empty key wherever one is needed; `tachiai init` must be able to start without.
    SECRET_KEY = ""

_host = urlsplit(TACHIAI.public_url).hostname or "127.0.0.1"
_secure = TACHIAI.public_url.startswith("https://")
_own_hosts = [] if TACHIAI.mode == "production" else ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = [*TACHIAI.allowed_hosts, _host, *_own_hosts]
CSRF_TRUSTED_ORIGINS = [TACHIAI.public_url] if _secure else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "tachiai.accounts",
    "tachiai.work",
    "tachiai.ledger",
    "tachiai.vault",
    "tachiai.outbox",
    "tachiai.ceremony",
    "tachiai.sealing",
    "tachiai.counterparties",
    "tachiai.archive",
    "tachiai.backups",
    "tachiai.envelopes",
    "tachiai.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "tachiai.web.addresses.AddressMiddleware",
    "tachiai.web.caching.PrivateMiddleware",
    "tachiai.web.null_characters.NullCharacterMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "tachiai.web.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "tachiai.web.csrf.NoReferrerCsrfMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tachiai.web.holding.HoldingMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tachiai.web.problems.RefusalMiddleware",
]

ROOT_URLCONF = "tachiai.config.urls"
WSGI_APPLICATION = "tachiai.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "tachiai.web.folding.FoldingLoader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "tachiai.web.frame.frame",
            ],
        },
    },
]

FORM_RENDERER = "tachiai.web.controls.ControlRenderer"

DATABASES = {"default": database(TACHIAI)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ATOMIC_REQUESTS = False

CACHES = {
    # Limits count in it: with Django's 300 rows, whoever asks from many addresses would push out the counts of others.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    # Parts of pages that look alike for many readers; each names in its template everything it depends on, so nothing goes stale.
    "template_fragments": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "fragments"},
}

AUTH_USER_MODEL = "accounts.Member"
AUTHENTICATION_BACKENDS = ["tachiai.administration.logins.MemberBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:home"
ACCOUNT_ADAPTER = "tachiai.administration.logins.AccountAdapter"
MFA_ADAPTER = "tachiai.administration.logins.MfaAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "mail"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # an unknown address gets the same page and no mail; there is no sign-up to point to
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Tachiai"

SESSION_ENGINE = "tachiai.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _secure
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_SECURE = _secure
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "tachiai.web.problems.csrf_failed"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if _secure else 0
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale" / name for name in ("shared", "desk", "signer", "registrar", "verifier")]
LANGUAGE_COOKIE_NAME = "tachiai_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"

STATIC_URL = "/static/"
STATIC_ROOT = TACHIAI.home / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(TACHIAI.home / "uploads")}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = True
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# A request may carry many files; each file and the whole are judged by the verb, with words. These only stop the absurd.
DATA_UPLOAD_MAX_NUMBER_FILES = 120
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# Doors are mounted without a trailing slash: /v and /v/<number>.
SILENCED_SYSTEM_CHECKS = ["urls.W002"]
LOGGING_CONFIG = None
