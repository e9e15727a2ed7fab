"""Teams, people and their tokens."""
