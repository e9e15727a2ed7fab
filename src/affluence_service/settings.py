"""Django's settings, all of them from `affluence_service.environment`."""

import secrets
from datetime import timedelta
from pathlib import Path

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from affluence.adapters import telemetry
from affluence.errors import UserError
from affluence_service.environment import read_environment

ENVIRONMENT = read_environment()

DEBUG = ENVIRONMENT.debug
# Without a key of its own a process makes one: sessions then end with it. Outside debug the checks refuse that.
SECRET_KEY = ENVIRONMENT.secret_key or secrets.token_urlsafe(50)
ALLOWED_HOSTS = list(ENVIRONMENT.hosts)
CSRF_TRUSTED_ORIGINS = list(ENVIRONMENT.trusted_origins)

ROOMS = ("workbench", "audit", "people", "jobs", "datasets", "registry", "runs", "candidates", "reviews", "campaigns")
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "knox",
    "axes",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    *(["mozilla_django_oidc"] if ENVIRONMENT.openid else []),
    *(f"affluence_service.{room}" for room in ROOMS),
]
MIDDLEWARE = [
    *(["affluence_service.observing.timed"] if telemetry.is_on() else []),
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "affluence_service.headers.careful",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "affluence_service.urls"
WSGI_APPLICATION = "affluence_service.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "affluence_service.workbench.frame.frame",
            ]
        },
    }
]

