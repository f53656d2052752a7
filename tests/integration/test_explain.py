"""rules explain: why a rule matched, or the first part of it that did not."""
import json
import os
import re
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


def anatomy(rules, rule="7d5b0f66"):
    told = json.loads(explain(rules, rule, "--json"))
    return told, {(t["kind"], t["field"], t["wanted"]): t for t in told["tests"]}


def test_how_a_rule_was_compiled_is_told(rules):
    told, tests = anatomy(rules)
    # In which order they are asked is the engine's business.
    number = {t["wanted"]: n + 1 for n, t in enumerate(told["tests"])}
    assert len(number) == 8 and set(re.findall(r"\d+", told["program"])) == {str(n) for n in number.values()}
    word, proxy, adm, zero = (number[w] for w in ('"evil word"', '"--proxy"', '"adm"', "0"))
    assert told["program"].endswith(f" or {word}") and f"not {proxy} and " in told["program"]
    assert f"{adm} and {zero})" in told["program"] or f"{zero} and {adm})" in told["program"]
    woken = {k for k, t in tests.items() if t["wakes"]}
    assert woken == {("suffix", "Image", '"/curl", "/wget"'), ("contains", "", '"evil word"')}
    assert tests["suffix", "Image", '"/curl", "/wget"']["cost"] == "literals"
    assert tests["exact", "User", '"root"']["cost"] == "awake"
    item = next(p for p in told["parts"] if p["text"].startswith("CommandLine|contains|all"))
    assert sorted(item["tests"]) == sorted([number['"http"'], number['"10"']])


SECOND = r"""title: Others
id: 7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a2
logsource: { product: linux, category: process_creation }
detection:
    sel:
        User: root
        CommandLine|re|i: 'cur[lL]ew|cur.k'
        Image|re: '^/(a|b)'
    net: { DestinationIp|cidr: [10.0.0.0/8, 'fe80::/10'] }
    late: { ts|hour|gte: 22, ParentImage|fieldref: Image, n|gt: 3 }
    odd: { Image|exists: true, CommandLine: 'a*b?c', User|re: 'x{1,3}' }
    condition: sel or net or late or not odd
---
title: Only a regex
id: 7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a3
logsource: { product: linux, category: process_creation }
detection:
    sel: { CommandLine|re: '[a-z]{3}[0-9]' }
    condition: sel
---
title: Waits behind a literal
id: 7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a4
logsource: { product: linux, category: process_creation }
detection:
    sel: { CommandLine|re: '(wget|curl)\s+http' }
    net: { DestinationIp|cidr: 10.0.0.0/8 }
    whole: { User|re: root, Image: [/bin/a, /bin/b] }
    condition: sel or net or whole
"""


def test_kinds_costs_and_sharing(rules):
    (rules / "rules" / "second.yml").write_text(SECOND)
    _, tests = anatomy(rules, "7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a2")
    assert tests["exact", "User", '"root"']["shared"] == 1
    assert tests["cidr", "DestinationIp", "10.0.0.0/8"]["cost"] == "networks"
    assert tests["time", "ts", "hour >= 22"]["cost"] == "every"
    assert tests["fieldref", "ParentImage", "the value of Image"]["cost"] == "every"
    assert tests["compare", "n", "> 3"]["cost"] == "every"
    assert tests["regex", "User", "/x{1,3}/"]["cost"] == "regex-every"
    assert tests["glob", "CommandLine", '"a*b?c"']["literals"] == ["a"]
    assert ("cidr", "DestinationIp", "fe80:0000:0000:0000:0000:0000:0000:0000/10") in tests
    assert tests["exists", "Image", ""]["cost"] == "every"
    told, tests = anatomy(rules, "7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a3")
    assert told["wakes"] == 0 and [t["cost"] for t in tests.values()] == ["regex-every"]
    assert "it has no literal" in explain(rules, "7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a3")
    _, tests = anatomy(rules, "7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a4")
    waits = tests["regex", "CommandLine", "/(wget|curl)\\s+http/"]
    assert waits["cost"] == "behind-literal" and waits["literals"] == ["http"]
    assert tests["exact", "Image", '"/bin/a", "/bin/b"']["cost"] == "hash"


FILTER = """title: Known hosts
logsource: { product: linux }
filter:
    rules: [7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a1]
    known: { CommandLine|contains: mirror }
    condition: not known
"""


def test_filters_are_parts_of_a_rule(rules):
    (rules / "rules" / "known.yml").write_text(FILTER)
    said, parts = ask(rules, CALL, 0)
    assert parts["filter: Known hosts"]["holds"]
    said, parts = ask(rules, {**CALL, "CommandLine": "curl http://10 mirror"}, 1)
    assert not parts["filter: Known hosts"]["holds"]
    assert "first that failed: not known" in said and "known.yml:6" in said
    assert 'because this holds: CommandLine|contains: mirror' in said


EXCEPTION = """rule: 7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a1
match: { User: root }
reason: ours
owner: ann
"""


