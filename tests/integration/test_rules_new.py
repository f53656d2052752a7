"""rules new and the events it takes: a rule begun from an event loads, and passes its test."""
import gzip
import json
import os
import pathlib
import re
import resource
import subprocess

import pytest

from sensor import Sensor, wait_for

VEDETTE = os.environ.get("VEDETTE", "vedette")
SOURCE = pathlib.Path(os.environ.get("VEDETTE_SOURCE", ".")).resolve()
SSHD = ("Nov 23 21:27:25 web01 sshd[16750]: Failed password for bob "
        "from 203.0.113.9 port 48555 ssh2")


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(json.dumps({"rules": [str(SOURCE / "rules")]}))
    return path


def call(config, *argv, status=0, input=None):
    done = subprocess.run([VEDETTE, "rules", *argv, "-c", config],
                          capture_output=True, input=input)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def begun(config, event):
    """The rule, once it was held to what it promises."""
    if isinstance(event, str):
        event = event.encode()
    text = call(config, "new", "--from", "-", input=event + b"\n").stdout
    path = config.parent / "begun.yml"
    path.write_bytes(text)
    call(config, "lint", path)
    assert b"1 test of 1 rule passes" in call(config, "test", path).stdout
    return text.decode()


def test_a_decoded_line_selects_on_what_happened(config):
    text = begun(config, SSHD)
    assert "        event.action: ssh-login-failed\n" in text
    assert "        # user.name: bob\n" in text
    assert "    service: sshd\n" in text
    assert f"            - '{SSHD}'\n" in text
    selection = text[text.index("detection:"):text.index("falsepositives:")]
    assert "48555" not in selection and "16750" not in selection
    # Names of one thing stand there once, however many sources.yaml gives.
    assert selection.count("203.0.113.9") == selection.count("bob") == 1
    readme = (SOURCE / "README.md").read_text()
    shown = readme[readme.index("detection:\n    selection:"):]
    assert shown.startswith(selection)
    path = config.parent / "begun.yml"
    said = call(config, "lint", "--strict", path, status=1).stderr
    assert said.count(b"warning") == 1
    assert (b"still TODO: title, description, author, falsepositives, "
            b"runbook\n") in said
    path.write_text(text.replace("TODO", "It is"))
    call(config, "lint", "--strict", path)


@pytest.mark.parametrize("event,lines,said", [
    ("{0}:3", b"a\nb\n", "{0}:3: there is no such line"),
    ("{0}", b"", "{0}: there is nothing in it"),
    ("{0}:2", b"a\n\n", "{0}:2: the line is empty")])
def test_an_event_that_is_not_there_is_named(config, event, lines, said):
    log = config.parent / "a.log"
    log.write_bytes(lines)
    done = call(config, "new", "--from", event.format(log), status=2)
    assert said.format(log) in done.stderr.decode()


def test_ids_are_random_uuids(config):
    ids = {re.search(r"^id: (.*)$", begun(config, SSHD), re.M).group(1)
           for _ in range(3)}
    assert len(ids) == 3
    for one in ids:
        assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-"
                            "[89ab][0-9a-f]{3}-[0-9a-f]{12}", one)


def test_an_unknown_line_selects_on_its_fixed_words(config):
    text = begun(config, 'Nov 23 21:27:25 h foo[1]: could not start the mill: '
                         'code 77 for "bar"')
    assert "        process.name: foo\n" in text
    assert "message|contains: 'could not start the mill: code'" in text


def test_json_selects_on_its_fields_and_guesses_the_category(config):
    text = begun(config, json.dumps({
        "Image": "/usr/bin/curl", "CommandLine": r"curl x/*?a\b 'q' # \*",
        "ProcessId": 12, "ParentImage": "/bin/sh", "User": "root"}, indent=1))
    assert "    category: process_creation\n" in text
    assert "        Image|endswith: '/curl'\n" in text
    assert r"CommandLine: 'curl x/\*\?a\\b ''q'' # \\\*'" in text
    assert "ProcessId:" not in text and "        # User: root\n" in text