DATABASES = {"default": dj_database_url.parse(ENVIRONMENT.database_url, conn_max_age=60, conn_health_checks=True)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Readers and one writer at once; a transaction that will write takes its turn at its beginning, so that it never
    # finds the table changed in its middle.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = ENVIRONMENT.language
USE_I18N = True
# A bank's own translations of the screens stand beside its contracts.
LOCALE_PATHS = [ENVIRONMENT.project / "conf" / "local" / "locale"]

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    *(["affluence_service.people.openid.ByProvider"] if ENVIRONMENT.openid else []),
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
if ENVIRONMENT.openid:
    OIDC_RP_CLIENT_ID = ENVIRONMENT.openid.client_id
    OIDC_RP_CLIENT_SECRET = ENVIRONMENT.openid.client_secret
    OIDC_RP_SIGN_ALGO = ENVIRONMENT.openid.algorithm
    OIDC_OP_AUTHORIZATION_ENDPOINT = ENVIRONMENT.openid.authorization_endpoint
    OIDC_OP_TOKEN_ENDPOINT = ENVIRONMENT.openid.token_endpoint
    OIDC_OP_USER_ENDPOINT = ENVIRONMENT.openid.user_endpoint
    OIDC_OP_JWKS_ENDPOINT = ENVIRONMENT.openid.keys_endpoint
    OIDC_CALLBACK_CLASS = "affluence_service.people.openid.Return"
    OIDC_CREATE_USER = False
    OIDC_USE_PKCE = True
    OIDC_TIMEOUT = 10
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_USERNAME_CALLABLE = "affluence_service.people.lockout.typed"
AXES_DISABLE_ACCESS_LOG = True  # the record of actions has it
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username"]

SESSION_COOKIE_AGE = 60 * ENVIRONMENT.session_minutes
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENVIRONMENT.https
CSRF_COOKIE_SECURE = ENVIRONMENT.https
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "affluence_service.workbench.views.csrf_failed"
SECURE_SSL_REDIRECT = ENVIRONMENT.https
SECURE_REDIRECT_EXEMPT = [r"^api/v1/(health|ready)$"]
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENVIRONMENT.https
SECURE_HSTS_PRELOAD = ENVIRONMENT.https
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if ENVIRONMENT.behind_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "static/"
STATIC_ROOT = ENVIRONMENT.folder / "static"
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
WHITENOISE_USE_FINDERS = DEBUG

# Uploads go to disk as they come, on the volume where they stay: nothing of them is kept in memory or copied again.
FILE_UPLOAD_HANDLERS = ["affluence_service.datasets.arriving.ToDisk"]
ARRIVING = ENVIRONMENT.folder / "arriving"
try:
    ARRIVING.mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise UserError(
        f"AFFLUENCE_FOLDER is {ENVIRONMENT.folder}, where this process may not write ({error.strerror}). Give it to "
        "the user that runs the service, or name another folder."
    ) from error
FILE_UPLOAD_TEMP_DIR = str(ARRIVING)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024**2

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "affluence_service.people.authentication.ByToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["affluence_service.api_access.MayDo"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["affluence_service.api_parsing.Json"],
    "DEFAULT_SCHEMA_CLASS": "affluence_service.api_schema.Schema",
    "DEFAULT_PAGINATION_CLASS": "affluence_service.api_pages.Pages",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": ENVIRONMENT.rate_of_stranger, "user": ENVIRONMENT.rate_of_person},
    "EXCEPTION_HANDLER": "affluence_service.api_errors.handle",
    # Exports take a parameter called format: it names a file's, not the answer's.
    "URL_FORMAT_OVERRIDE": None,
    # A stranger is told by the address that the proxy saw, never by one that the stranger names.
    "NUM_PROXIES": 1 if ENVIRONMENT.behind_proxy else 0,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
KNOX_TOKEN_MODEL = "people.Token"  # noqa: S105  (the name of a model)
MIGRATION_MODULES = {"knox": None}  # its own table of tokens is not made: ours stands in its place
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=ENVIRONMENT.token_days),
    "TOKEN_MODEL": "people.Token",
    "AUTO_REFRESH": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Affluence",
    "DESCRIPTION": "Finds the hidden affluent among a bank's customers, says how sure it is and why.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "DatasetState": "affluence_service.datasets.models.State",
        "JobState": "affluence_service.jobs.models.State",
        "CampaignState": "affluence_service.campaigns.models.Campaign.State",
        "ProposalState": "affluence_service.registry.models.Proposal.State",
        "RunKind": "affluence_service.runs.models.Run.Kind",
        "ExclusionKind": "affluence_service.campaigns.models.KINDS",
        "VerdictAnswer": "affluence_service.reviews.models.Verdict.Answer",
        "DispositionAnswer": "affluence_service.campaigns.models.Disposition.Answer",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"careful": {"()": telemetry.Careful, "lines": ENVIRONMENT.log_lines}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "careful"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"axes": {"level": "WARNING"}, "affluence.progress": {"level": "WARNING"}},
}
# A bank's people share few addresses; who guesses is locked out by the name that is guessed at. What the middleware of
# axes would answer is answered where people sign in, in the one shape of errors.
SILENCED_SYSTEM_CHECKS = ["axes.W002", "axes.W006"]

# What does a kind of job; see `affluence_service.jobs.work`.
JOBS = {
    "check a dataset": "affluence_service.datasets.work.Check",
    "take in models": "affluence_service.registry.work.TakeIn",
    "score": "affluence_service.runs.work.Score",
    "train": "affluence_service.runs.work.Train",
    "suggest a review": "affluence_service.reviews.work.Suggest",
    "make a campaign": "affluence_service.campaigns.work.Make",
    "measure a lift": "affluence_service.campaigns.work.Measure",
}
# Who knows what was found by hand of a dataset's customers; training asks, and the rooms' order forbids it to know.
VERDICTS_FOR = "affluence_service.reviews.selectors.sheet_for"
# What workers do every so often, with the seconds between; see `affluence_service.jobs.chores`.
CHORES = {
    "affluence_service.audit.services.seal_entries": 60,
    "affluence_service.registry.services.watch": 10,
    "affluence_service.jobs.tidying.remove_leftovers": 600,
    "affluence_service.datasets.services.remove_left_behind": 600,
    "affluence_service.keeping.delete_expired": 86_400,
}
