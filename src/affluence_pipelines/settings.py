"""Kedro's settings for this project."""

from datetime import UTC, datetime

from kedro.config import OmegaConfigLoader

from affluence_pipelines.hooks import RunProgress, RunTelling, RunTracking

HOOKS = (RunTelling(), RunProgress(), RunTracking())
# Nothing is reported to anyone about how this project is used.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "custom_resolvers": {
        "now": lambda: datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "today": lambda: datetime.now(UTC).date().isoformat(),
    },
}
