"""What the templates of every room use."""
