"""rules explain: why a rule matched, or the first part of it that did not."""
import json
import os
import subprocess

import pytest
from sensor import Sensor, line, wait_for

VEDETTE = os.environ.get("VEDETTE", "vedette")

RULE = """title: "Tool by a user \\e[31m"
id: 7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a1
level: high
logsource: { product: linux, category: process_creation }
detection:
    sel_tool:
        Image|endswith: [/curl, /wget]
        CommandLine|contains|all: [http, '10']
    sel_user:
        - { User: root }
        - { User|startswith: adm, LogonId: 0 }
    filter_proxy:
        CommandLine|contains: '--proxy'
    words: ['evil word']
    condition: (all of sel_* and not 1 of filter_*) or words
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "tool.yml").write_text(RULE)
    (tmp_path / "c.yaml").write_text(json.dumps({"rules": [str(tmp_path / "rules")]}))
    return tmp_path


def explain(rules, *argv, status=0, input=None):
    done = subprocess.run(
        [VEDETTE, "rules", "explain", "-c", rules / "c.yaml", *argv],
        capture_output=True, text=True, input=input, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    return done.stdout


def ask(rules, event, status):
    text = json.dumps(event)
    said = explain(rules, "7d5b0f66", "-", status=status, input=text)
    told = json.loads(explain(rules, "7d5b0f66", "-", "--json", status=status, input=text))
    return said, {p["text"]: p for p in told["parts"]}


CALL = {"Image": "/usr/bin/curl", "CommandLine": "curl http://10.0.0.1", "User": "root"}


def test_without_an_event_it_shows_how_the_rule_is_understood(rules):
    said = explain(rules, "7d5b0f66")
    for part in ("looked at when", "all of sel_*", "not 1 of filter_*", "sel_tool", "one of the maps",
                 "Image|endswith: /curl, /wget", "evil word"):
        assert part in said, said


def test_each_part_is_told_with_what_the_event_holds(rules):
    said, parts = ask(rules, CALL, 0)
    assert said.rstrip().endswith("\nmatched")
    assert 'Image = "/usr/bin/curl"' in said
    assert parts["sel_tool"]["holds"] and not parts["filter_proxy"]["holds"]
    assert parts["not 1 of filter_*"]["holds"] and not parts["evil word"]["holds"]
    assert not parts["User|startswith: adm"]["holds"] and "value" not in parts["LogonId: 0"]


@pytest.mark.parametrize("change, failed", [
    ({"Image": "/bin/nc\x1b[31m"}, "Image|endswith: /curl, /wget"),
    ({"CommandLine": "curl http://10 --proxy"}, "not 1 of filter_*"),
    ({"User": None}, "sel_user"),
])
def test_a_part_that_failed_is_named(rules, change, failed):
    said, parts = ask(rules, {**CALL, **change}, 1)
    assert not parts[failed]["holds"]
    assert "first that failed: " in said and "tool.yml:" in said


def test_a_keyword_is_enough(rules):
    said, parts = ask(rules, {"x": "an evil word"}, 0)
    assert parts["words"]["holds"] and "matched" in said and "(not there)" in said


def test_an_event_of_another_log_source_is_not_held_against_it(rules):
    said = explain(rules, "7d5b0f66", "-", status=1,
                   input="Nov 23 16:10:00 host sshd[7]: evil word\n")
    assert "not held against it: the event comes from linux" in said


def test_a_line_of_a_file_and_what_is_no_event(rules):
    (rules / "log").write_text("nothing\n" + json.dumps(CALL) + "\n")
    explain(rules, "7d5b0f66", str(rules / "log") + ":2")
    explain(rules, "7d5b0f66", str(rules / "log") + ":9", status=2)
    explain(rules, "7d5b0f66", "-", status=2, input="")
    explain(rules, "000000", "-", status=2, input="x")
    explain(rules, status=2)


def test_an_alert_of_the_journal_is_explained_by_its_id():
    with Sensor() as sensor:
        sensor.start()
        with open(sensor.logs / "app.log", "a") as log:
            log.write(line(1))
        wait_for(lambda: sensor.vedette("alerts", "--json").stdout)
        alert = json.loads(sensor.vedette("alerts", "--json").stdout.splitlines()[0])
        said = subprocess.run(
            [VEDETTE, "rules", "explain", "-c", sensor.config, alert["rule"]["id"],
             alert["vedette"]["short_id"]], capture_output=True, text=True)
        assert said.returncode == 0, said.stderr
        assert said.stdout.rstrip().endswith("matched")