def test_what_holds_a_match_back_is_told(rules):
    (rules / "exceptions").mkdir()
    (rules / "exceptions" / "x.yml").write_text(EXCEPTION)
    (rules / "c.yaml").write_text(json.dumps(
        {"rules": [str(rules / "rules")], "exceptions": [str(rules / "exceptions")]}))
    said = explain(rules, "7d5b0f66", "-", input=json.dumps(CALL))
    assert "matched, but raises no alert: exception " in said and "x.yml:1, ann" in said
    assert "ours" in explain(rules, "7d5b0f66")


def test_a_rule_that_is_switched_off_is_never_looked_at(rules):
    (rules / "overrides").mkdir()
    (rules / "overrides" / "x.yml").write_text(
        "rule: 7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a1\nenabled: false\nreason: noise\nowner: ann\n")
    (rules / "c.yaml").write_text(json.dumps(
        {"rules": [str(rules / "rules")], "overrides": [str(rules / "overrides")]}))
    said = explain(rules, "7d5b0f66")
    assert "never: it is switched off here" in said and "x.yml:1, ann): noise" in said
    assert "every event" not in said
    said = explain(rules, "7d5b0f66", "-", status=1, input=json.dumps(CALL))
    assert "all parts hold, and yet the rule was not asked: it is switched off" in said


def test_it_leaves_nothing_behind_and_warns_of_nothing(rules, tmp_path):
    before = {f for f in os.listdir("/tmp") if f.startswith("vedette-explain")}
    done = subprocess.run([VEDETTE, "rules", "explain", "-c", rules / "c.yaml", "7d5b0f66"],
                          capture_output=True, text=True)
    assert done.stderr == ""
    assert {f for f in os.listdir("/tmp") if f.startswith("vedette-explain")} == before


def test_lists_in_lists_and_several_conditions(rules):
    (rules / "rules" / "more.yml").write_text("""title: More
id: 8d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a1
logsource: { product: linux }
detection:
    a: [ { User: x }, [ y, { User: z } ] ]
    b: { User|neq: root }
    condition: [ a, not b and a ]
""")
    event = json.dumps({"User": "z"})
    told = json.loads(explain(rules, "8d5b0f66", "-", "--json", input=event))
    holds = [(p["text"], p["holds"]) for p in told["parts"]]
    assert holds == [
        ("one of the conditions", True), ("a", True), ("one of the maps", False), ("User: x", False),
        ("one of the lists", True), ("y", False), ("one of the maps", True), ("User: z", True),
        ("not b and a", False), ("not b", False), ("b", True), ("User|neq: root", True), ("a", True),
        ("one of the maps", False), ("User: x", False), ("one of the lists", True), ("y", False),
        ("one of the maps", True), ("User: z", True)]


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
    ({"User": None}, "User: root"),
])
def test_a_part_that_failed_is_named(rules, change, failed):
    said, parts = ask(rules, {**CALL, **change}, 1)
    assert not parts[failed]["holds"]
    assert "first that failed: " + failed in said and "tool.yml:" in said


def test_what_stopped_it_stands_beside_what_failed(rules):
    said, _ = ask(rules, {**CALL, "CommandLine": "curl http://10 --proxy"}, 1)
    assert 'because this holds: CommandLine|contains: --proxy' in said
    assert said.rstrip().endswith(': CommandLine = "curl http://10 --proxy"')


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


def audited(serial, *records):
    return [f"type={kind} msg=audit(1700000000.{serial:03}:{serial}): {rest}" for kind, rest in records]


def test_records_of_one_audit_event_are_one(rules):
    shell = audited(7, ("SYSCALL", "arch=c000003e syscall=59 success=yes items=1 ppid=10 pid=9 auid=1000 uid=0 euid=0 "
                        "comm=\"curl\" exe=\"/usr/bin/curl\" key=\"exec\""),
                    ("EXECVE", "argc=2 a0=\"curl\" a1=\"http://10.0.0.1\""), ("CWD", "cwd=\"/\""),
                    ("PROCTITLE", "proctitle=6375726C"))
    other = audited(8, ("USER_LOGIN", "pid=1 uid=0 res=failed"))
    log = rules / "audit.log"
    log.write_text("\n".join(other + shell + other) + "\n")
    for number in range(2, 6):
        said = explain(rules, "7d5b0f66", f"{log}:{number}")
        assert 'CommandLine = "curl http://10.0.0.1"' in said
    for number in 1, 6:
        said = explain(rules, "7d5b0f66", f"{log}:{number}", status=1)
        assert "the event comes from linux / auditd" in said
    scan = subprocess.run([VEDETTE, "scan", "-c", rules / "c.yaml", "--format", "json", log],
                          capture_output=True, text=True)
    explain(rules, "7d5b0f66", "-", input=scan.stdout)
    # What is no audit record is nothing but itself.
    log.write_text("a msg=audit(1:1 b\n" * 3 + " msg=audit()\n")
    for number in range(1, 5):
        explain(rules, "7d5b0f66", f"{log}:{number}", status=1)


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
