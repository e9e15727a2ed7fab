"""Whether a service that was rolled out answers as it should: asked from outside, with nothing but Python.

    python deploy/smoke.py https://affluence.example.com

Every check is told; the exit status is 1 where one fails. With SMOKE_CA a file of certificates is trusted beside those
of this machine.
"""

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

# A route may need a moment after its pods stand.
TRY_FOR_SECONDS = 60.0
PAUSE_SECONDS = 2.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:  # noqa: ARG002  (a redirect is an answer here)
        return None


def ask(address: str) -> tuple[int, Mapping[str, str], str]:
    """Status, headers and text of the answer. Errors: OSError where there is none."""
    trusted = ssl.create_default_context()
    if extra := os.environ.get("SMOKE_CA"):
        trusted.load_verify_locations(extra)
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=trusted))
    try:
        with opener.open(address, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read().decode("utf-8", "replace")


def lives(base: str) -> str | None:
    """What is wrong with the answer to whether it lives; None where nothing is."""
    status, _, text = ask(f"{base}/api/v1/health")
    return None if (status, text) == (200, '{"status":"ok"}') else f"{status}: {text[:200]}"


def is_ready(base: str) -> str | None:
    """What keeps it from taking requests."""
    status, _, text = ask(f"{base}/api/v1/ready")
    return None if status == 200 and "status" in json.loads(text) else f"{status}: {text[:200]}"


def strangers_are_refused(base: str) -> str | None:
    """What a stranger is told who asks for datasets, where that is not a refusal."""
    status, _, _ = ask(f"{base}/api/v1/datasets")
    return None if status == 401 else f"answered {status}, wanted 401"


def sign_in_is_shown(base: str) -> str | None:
    """What is wrong with the page to sign in: it must come, with its policy, and its style must be there."""
    status, headers, text = ask(f"{base}/sign-in")
    if status != 200:
        return f"answered {status}"
    if "frame-ancestors 'none'" not in headers.get("Content-Security-Policy", ""):
        return "has no policy against being framed"
    styles = [part.split('"')[0] for part in text.split('href="')[1:] if ".css" in part.split('"')[0]]
    missing = [style for style in styles if ask(f"{base}{style}")[0] != 200]
    return f"its style is missing: {', '.join(missing) or 'none is named'}" if missing or not styles else None


CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "it lives": lives,
    "it is ready": is_ready,
    "strangers are refused": strangers_are_refused,
    "the page to sign in is shown": sign_in_is_shown,
}


def wait_for(base: str, *, seconds: float = TRY_FOR_SECONDS) -> None:
    """Return when anything answers, or after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if ask(f"{base}/api/v1/health")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(PAUSE_SECONDS)


def main(base: str) -> int:
    """The number of failed checks, each of them told."""
    wait_for(base, seconds=float(os.environ.get("SMOKE_SECONDS", TRY_FOR_SECONDS)))
    failed = 0
    for name, check in CHECKS.items():
        try:
            wrong = check(base)
        except (OSError, ValueError) as error:
            wrong = f"no answer ({type(error).__name__})"
        failed += wrong is not None
        print(f"{'FAILED' if wrong else 'ok'}: {name}{f' - {wrong}' if wrong else ''}")
    return failed


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python deploy/smoke.py https://affluence.example.com")
    sys.exit(min(1, main(sys.argv[1].rstrip("/"))))
