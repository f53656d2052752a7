"""What vedette scan says besides alerts: how far it is, and what it has read."""
import os
import pty
import re
import subprocess
import threading

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
RULE = """
title: Found {level}
id: 5b1f7a52-1d0c-4c3e-8f7e-0d8a2b9c4e{n}
status: test
logsource: {{ product: linux }}
detection: {{ keywords: ['{level}-needle'], condition: keywords }}
level: {level}
"""
LINE = "Nov 23 10:00:00 web1 app[1]: {}\n"


@pytest.fixture
def config(tmp_path):
    (tmp_path / "rules").mkdir()
    for n, level in ((70, "low"), (71, "high"), (72, "critical")):
        (tmp_path / "rules" / f"{n}.yml").write_text(
            RULE.format(n=n, level=level))
    c = tmp_path / "c.yaml"
    c.write_text(f"rules: [{tmp_path}/rules]\n")
    return str(c)


def scan(config, *argv):
    r = subprocess.run([VEDETTE, "scan", "-c", config, *map(str, argv)],
                       capture_output=True, text=True, timeout=60)
    return r.stdout, re.sub(r"[0-9:.]+ ?s?$", "T", r.stderr.strip()), \
        r.returncode


def test_the_closing_line_counts_lines_and_alerts(config, tmp_path):
    log = tmp_path / "log"
    for texts, said in (
            ([], "0 lines, 0 alerts, T"),
            (["x"], "1 line, 0 alerts, T"),
            (["low-needle"], "1 line, 1 alert, T"),
            (["low-needle", "high-needle", "critical-needle"],
             "3 lines, 3 alerts (1 critical, 1 high), T"),
            (["x"] * 1234, "1,234 lines, 0 alerts, T")):
        log.write_text("".join(LINE.format(t) for t in texts))
        for extra in ([], ["--format", "json"]):
            assert scan(config, *extra, log)[1] == said
        assert scan(config, "-q", log)[1] == ""


def test_what_is_not_understood_is_counted_and_named(config, tmp_path):
    log = tmp_path / "log"
    log.write_text(LINE.format("x") * 3 + "{ no JSON\nplain\n")
    assert scan(config, log)[1] == \
        "5 lines, 0 alerts, 2 lines not understood, T"
    log.write_bytes(b"\0\1\2\n\xff\xfe high-needle\n\n")
    out, err, status = scan(config, log)
    assert "3 of 3 lines are in no format" in err and status == 1
    assert err.endswith("3 lines not understood, T") and "Found high" in out


@pytest.mark.parametrize("data, why", [
    (b"LPKSHHRH\0\0", "journalctl"), (b"BZh91AY", "bzcat"),
    (b"\x7fELF\2", "program"), (b"\xd4\xc3\xb2\xa1\2", "capture"),
])
def test_what_is_no_log_is_refused_with_a_way_out(config, tmp_path, data, why):
    log = tmp_path / "x"
    log.write_bytes(data)
    _, err, status = scan(config, log)
    assert why in err and status == 2 and "1 file not read" in err


def test_a_file_that_is_missing_does_not_hide_the_others(config, tmp_path):
    log = tmp_path / "log"
    log.write_text(LINE.format("low-needle"))
    out, err, status = scan(config, tmp_path / "none", log)
    assert status == 2 and "Found low" in out
    assert err.endswith("1 line, 1 alert, 1 file not read to the end, T")


def on_terminal(argv, term):
    """Standard error on a terminal of its own; what it was shown."""
    master, slave = pty.openpty()
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=slave,
                         stdin=subprocess.PIPE,
                         env={**os.environ, "TERM": term})
    os.close(slave)
    return p, master


def read_until(master, pattern):
    seen = b""
    while not re.search(pattern, seen):
        try:
            more = os.read(master, 65536)
        except OSError:
            break
        if not more:
            break
        seen += more
    return seen.decode()


def feed_until(p, line, enough):
    while not enough.is_set():
        p.stdin.write(line * 4096)
    p.stdin.close()


def test_a_terminal_sees_how_far_it_is(config):
    p, master = on_terminal([VEDETTE, "scan", "-c", config, "-"], "xterm")
    line = LINE.format("low-needle").encode()
    enough = threading.Event()
    feeder = threading.Thread(target=feed_until, args=(p, line, enough))
    feeder.start()
    seen = read_until(master, rb"/s +[\d,]+ alerts")
    enough.set()
    seen += read_until(master, rb"lines, .* s\r\n")
    p.wait(timeout=60)
    feeder.join()
    os.close(master)
    # Each is drawn over the one before, and the last is taken away.
    assert re.search(r"\r *\d+ [KMG]?i?B  .*/s  [\d,]+ alerts\x1b\[K", seen)
    assert re.search(r"\r\x1b\[K[\d,]+ lines, [\d,]+ alerts, [\d.:]+( s)?\r\n$",
                     seen)


def test_short_runs_and_simple_terminals_see_none(config, tmp_path):
    log = tmp_path / "log"
    log.write_text(LINE.format("x"))
    for term in ("xterm", "dumb"):
        p, master = on_terminal([VEDETTE, "scan", "-c", config, str(log)], term)
        seen = read_until(master, rb"\n")
        p.communicate(timeout=60)
        os.close(master)
        assert "\x1b" not in seen and seen.startswith("1 line, 0 alerts")
