"""What a run says to people: the report of one run as a single page, and the figures in it."""
