"""vedette scan on several cores gives, byte for byte, what one gives."""
import os
import random
import re
import signal
import subprocess
import time

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
SOURCE = os.environ.get("VEDETTE_SOURCE", ".")
PIECE = 8 << 20     # as scan_pieces.c cuts large files
RULE = """
title: Found
id: 5b1f7a52-1d0c-4c3e-8f7e-0d8a2b9c4e78
status: test
logsource: { product: linux }
detection: { keywords: ['needle'], condition: keywords }
level: medium
%s
"""
SUPPRESS = "vedette: { suppress: { by: [host.hostname], for: 30s } }"
COUNT = """
---
title: Many
id: 5b1f7a52-1d0c-4c3e-8f7e-0d8a2b9c4e79
status: test
correlation:
  type: event_count
  rules: [5b1f7a52-1d0c-4c3e-8f7e-0d8a2b9c4e78]
  group-by: [host.hostname]
  timespan: 1m
  condition: { gte: 3 }
level: high
"""


def config(tmp_path, rule):
    (tmp_path / "rules").mkdir(exist_ok=True)
    (tmp_path / "rules" / "r.yml").write_text(rule)
    c = tmp_path / "c.yaml"
    c.write_text(f"rules: [{tmp_path}/rules]\n")
    return str(c)


def scan(conf, jobs, *argv, form="json", **more):
    r = subprocess.run([VEDETTE, "scan", "-c", conf, "-j", str(jobs),
                        "--format", form, *map(str, argv)],
                       capture_output=True, timeout=120, **more)
    return (r.returncode, re.sub(rb'"created":"[^"]*"', b"", r.stdout),
            re.sub(rb"[0-9:.]+( s)?\n$", b"", r.stderr))


def same(conf, *argv, **more):
    one = scan(conf, 1, *argv, **more)
    for jobs in (2, 5):
        assert scan(conf, jobs, *argv, **more) == one
    return one


def line(n, text="hay", host="web1"):
    return (f"Nov 23 {10 + n // 3600 % 10}:{n // 60 % 60:02}:{n % 60:02} "
            f"{host} app[{n}]: {text}\n").encode()


def filler(size):
    """Lines of that size together, some of which a rule matches."""
    r, out, have = random.Random(3), [], 0
    while size - have > 200:
        out.append(line(have // 5000, r.choice(["hay" * r.randrange(30)] * 300 +
                                               ["needle"])))
        have += len(out[-1])
    return b"".join(out) + b"x" * (size - have - 1) + b"\n"


BORDERS = {
    "at a line's end": b"",
    "inside a line": line(1, "needle " + "x" * 500),
    "inside a line that is cut": line(2, "needle " + "x" * 200000),
    "inside a hole": bytes(60000) + line(3, "needle behind a hole"),
    "between CR and LF": line(4, "needle" + "y" * 50)[:-1] + b"\r\n",
    "in empty lines": b"\n" * 3000 + line(5, "needle"),
}


@pytest.mark.parametrize("what", BORDERS)
def test_a_large_file_is_cut_without_a_trace(tmp_path, what):
    middle = BORDERS[what]
    for before in (len(middle) // 2, 1, len(middle) - 1):
        log = tmp_path / "log"
        log.write_bytes(filler(PIECE - max(before, 0)) + middle +
                        filler(2 * PIECE) + line(9, "needle")[:-1])
        status, out, err = same(config(tmp_path, RULE % ""), log)
        assert status == 1 and out.count(b"\n") > 100
        if b"needle" in middle:
            assert out.count(b"\n") > filler(PIECE).count(b"needle")


def test_files_of_all_kinds_come_in_their_order(tmp_path):
    names = []
    for n in range(12):
        text = b"".join(line(i, "needle" if i % 500 == n else "hay")
                        for i in range(4000))
        name = tmp_path / f"log.{n}"
        name.write_bytes(text)
        for kind, by in (("gzip", 4), ("xz", 5), ("zstd", 7)):
            if n % by == 0 and n > 0:
                subprocess.run([kind, "-q", str(name)], check=True)
                name = tmp_path / (f"log.{n}" + {"gzip": ".gz", "xz": ".xz",
                                                 "zstd": ".zst"}[kind])
                break
        names.append(name)
    cut = tmp_path / "cut.gz"
    cut.write_bytes((tmp_path / "log.4.gz").read_bytes()[:-9])
    names.insert(3, cut)
    names.insert(5, tmp_path / "none")
    names.insert(7, "-")
    status, out, err = same(config(tmp_path, RULE % ""), *names,
                            input=line(0, "needle in a pipe") * 3)
    assert status == 2 and b"none" in err and b"cut.gz" in err
    assert out.count(b"in a pipe") >= 3


@pytest.mark.parametrize("rule", [RULE % SUPPRESS, RULE % "" + COUNT])
def test_what_rules_count_is_counted_in_order(tmp_path, rule):
    log = tmp_path / "log"
    r = random.Random(5)
    log.write_bytes(b"".join(
        line(i // 100, "needle" if r.random() < 0.001 else "hay" * 20,
             r.choice(["web1", "web2"])) for i in range(300000)))
    assert log.stat().st_size > 2 * PIECE
    status, out, _ = same(config(tmp_path, rule), log)
    if status == 2:
        pytest.skip("these rules are not known yet")
    assert 10 < out.count(b"\n") < 1000


def test_shipped_rules_over_a_host_log(tmp_path):
    log, c = tmp_path / "log", tmp_path / "c.yaml"
    with open(log, "wb") as f:
        subprocess.run([SOURCE + "/tests/bench/hostlog.py", "hot", "150000"],
                       stdout=f, check=True)
    c.write_text(f"rules: [{SOURCE}/rules]\n")
    for form in ("text", "json"):
        assert same(str(c), log, form=form)[0] == 1


def test_jobs_are_a_number_or_all(tmp_path):
    c = config(tmp_path, RULE % "")
    log = tmp_path / "log"
    log.write_bytes(line(1))
    for jobs in ("0", "-1", "x", ""):
        assert scan(c, jobs, log)[0] == 2
    for jobs in ("1", "all", "100000"):
        assert scan(c, jobs, log)[0] == 0


@pytest.fixture
def stuck(tmp_path):
    """A scan that can't go on, for nobody reads what it prints."""
    log = tmp_path / "log"
    log.write_bytes(line(1, "needle" + "x" * 300) * 80000)
    assert log.stat().st_size > 3 * PIECE
    p = subprocess.Popen([VEDETTE, "scan", "-c", config(tmp_path, RULE % ""),
                          "-j", "3", str(log)], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    p.stdout.readline()
    yield p
    p.kill()
    p.communicate()


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(c) for c in f.read().split()]


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_process_that_dies_is_told_of(stuck):
    os.kill(children(stuck.pid)[0], signal.SIGKILL)
    out, err = stuck.communicate(timeout=60)
    assert stuck.returncode == 2 and b"has died" in err
    assert out.count(b"\n") > 10000


@pytest.mark.parametrize("how", ["killed", "not listened to"])
def test_none_outlives_the_scan(stuck, how):
    workers = children(stuck.pid)
    assert workers
    if how == "killed":
        stuck.kill()
    else:
        stuck.stdout.close()
    stuck.wait(timeout=60)
    deadline = time.monotonic() + 20
    while not all(map(is_gone, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert all(map(is_gone, workers))
    if how != "killed":
        stuck.stdout = None
