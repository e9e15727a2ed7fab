"""Whether work survives its workers: runs of scoring while workers are killed, on either database."""
