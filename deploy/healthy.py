"""Ends with 0 where the service of this container answers that it is well, else with 1.

python healthy.py [ADDRESS], by default that of web.
"""

import sys
from http import HTTPStatus
from urllib.error import URLError
from urllib.request import urlopen

WEB = "http://localhost:8000/api/v1/health"
SECONDS = 4


def is_well(address: str) -> bool:
    """Whether the address answers with 200 within some seconds."""
    try:
        with urlopen(address, timeout=SECONDS) as answer:  # noqa: S310  (an address of this container)
            return bool(answer.status == HTTPStatus.OK)
    except (URLError, TimeoutError, ConnectionError):
        return False


if __name__ == "__main__":
    sys.exit(not is_well(sys.argv[1] if len(sys.argv) > 1 else WEB))
