#!/usr/bin/python3
"""scan.py [--lines N] [--runs N] [VEDETTE]: how fast scan reads an auth log.

Prints lines per second of CPU time (user and system) of vedette scan with the
rules of this tree, of wc -l and of grep -c -F with 200 literals, over the same
generated log in the same run: ratios travel between machines, seconds do not.
The best of the runs counts.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
TARGET = 300000


def cpu_seconds(argv):
    """CPU time of one run. Its output goes through a pipe: grep looks for no
    more than one match when it sees that nobody reads."""
    out, into = os.pipe()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, into, 1), (os.POSIX_SPAWN_CLOSE, out)])
    os.close(into)
    while os.read(out, 1 << 20):
        pass
    os.close(out)
    _, status, used = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{argv[0]} failed: {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime


def literals(path):
    """200 strings, of which some are in the log and most are not."""
    r = random.Random(7)
    words = ["Failed password for root", "session opened", "Accepted password",
             "not in sudoers", "new user:", "authentication failure"]
    while len(words) < 200:
        words.append("".join(r.choices("abcdefghijklmnopqrstuvwxyz-./ ",
                                       k=r.randrange(6, 20))).strip() + "x")
    with open(path, "w") as f:
        f.write("\n".join(words) + "\n")


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--lines", type=int, default=1000000)
    a.add_argument("--runs", type=int, default=3)
    a.add_argument("--log", help="this log instead of a generated one")
    a.add_argument("vedette", nargs="?",
                   default=os.environ.get("VEDETTE", "./vedette"))
    o = a.parse_args()
    with tempfile.TemporaryDirectory() as d:
        log, words = o.log or d + "/auth.log", d + "/literals"
        if not o.log:
            with open(log, "w") as f:
                subprocess.run([HERE + "/authlog.py", str(o.lines)],
                               stdout=f, check=True)
        literals(words)
        with open(d + "/c.yaml", "w") as f:
            f.write(f"rules: [{SOURCE}/rules]\ninputs: []\n")
        with open(log, "rb") as f:
            lines = sum(1 for _ in f)
        scan = [os.path.abspath(o.vedette), "scan", "-c", d + "/c.yaml", log]
        alerts = subprocess.run(scan, stdout=subprocess.PIPE).stdout.count(
            b"\n")
        runs = {
            "vedette scan": scan,
            "vedette scan, JSON": scan + ["--format", "json"],
            "wc -l": ["/usr/bin/wc", "-l", log],
            "grep -c -F, 200 literals": ["/usr/bin/grep", "-c", "-F", "-f",
                                         words, log],
        }
        rate = {}
        for name, argv in runs.items():
            best = min(cpu_seconds(argv) for _ in range(o.runs))
            rate[name] = lines / max(best, 0.001)
        mine = rate["vedette scan"]
        print(f"{lines} lines, {os.path.getsize(log) / lines:.0f} bytes each, "
              f"{alerts} alerts")
        for name, n in rate.items():
            print(f"{name:26} {n:14,.0f} lines per CPU-second"
                  f"  {n / mine:8.2f} x scan")
        print(f"to reach: {TARGET:,}: {'yes' if mine >= TARGET else 'NO'}")


main()