HOSTILE = [
    b"\xff\xfe no text \x80", b"\x1b[31mred: 'a' \"b\" \\ # : - {", b"x",
    b"- a\tb\x07c", b"'''", b'{"a: b": "c: d", "#": "\\u001b[31m", "": "x"}',
    b'{"a": {"b": {"c": "deep"}}, "l": ["x", "y"], "n": null}', b"{}",
    b'{"x": "%name% *"}', b"{not json", b"a" * 60000,
    "Nov 23 21:27:25 h sudo[1]: \u202egnp.exe \u2028 x".encode(),
]


@pytest.mark.parametrize("event", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_events_come_to_a_rule_or_to_a_refusal(config, event):
    done = subprocess.run([VEDETTE, "rules", "new", "--from", "-", "-c",
                           config], input=event, capture_output=True)
    assert done.returncode in (0, 2)
    assert b"\x1b" not in done.stdout + done.stderr
    if done.returncode == 0:
        begun(config, event)
    else:
        assert b"vedette rules new:" in done.stderr


def test_places_and_what_is_no_place(config, tmp_path):
    log = tmp_path / "a.log"
    log.write_text("first line of it\n" + SSHD + "\n")
    out = call(config, "new", "--from", f"{log}:2").stdout
    assert b"ssh-login-failed" in out
    assert b"first line of it" in call(config, "new", "--from", log).stdout
    for wrong in (f"{log}:3", f"{log}:0", "/nonexistent", "/", "zz"):
        call(config, "new", "--from", wrong, status=2)
    call(config, "new", status=2)
    call(config, "new", "--from", "-", input=b"", status=2)
    rule = tmp_path / "mine.yml"
    call(config, "new", "--from", log, "--out", rule)
    before = rule.read_bytes()
    call(config, "new", "--from", log, "--out", rule, status=2)
    assert rule.read_bytes() == before


def test_a_line_without_an_end_is_refused_within_little_memory(config):
    def little():
        resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))

    for event in ("new", "--from"), ("explain", "35df76fb"):
        for zeros in "/dev/zero", "-":
            with open("/dev/zero", "rb") as stdin:
                done = subprocess.run([VEDETTE, "rules", *event, zeros, "-c", config], stdin=stdin,
                                      capture_output=True, timeout=60, preexec_fn=little)
            assert done.returncode == 2, done.stderr
            assert b"longer than 1048576 bytes" in done.stderr


def test_packed_logs_have_lines_too(config, tmp_path):
    log = tmp_path / "log.gz"
    log.write_bytes(gzip.compress(b"first line of it\n" + b"x" * (3 << 20) + b"\nthird one of it\n"))
    assert b"first line of it" in call(config, "new", "--from", log).stdout
    call(config, "new", "--from", f"{log}:2", status=2)
    assert b"third one of it" in call(config, "new", "--from", f"{log}:3").stdout
    log.write_bytes(log.read_bytes()[:-20])
    call(config, "new", "--from", f"{log}:9", status=2)


def test_an_alert_of_the_journal_gives_its_line():
    with Sensor() as s:
        s.start()
        with open(s.logs / "app.log", "a") as log:
            log.write("2026-11-23T10:00:00.000000+00:00 web01 counter[77]: "
                      "numbered line 1\n")
        alert = wait_for(s.alerts)[0]
        short = alert["vedette"]["short_id"]
        for argv, text in (([short], None), (["-"], json.dumps(alert))):
            done = subprocess.run(
                [VEDETTE, "rules", "new", "-c", s.config, "--from", *argv],
                input=text, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            assert "counter[77]: numbered line 1'" in done.stdout
            assert "message|contains: 'numbered line'" in done.stdout
            done = subprocess.run(
                [VEDETTE, "rules", "explain", "-c", s.config, "3f0b8c52",
                 *argv], input=text, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            assert "yes" in done.stdout
