"""What the environment says to the service, read once: names, defaults and what each is for.

A secret may stand in the environment or in a file named by the same variable with `_FILE` behind it, as orchestrators
mount them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from affluence.errors import UserError

GIBIBYTE = 1024**3
YES, NO = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


@dataclass(frozen=True)
class OpenIdConnect:
    """The bank's own sign-in, where it is configured; endpoints as the provider publishes them."""

    client_id: str
    client_secret: str
    authorization_endpoint: str
    token_endpoint: str
    user_endpoint: str
    keys_endpoint: str
    algorithm: str


@dataclass(frozen=True)
class Environment:
    """The service's settings; see `docs/reference/settings.md`, which is written from the variables read here."""

    debug: bool
    secret_key: str
    hosts: tuple[str, ...]
    trusted_origins: tuple[str, ...]
    behind_proxy: bool
    https: bool
    folder: Path
    project: Path
    database_url: str
    max_upload_bytes: int
    max_rows: int
    keep_days: int
    lease_seconds: float
    token_days: int
    session_minutes: int
    score_limit: int
    rate_of_person: str
    rate_of_stranger: str
    default_contract: str
    language: str
    log_lines: str
    admin_password: str
    demo_password: str
    openid: OpenIdConnect | None


def read_environment(variables: Mapping[str, str] = os.environ) -> Environment:
    """The environment's say. Errors: UserError that names the variable, what it holds and what it should."""
    read = _Reader(variables)
    debug = read.flag("AFFLUENCE_DEBUG", default=False)
    folder = read.path("AFFLUENCE_FOLDER", default=Path.cwd() / "data" / "service")
    return Environment(
        debug=debug,
        secret_key=read.secret("AFFLUENCE_SECRET_KEY"),
        hosts=read.names("AFFLUENCE_HOSTS", default=("localhost", "127.0.0.1", "[::1]")),
        trusted_origins=read.names("AFFLUENCE_TRUSTED_ORIGINS", default=()),
        behind_proxy=read.flag("AFFLUENCE_BEHIND_PROXY", default=False),
        https=read.flag("AFFLUENCE_HTTPS", default=not debug),
        folder=folder,
        project=read.path("AFFLUENCE_PROJECT", default=Path.cwd()),
        database_url=read.secret("DATABASE_URL") or f"sqlite:///{folder / 'affluence.db'}",
        max_upload_bytes=read.number("AFFLUENCE_MAX_UPLOAD_BYTES", default=2 * GIBIBYTE),
        max_rows=read.number("AFFLUENCE_MAX_ROWS", default=20_000_000),
        keep_days=read.number("AFFLUENCE_KEEP_DAYS", default=90),
        lease_seconds=float(read.number("AFFLUENCE_LEASE_SECONDS", default=30)),
        token_days=read.number("AFFLUENCE_TOKEN_DAYS", default=90),
        session_minutes=read.number("AFFLUENCE_SESSION_MINUTES", default=60),
        score_limit=read.number("AFFLUENCE_SCORE_LIMIT", default=500),
        rate_of_person=read.text("AFFLUENCE_RATE_OF_PERSON", default="6000/minute"),
        rate_of_stranger=read.text("AFFLUENCE_RATE_OF_STRANGER", default="60/minute"),
        default_contract=read.text("AFFLUENCE_CONTRACT", default="reference_bank"),
        language=read.text("AFFLUENCE_LANGUAGE", default="en-gb"),
        log_lines=read.one_of("AFFLUENCE_LOG_LINES", ("plain", "json")),
        admin_password=read.secret("AFFLUENCE_ADMIN_PASSWORD"),
        demo_password=read.secret("AFFLUENCE_DEMO_PASSWORD"),
        openid=_openid(read),
    )


def _openid(read: "_Reader") -> OpenIdConnect | None:
    client_id = read.text("AFFLUENCE_OIDC_CLIENT_ID", default="")
    if not client_id:
        return None
    return OpenIdConnect(
        client_id=client_id,
        client_secret=read.secret("AFFLUENCE_OIDC_CLIENT_SECRET"),
        authorization_endpoint=read.wanted("AFFLUENCE_OIDC_AUTHORIZATION_ENDPOINT"),
        token_endpoint=read.wanted("AFFLUENCE_OIDC_TOKEN_ENDPOINT"),
        user_endpoint=read.wanted("AFFLUENCE_OIDC_USER_ENDPOINT"),
        keys_endpoint=read.wanted("AFFLUENCE_OIDC_KEYS_ENDPOINT"),
        algorithm=read.text("AFFLUENCE_OIDC_ALGORITHM", default="RS256"),
    )


@dataclass(frozen=True)
class _Reader:
    variables: Mapping[str, str]

    def text(self, name: str, *, default: str) -> str:
        return self.variables.get(name, "").strip() or default

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """One of the choices, the first where nothing is said."""
        found = self.text(name, default=choices[0])
        if found not in choices:
            raise UserError(f"{name} is '{found}'. It takes {' or '.join(choices)}.")
        return found

    def wanted(self, name: str) -> str:
        found = self.text(name, default="")
        if not found:
            raise UserError(f"{name} is not set, and AFFLUENCE_OIDC_CLIENT_ID is. Set both or neither.")
        return found

    def secret(self, name: str) -> str:
        file = self.variables.get(f"{name}_FILE", "").strip()
        if not file:
            return self.text(name, default="")
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise UserError(f"{name}_FILE names {file}, which cannot be read ({type(error).__name__}).") from error

    def path(self, name: str, *, default: Path) -> Path:
        found = self.text(name, default="")
        return Path(found).absolute() if found else default

    def names(self, name: str, *, default: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(part.strip() for part in self.text(name, default="").split(",") if part.strip())
        return found or default

    def flag(self, name: str, *, default: bool) -> bool:
        if name not in self.variables:
            return default
        found = self.variables[name].strip().lower()
        if found not in YES | NO:
            raise UserError(f"{name} is '{found}'; give 1 or 0.")
        return found in YES

    def number(self, name: str, *, default: int) -> int:
        found = self.text(name, default=str(default))
        if not found.isdecimal() or int(found) < 1:
            raise UserError(f"{name} is '{found}'; give a whole number of at least 1.")
        return int(found)
