"""One door to each outside system. What such a system reads from the environment when it is imported is set here."""

import os

# Nothing is reported to anyone about how this project is used.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# A bar of its own for every copied file would stand in every log since tqdm is installed; we tell progress ourselves.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

# The tracking server, if one is named. Read before MLflow is imported, for MLflow writes the store it used last into
# the same variable.
TRACKING_SERVER = os.environ.get("MLFLOW_TRACKING_URI")
