"""Long work, done by workers."""
