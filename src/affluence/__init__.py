"""Affluence: finds the hidden affluent among a bank's customers, by models that never saw whom they score."""
