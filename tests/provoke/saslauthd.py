#!/usr/bin/python3
"""saslauthd: a password that is wrong, and accounts that are unknown."""
import subprocess
from provoke import Stage


def ask(mux, user):
    """The first answer that is one: the daemon forks before it listens."""
    for _ in range(100):
        said = subprocess.run(
            ["testsaslauthd", "-u", user, "-p", "wrong", "-s", "smtp", "-f",
             mux], capture_output=True, text=True)
        if "NO" in said.stdout:
            return


with Stage("saslauthd", ["saslauthd", "-v"]) as s:
    for method in ("shadow", "pam"):
        run = s.top / method
        run.mkdir()
        s.run(["saslauthd", "-a", method, "-m", run])
        for name in ("root", "nosuch", "x] [service=y"):
            ask(run / "mux", name)
