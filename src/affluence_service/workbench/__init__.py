"""The frame of the screens: what every page stands in, what awaits a person, what happened."""
