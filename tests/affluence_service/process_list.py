"""Which processes there are, for tests that start some and see them end."""

import os
import signal
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Running:
    """A process with its parent and its command line."""

    pid: int
    parent: int
    command: str

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def running() -> list[Running]:
    """Every process that is not a zombie."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 3) for line in listed.stdout.splitlines())
    return [Running(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and row[2][0] != "Z"]


def below(pid: int) -> list[Running]:
    """The children of a process, and theirs."""
    everybody, found, parents = running(), [], {pid}
    while children := [each for each in everybody if each.parent in parents]:
        found += children
        parents = {child.pid for child in children}
    return found
