"""The service: datasets, runs, candidates, campaigns and models over HTTP, for people and for machines."""
