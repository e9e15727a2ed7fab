"""Models and who may serve."""
