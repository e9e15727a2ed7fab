"""Affluence is imported before any learner, for it tells OpenMP's threads not to spin (see its `__init__`)."""

import affluence  # noqa: F401
