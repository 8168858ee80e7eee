"""Django's settings, all taken from the environment; docs/controller.md lists the variables."""

import os
import secrets
from pathlib import Path

from controller import database, keyfile

BIJLI_HOME = Path(os.environ.get("BIJLI_HOME", ".bijli")).absolute()
BIJLI_HOME.mkdir(mode=keyfile.FOLDER_OWNER_ONLY, parents=True, exist_ok=True)

_clock_file = os.environ.get("BIJLI_CLOCK_FILE", "")
BIJLI_CLOCK_FILE = Path(_clock_file) if _clock_file else None
BIJLI_BROKER = os.environ.get("BIJLI_BROKER", "127.0.0.1:1883")
# The broker knows a headend by this name; a second one beside it needs a name of its own.
BIJLI_HEADEND = os.environ.get("BIJLI_HEADEND", "headend")
BIJLI_MASTER_KEY_FILE = Path(os.environ.get("BIJLI_MASTER_KEY_FILE", BIJLI_HOME / "master.key"))

# Where text messages and e-mails go, by channel: apprise URLs with {recipient} (docs/papers.md).
BIJLI_NOTICE_ROUTES = {
    "sms": os.environ.get("BIJLI_SMS_URL", ""),
    "email": os.environ.get("BIJLI_EMAIL_URL", ""),
}

DEBUG = os.environ.get("BIJLI_DEBUG", "") == "1"
SECRET_KEY = keyfile.read_or_create(BIJLI_HOME / "django.key", secrets.token_urlsafe(48))
ALLOWED_HOSTS = os.environ.get("BIJLI_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "controller.audit",
    "controller.profile",
    "controller.tasks",
    "controller.ledger",
    "controller.fleet",
    "controller.headend",
    "controller.readings",
    "controller.vouchers",
    "controller.tariffs",
    "controller.consumers",
    "controller.access",
    "controller.payments",
    "controller.inventory",
    "controller.deposits",
    "controller.requests",
    "controller.changes",
    "controller.contact",
    "controller.prepay",
    "controller.joining",
    "controller.billing",
    "controller.extras",
    "controller.api",
    "controller.documents",
    "controller.notices",
    "controller.reconcile",
    "controller.console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "controller.security.ContentSecurityPolicy",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "controller.console.language.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "controller.urls"
WSGI_APPLICATION = "controller.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database.describe(os.environ.get("BIJLI_DATABASE_URL", ""), BIJLI_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL

# BIJLI_HTTPS=1 where a proxy speaks TLS: cookies then never travel in the clear.
_https = os.environ.get("BIJLI_HTTPS", "") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if _https else []
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en-in"
USE_I18N = False
USE_TZ = True
TIME_ZONE = os.environ.get("BIJLI_TIME_ZONE", "Asia/Kolkata")

STATIC_URL = "/static/"
# The papers' letters are the pages' last resort, where a machine has none of a script.
STATICFILES_DIRS = [("fonts", Path(__file__).parent / "documents/fonts")]
WHITENOISE_USE_FINDERS = True  # served from the source tree: nothing to collect

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("BIJLI_LOG", "INFO")},
    # Statements at DEBUG carry their parameters, and those may be sealed keys.
    # apprise and its HTTP client tell bodies and addresses, and with them one-time codes.
    "loggers": {
        "django.db.backends": {"level": "INFO"},
        "apprise": {"level": "CRITICAL"},
        "urllib3": {"level": "WARNING"},
    },
}
