"""Lists that are approved and go out."""
