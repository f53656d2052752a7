#!/usr/bin/python3
"""scan.py [--lines N] [--runs N] [VEDETTE]: how fast scan reads a host's log.

Prints microseconds of CPU time (user and system) per line and lines per
CPU-second of vedette scan - read, frame, decode, match, alerts out - over a
quiet and a hot log and one of requests (hostlog.py), with the rules of this
tree alone and together with the public Linux rules (--sigma DIR), where they
are there. In the same run, over the same logs: wc -l, which splits by memchr and does nothing else,
grep -c -F with 1,000 literals, and 200 patterns of PCRE2 without anything
before them (make tests/bench/naive): ratios travel between machines, seconds
do not. The least of the runs counts; what starting takes (rules are read and
compiled) is measured with an empty log and taken off.
"""
import argparse
import os
import random
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
LIMITS = {"quiet": 1.0, "hot": 4.0, "web": 2.0}     # microseconds per line
NAIVE_LINES = 50000


def cpu_seconds(argv):
    """CPU time of one run. Its output goes through a pipe: grep looks for no
    more than one match when it sees that nobody reads."""
    out, into = os.pipe()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, into, 1), (os.POSIX_SPAWN_CLOSE, out),
        (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
    os.close(into)
    while os.read(out, 1 << 20):
        pass
    os.close(out)
    _, status, used = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{argv[0]} failed: {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime


def words(count, path, as_patterns=False):
    """Strings of which some are in the log and most are not."""
    r = random.Random(7)
    all_words = ["Failed password for root", "session opened", "POSSIBLE BREAK",
                 "not in sudoers", "new user:", "authentication failure"]
    while len(all_words) < count:
        all_words.append("".join(r.choices("abcdefghijklmnopqrstuvwxyz-./ ",
                                           k=r.randrange(6, 20))).strip() + "x")
    if as_patterns:
        all_words = [f"{re.escape(w[:-3])}[a-z]+ (\\S+) from ([0-9.]+)"
                     for w in all_words]
    with open(path, "w") as f:
        f.write("\n".join(all_words) + "\n")
    return path


def linux_rules(sigma, into):
    """Copies the rules of product linux; how many."""
    count = 0
    for at, _, names in os.walk(sigma):
        for name in names:
            if not name.endswith(".yml") or "placeholder" in at:
                continue
            with open(os.path.join(at, name), "rb") as f:
                text = f.read()
            if re.search(rb"(?m)^\s+product: linux\s*$", text):
                count += 1
                with open(f"{into}/{count}-{name}", "wb") as f:
                    f.write(text)
    return count


def config(path, rules):
    with open(path, "w") as f:
        f.write(f"rules: [{', '.join(rules)}]\ninputs: []\n")
    return path


def scans(o, d):
    """(name, argv without the log, whether a limit stands for it)"""
    scan = [os.path.abspath(o.vedette), "scan", "-c"]
    own = config(d + "/own.yaml", [SOURCE + "/rules"])
    rows = [("scan, own rules", scan + [own], False)]
    os.mkdir(d + "/linux")
    count = linux_rules(o.sigma, d + "/linux")
    if count:
        both = config(d + "/both.yaml", [SOURCE + "/rules", d + "/linux"])
        rows.append((f"scan, own and {count} Linux", scan + [both], True))
        rows.append(("  the same, JSON",
                     scan + [both, "--format", "json"], False))
    return rows


def show(name, per_line, base, note=""):
    print(f"  {name:28} {per_line * 1e6:9.3f} us/line {1 / per_line:14,.0f} "
          f"lines/CPU-s {per_line / base:8.1f} x wc -l{note}", flush=True)


def measure(kind, o, d, rows):
    log = f"{d}/{kind}.log"
    with open(log, "w") as f:
        subprocess.run([HERE + "/hostlog.py", kind, str(o.lines)], stdout=f,
                       check=True)
    def best(argv):
        return max(min(cpu_seconds(argv) for _ in range(o.runs)), 1e-4)
    base = best(["/usr/bin/wc", "-l", log]) / o.lines
    print(f"{kind}: {o.lines:,} lines, {os.path.getsize(log) / o.lines:.0f} "
          "bytes each")
    show("wc -l", base, base)
    missed = False
    for name, argv, limited in rows:
        took = (best(argv + [log]) - best(argv + ["/dev/null"])) / o.lines
        note = ""
        if limited:
            missed |= took * 1e6 > LIMITS[kind]
            note = f"  (to reach: {LIMITS[kind]}: " + \
                ("NO)" if took * 1e6 > LIMITS[kind] else "yes)")
        show(name, took, base, note)
    show("grep -c -F, 1,000 literals",
         best(["/usr/bin/grep", "-c", "-F", "-f", words(1000, d + "/w"), log])
         / o.lines, base)
    naive = o.naive or os.path.join(os.path.dirname(os.path.abspath(
        o.vedette)), "tests/bench/naive")
    if os.access(naive, os.X_OK):
        some = min(NAIVE_LINES, o.lines)
        with open(log) as f, open(d + "/some", "w") as out:
            out.writelines(f.readline() for _ in range(some))
        show("200 x PCRE2, naive", cpu_seconds(
            [naive, words(200, d + "/p", True), d + "/some"]) / some, base)
    return missed


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--lines", type=int, default=1000000)
    a.add_argument("--runs", type=int, default=3)
    a.add_argument("--sigma", default=SOURCE + "/../shared/sigma")
    a.add_argument("--naive", help="the program of naive.c")
    a.add_argument("vedette", nargs="?",
                   default=os.environ.get("VEDETTE", "./vedette"))
    o = a.parse_args()
    with tempfile.TemporaryDirectory() as d:
        rows = scans(o, d)
        return any([measure(kind, o, d, rows) for kind in LIMITS])


sys.exit(main())
