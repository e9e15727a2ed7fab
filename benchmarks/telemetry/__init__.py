"""What it costs that the service tells OpenTelemetry of its work."""
