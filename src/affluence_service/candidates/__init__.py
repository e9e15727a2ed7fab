"""The ranked, and what a cut would give."""
