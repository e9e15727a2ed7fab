"""The service under the load of a busy office, with what it tells of itself held against what its callers counted."""
