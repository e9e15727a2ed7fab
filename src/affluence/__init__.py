"""Affluence: finds the hidden affluent among a bank's customers, by models that never saw whom they score."""

import os

# OpenMP's threads spin while they wait, by default. On a machine that is shared, or with more threads than the
# container may use, they take the time from those that work: two trainings at once took nine times as long.
# It must stand in the environment before the learners are imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
