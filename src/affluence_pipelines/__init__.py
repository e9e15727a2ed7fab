"""The Kedro project: names and arrows. What the nodes do stands in `affluence.steps`."""
