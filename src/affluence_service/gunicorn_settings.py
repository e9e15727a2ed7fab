"""How gunicorn serves: as many processes as there are processors, up to four, each with threads that wait for the disk.

Its log of requests stays off: an address can hold what somebody searched for. The proxy keeps one if it is wanted.
"""

from pathlib import Path
from typing import Any

from joblib import cpu_count

wsgi_app = "affluence_service.wsgi"
worker_class = "gthread"
workers = min(4, max(2, cpu_count()))
threads = 8
# What the processes share is loaded once, before they part. They load models when they are first asked for a score.
preload_app = True
# A heartbeat that is missing for so long means that the process hangs; requests may take longer.
timeout = 60
graceful_timeout = 20
keepalive = 75
control_socket_disable = True
if Path("/dev/shm").is_dir():  # noqa: S108  (memory, for heartbeats that shall not wait for a disk)
    worker_tmp_dir = "/dev/shm"  # noqa: S108


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001  (as gunicorn calls it)
    """Begin telling in each process: threads that send do not come along from the one that they part from."""
    from affluence_service import observing

    observing.begin("affluence-web")


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001  (as gunicorn calls it)
    """Tell the last of it."""
    from affluence.adapters import telemetry

    telemetry.stop()
