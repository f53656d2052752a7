"""vedette scan over logs that real programs wrote."""
import datetime
import gzip
import json
import os
import subprocess
import zoneinfo

import pytest

import loghost

VEDETTE = os.environ.get("VEDETTE", "vedette")

DECODER = r"""
decoder: sshd
programs: [sshd, sshd-session]
services: [sshd, auth]
patterns:
  - name: failed-password
    match: '^Failed password for (?:invalid user )?(?<user>.*) from (?<ip>\S+) port (?<port>\d+) ssh2$'
    fields:
      event.action: ssh-login-failed
      user.name: $user
      source.ip: $ip
      source.port: $port
"""
FAILED = """
title: SSH login failed
id: 5b1f7a52-1d0c-4c3e-8f7e-0d8a2b9c4e11
status: test
logsource: { product: linux, service: sshd }
detection:
    sel: { event.action: ssh-login-failed }
    condition: sel
level: medium
tags: [vedette.auth.failure]
"""
KEYWORD = """
title: Account made
id: 0f3f6a3c-5b0a-4d53-9a52-6f2a1f5f2b22
status: test
logsource: { product: linux }
detection:
    keywords: ['new user: name=']
    condition: keywords
level: high
"""
WINDOWS = """
title: From elsewhere
id: 7b7e0e7c-4c3a-4a0e-b9a5-2b1c3d4e5f33
status: test
logsource: { product: windows, service: security }
detection:
    sel: { EventID: 4625, data.user: eve }
    condition: sel
level: critical
"""
GUESSED = ["root", "nobody-here", "from 10.0.0.9 port 1"]


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("a host with its own logs needs root")
    d = tmp_path_factory.mktemp("loghost")
    loghost.make(str(d))
    return d


@pytest.fixture
def config(tmp_path):
    for name, text in (("decoders/sshd.yaml", DECODER),
                       ("failed.yml", FAILED), ("keyword.yml", KEYWORD)):
        p = tmp_path / "rules" / name
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_text(text)
    c = tmp_path / "c.yaml"
    c.write_text(f"rules: [{tmp_path}/rules]\n")
    return c


def scan(config, *argv, status=1, **more):
    r = subprocess.run([VEDETTE, "scan", "-c", str(config), *map(str, argv)],
                       capture_output=True, timeout=60, **more)
    assert r.returncode == status, r.stderr.decode()
    return r.stdout.decode()


def alerts(config, *argv, **more):
    out = scan(config, "--format", "json", *argv, **more)
    return [json.loads(x) for x in out.splitlines()]


def dig(alert, path):
    if path in alert:
        return alert[path]
    for name in path.split("."):
        alert = alert.get(name) if isinstance(alert, dict) else None
    return alert


def failed(found):
    return [a for a in found if dig(a, "rule.name") == "SSH login failed"]


@pytest.mark.parametrize("name", ["log", "iso", "5424", "pri", "json"])
def test_real_logs_of_all_forms_give_the_same(logs, config, name):
    found = alerts(config, "--tz", loghost.ZONE, logs / f"auth.{name}")
    lines = (logs / f"auth.{name}").read_text().splitlines()
    guesses = failed(found)
    assert [dig(a, "user.name") for a in guesses] == GUESSED
    assert {dig(a, "source.ip") for a in guesses} == {"127.0.0.1"}
    assert {a["level"] for a in guesses} == {"medium"}
    for a in guesses:
        assert "Failed password for" in lines[a["line"] - 1]
    made = [a for a in found if dig(a, "rule.name") == "Account made"]
    assert len(made) == 2 and {a["level"] for a in made} == {"high"}


def seconds(alert):
    return datetime.datetime.fromisoformat(
        alert["@timestamp"].replace("Z", "+00:00")).timestamp()


@pytest.mark.parametrize("name", ["log", "pri"])
def test_local_stamps_without_year_are_the_same_moments(logs, config, name):
    want = [int(seconds(a)) for a in failed(alerts(config, logs / "auth.iso"))]
    got = failed(alerts(config, "--tz", loghost.ZONE, logs / f"auth.{name}"))
    assert [int(seconds(a)) for a in got] == want
    # In another zone they are other moments.
    other = failed(alerts(config, "--tz", "UTC", logs / f"auth.{name}"))
    assert [int(seconds(a)) for a in other] != want


def test_the_year_is_the_last_before_the_file_changed(logs, config, tmp_path):
    old = tmp_path / "old.log"
    old.write_bytes((logs / "auth.log").read_bytes())
    first = failed(alerts(config, "--tz", loghost.ZONE, old))
    zone = zoneinfo.ZoneInfo(loghost.ZONE)
    local = datetime.datetime.fromtimestamp(seconds(first[-1]), zone)
    for years in (1, 7, 20):
        # An hour after the last line, as many years ago.
        then = local.replace(year=local.year - years)
        then += datetime.timedelta(hours=1)
        os.utime(old, (then.timestamp(), then.timestamp()))
        found = failed(alerts(config, "--tz", loghost.ZONE, old))
        stamps = {datetime.datetime.fromtimestamp(seconds(a), zone)
                  for a in found}
        assert {t.year for t in stamps} == {then.year}
        assert max(stamps) == local.replace(year=local.year - years)


def test_gzip_and_standard_input_are_read_too(logs, config, tmp_path):
    plain = (logs / "auth.iso").read_bytes()
    packed = tmp_path / "auth.iso.2.gz"
    # Two members, as of "cat a.gz b.gz".
    packed.write_bytes(gzip.compress(plain[:700]) + gzip.compress(plain[700:]))
    want = [a["line"] for a in alerts(config, logs / "auth.iso")]
    assert [a["line"] for a in alerts(config, packed)] == want
    assert [a["line"] for a in alerts(config, "-", input=plain)] == want
    assert [a["line"]
            for a in alerts(config, "-", input=packed.read_bytes())] == want


