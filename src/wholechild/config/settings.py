"""Django's settings. Everything that differs between places comes from the environment (docs/reference/settings.md).

Loading this touches no database: commands that need none never wait for one.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any, Final

from csp.constants import NONCE, NONE, SELF

from wholechild.config.database import database
from wholechild.config.home import home, secret_key
from wholechild.config.paths import LESSONS

DEBUG: Final = False
SECRET_KEY: Final = secret_key(home())
ALLOWED_HOSTS: Final = os.environ.get("WHOLECHILD_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

_PAGES: Final = Path(__file__).parents[1] / "pages"
#: Rooms with tables or templates. A room joins when it has an `apps.py`.
_ROOMS: Final = ("trust", "records", "people", "patterns", "pages")
INSTALLED_APPS: Final = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "procrastinate.contrib.django",
    *(f"wholechild.{room}" for room in _ROOMS if importlib.util.find_spec(f"wholechild.{room}.apps")),
]
MIDDLEWARE: Final = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "wholechild.pages.middleware.QuietHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF: Final = "wholechild.pages.urls"
TEMPLATES: Final[list[dict[str, Any]]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [_PAGES / "jinja2"],
        "OPTIONS": {
            "environment": "wholechild.pages.jinja.environment",
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES: Final = {"default": database().for_django()}
DEFAULT_AUTO_FIELD: Final = "django.db.models.BigAutoField"

#: The lessons that the pages read with; the command line takes the same folder.
WHOLECHILD_LESSONS: Final = LESSONS
#: Where snapshots are looked for and backtests lie.
WHOLECHILD_SNAPSHOTS: Final = home() / "snapshots"
WHOLECHILD_BACKTESTS: Final = home() / "backtests"
#: On a demo anybody may choose to be one of a few people who do not exist.
WHOLECHILD_DEMO: Final = (
    os.environ.get("WHOLECHILD_DEMO", "1" if (home() / "demo.json").exists() else "0") == "1"
)
#: The tasks of the queue stand where the worker is started (cli/worker.py); nothing is looked for elsewhere.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME: Final = ""
AUTHENTICATION_BACKENDS: Final = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS: Final = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL: Final = "choose_who" if WHOLECHILD_DEMO else "account_login"
LOGIN_REDIRECT_URL: Final = "worklist"
ACCOUNT_LOGIN_METHODS: Final = {"username"}
ACCOUNT_SIGNUP_FIELDS: Final = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION: Final = "none"
ACCOUNT_LOGOUT_REDIRECT_URL: Final = LOGIN_URL
#: Nobody is remembered beyond the quiet time below, whatever a form says.
ACCOUNT_SESSION_REMEMBER: Final = False
CSRF_FAILURE_VIEW: Final = "wholechild.pages.views.faults.form_expired"

LANGUAGE_CODE: Final = "en-gb"
TIME_ZONE: Final = "Europe/London"
USE_TZ: Final = True
USE_I18N: Final = False
STATIC_URL: Final = "static/"
WHITENOISE_USE_FINDERS: Final = True

SESSION_COOKIE_AGE: Final = 30 * 60
SESSION_SAVE_EVERY_REQUEST: Final = True
SESSION_EXPIRE_AT_BROWSER_CLOSE: Final = True
SESSION_COOKIE_HTTPONLY: Final = True
SESSION_COOKIE_SAMESITE: Final = "Lax"
#: Behind a proxy with TLS (docs/how-to/use-the-pages.md); on 127.0.0.1 there is none.
_TLS: Final = os.environ.get("WHOLECHILD_TLS") == "1"
SESSION_COOKIE_SECURE: Final = _TLS
CSRF_COOKIE_SECURE: Final = _TLS
SECURE_PROXY_SSL_HEADER: Final = ("HTTP_X_FORWARDED_PROTO", "https") if _TLS else None
SECURE_REFERRER_POLICY: Final = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY: Final = "same-origin"
X_FRAME_OPTIONS: Final = "DENY"
CONTENT_SECURITY_POLICY: Final = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
