"""Tables that people uploaded."""