def test_a_gzip_that_ends_early_is_an_error(logs, config, tmp_path):
    packed = gzip.compress((logs / "auth.iso").read_bytes())
    bad = tmp_path / "bad.gz"
    bad.write_bytes(packed[:-100])
    r = subprocess.run([VEDETTE, "scan", "-c", config, bad],
                       capture_output=True, text=True, timeout=60)
    assert r.returncode == 2 and "bad.gz" in r.stderr


def test_lines_are_counted_by_file_and_the_last_needs_no_end(
        logs, config, tmp_path):
    line = next(x for x in (logs / "auth.iso").read_text().splitlines()
                if "Failed password for root" in x)
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("\n\nx\n" + line)
    b.write_text(line + "\r\n\n" + line + "\n")
    assert [x["line"] for x in failed(alerts(config, a, b))] == [4, 1, 3]


def test_text_is_a_line_for_people(logs, config):
    out = scan(config, "--tz", "UTC", logs / "auth.iso").splitlines()
    root = [x for x in out if "root from 127.0.0.1" in x]
    assert len(root) == 1
    assert "medium" in root[0] and "SSH login failed" in root[0]
    assert root[0].startswith("20") and "auth.iso:" in root[0]


def test_hostile_bytes_never_reach_the_terminal(config, tmp_path):
    log = tmp_path / "x.log"
    log.write_bytes(b"Nov 23 16:10:00 h sshd[1]: Failed password for "
                    b"a\x1b[2J\xff\x00\xe2\x80\xaeb from 192.0.2.1 port 1 "
                    b"ssh2\n")
    text = scan(config, log)
    assert "\x1b" not in text and "\u202e" not in text and "\0" not in text
    found = alerts(config, log)
    assert dig(found[0], "user.name") == "a\x1b[2J\ufffd\0\u202eb"


def test_json_has_the_given_log_source(config, tmp_path):
    rule, events = tmp_path / "w.yml", tmp_path / "e.jsonl"
    rule.write_text(WINDOWS)
    events.write_text(
        '{"EventID": 4625, "data": {"user": "eve"}, '
        '"@timestamp": "2021-02-03T04:05:06Z"}\n'
        '{"EventID": 4625, "data": {"user": "bob"}}\n'
        '{"EventID": "4625", "data.user": "eve"}\n')
    source = ("--logsource", "product=windows,service=security")
    found = alerts(config, "-r", rule, *source, events)
    assert [a["line"] for a in found] == [1, 3]
    assert found[0]["@timestamp"].startswith("2021-02-03T04:05:06")
    assert found[0]["level"] == "critical"
    scan(config, "-r", rule, events, status=0)
    scan(config, "-r", rule, "--logsource", "product=linux", events, status=0)


def test_named_rules_replace_the_configured_and_decoders_stay(
        logs, config, tmp_path):
    rule = tmp_path / "other.yml"
    rule.write_text(FAILED.replace("SSH login failed", "Mine"))
    found = alerts(config, "-r", rule, logs / "auth.iso")
    assert {dig(a, "rule.name") for a in found} == {"Mine"}
    assert len(found) == 3


def test_exit_status_tells_found_from_not_found_from_trouble(
        logs, config, tmp_path):
    empty = tmp_path / "empty"
    empty.write_text("")
    scan(config, empty, status=0)
    scan(config, logs / "auth.iso", status=1)
    scan(config, tmp_path / "none", status=2)
    scan(config, tmp_path, status=2)
    scan(config, status=2)
    scan(config, "--tz", "Middle/Earth", empty, status=2)
    scan(config, "--format", "xml", empty, status=2)
    scan(config, "--logsource", "windows", empty, status=2)
    # What can be read is, though another file can't.
    assert scan(config, tmp_path / "none", logs / "auth.iso", status=2)


def test_mistakes_stop_it_with_their_place(config, tmp_path):
    empty, rule = tmp_path / "empty", tmp_path / "bad.yml"
    empty.write_text("")
    rule.write_text(FAILED.replace("condition: sel", "condition: sell"))

    def complaint(*argv):
        r = subprocess.run([VEDETTE, "scan", *map(str, argv), str(empty)],
                           capture_output=True, text=True, timeout=60)
        assert r.returncode == 2 and r.stdout == ""
        return r.stderr

    assert "bad.yml:8:" in complaint("-c", config, "-r", rule)
    decoder = tmp_path / "rules/decoders/sshd.yaml"
    decoder.write_text(DECODER.replace("$ip", "$ipp"))
    assert "sshd.yaml:11:18: " in complaint("-c", config)
    none = tmp_path / "none"
    none.mkdir()
    decoder.write_text(DECODER)
    assert "no rules" in complaint("-c", config, "-r", none)
    assert "gone.yaml" in complaint("-c", tmp_path / "gone.yaml")


def test_alerts_come_while_a_pipe_is_open(logs, config):
    line = next(x for x in (logs / "auth.iso").read_text().splitlines()
                if "Failed password for root" in x)
    with subprocess.Popen([VEDETTE, "scan", "-c", config, "-"],
                          stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as p:
        p.stdin.write(line.encode() + b"\n")
        p.stdin.flush()
        assert b"SSH login failed" in p.stdout.readline()
        p.stdin.close()
        assert p.wait(60) == 1
