"""rules test, in the forms that machines read, and tests beside rules."""
import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as xml

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")

DECODER = r"""decoder: door
programs: [door]
services: [door]
patterns:
  - name: opened
    match: '^opened by (?<who>\w+)$'
    fields: { event.action: opened, user.name: $who }
"""
GHOST = "7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a1"
RULE = f"""title: "A <ghost> & \\e[31m #1"
id: {GHOST}
status: test
level: high
logsource: {{ product: linux, service: door }}
detection:
    sel:
        event.action: opened
        user.name|startswith: ghost
    condition: sel
vedette:
    tests:
        match:
            - 'Nov 23 16:10:00 host door[7]: opened by ghost1'
            - {{ event.action: opened, user.name: Ghost }}
"""
UNTESTED = """title: Any door
id: 9e5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a2
status: test
level: low
logsource: { product: linux, service: door }
detection:
    sel:
        event.action: opened
    condition: sel
"""
BESIDE = """match:
  - 'Nov 23 16:10:00 host door[7]: opened by ghost2'
no_match:
  - 'Nov 23 16:10:00 host door[7]: opened by ann'
  - 'Nov 23 16:10:00 host door[7]: opened by ghost3'
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules" / "decoders").mkdir(parents=True)
    (tmp_path / "rules" / "decoders" / "door.yaml").write_text(DECODER)
    (tmp_path / "rules" / "ghost.yml").write_text(RULE)
    (tmp_path / "rules" / "any.yml").write_text(UNTESTED)
    (tmp_path / "c.yaml").write_text(
        json.dumps({"rules": [str(tmp_path / "rules")]}))
    return tmp_path


def vedette(rules, *argv, status=0, input=None):
    r = subprocess.run([VEDETTE, "rules", *argv, "-c", rules / "c.yaml"],
                       capture_output=True, text=True, input=input)
    assert r.returncode == status, r.stdout + r.stderr
    return r


def beside(rules, text, name="ghost.tests.yml"):
    path = rules / "rules" / name
    path.write_text(text)
    return path


def test_tests_beside_a_rule_are_its_tests(rules):
    path = beside(rules, BESIDE)
    r = vedette(rules, "test", status=1)
    assert "5 tests of 1 rule, 1 failed; 1 rule has no tests" in r.stdout
    assert f"{path}:5:5:" in r.stderr and "no_match 2" in r.stderr
    path.write_text(BESIDE.replace("ghost3", "bob"))
    assert "5 tests of 1 rule pass" in vedette(rules, "test").stdout
    alone = vedette(rules, "test", str(rules / "rules" / "ghost.yml"))
    assert "5 tests of 1 rule pass" in alone.stdout


def test_a_configuration_without_rules_says_where_they_would_be(rules):
    (rules / "c.yaml").write_text(json.dumps(
        {"rules": [str(rules / "nowhere")]}))
    rule = rules / "rules" / "ghost.yml"
    said = vedette(rules, "test", str(rule), status=1).stderr
    assert "(understood by: no decoder, for none is loaded: -c FILE " in said
    said = vedette(rules, "list", status=2).stderr
    assert (f"{rules}/nowhere: No such file or directory; \"rules\" in the "
            "configuration (-c FILE) says") in said


def test_tests_beside_rules_keep_a_broken_rule_out_of_the_sensor(rules):
    path = beside(rules, BESIDE)
    r = subprocess.run([VEDETTE, "check", "-c", rules / "c.yaml"],
                       capture_output=True, text=True)
    assert r.returncode != 0 and f"{path}:5:5:" in r.stdout + r.stderr


def test_tests_elsewhere_name_their_rule(rules):
    (rules / "rules" / "tests").mkdir()
    path = beside(rules, f"rule: {GHOST}\n" + BESIDE.replace("ghost3", "bob"),
                  "tests/whatever.tests.yaml")
    assert "5 tests of 1 rule pass" in vedette(rules, "test").stdout
    for text, said in (
            ("rule: nobody\nmatch: []\n", ':1:7: no rule that is loaded is "nobody"'),
            ("match: []\n", ":1:1: no rule stands in"),
            ("mach: []\n", ':1:1: "tests" has no key "mach"; did you mean'),
            ("rule: [a]\n", ':1:7: "rule" is an id or a name'),
            ("- match\n", ":1:1: tests are a map"),
            ("match: x\n", ':1:8: "match" is a list')):
        path.write_text(text)
        assert f"{path}{said}" in vedette(rules, "test", status=2).stderr


def test_one_rule_alone(rules):
    beside(rules, BESIDE)
    vedette(rules, "test", "--rule", GHOST[:8], status=1)
    r = vedette(rules, "test", "--rule", "9E5B0F")
    assert r.stdout == "0 tests of 0 rules pass; 1 rule has no tests\n"
    assert 'no rule "999999"' in vedette(rules, "test", "--rule", "999999",
                                       status=2).stderr


def test_junit_is_xml_with_counts_that_are_true(rules):
    path = beside(rules, BESIDE)
    r = vedette(rules, "test", "--format", "junit", status=1)
    top = xml.fromstring(r.stdout.encode())
    assert top.tag == "testsuites"
    cases = list(top.iter("testcase"))
    assert int(top.get("tests")) == len(cases) == 7
    assert top.get("failures") == "1" and top.get("skipped") == "1"
    for suite in top.iter("testsuite"):
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(list(suite.iter("failure")))
    bad = [c for c in cases if c.find("failure") is not None]
    assert [(c.get("file"), c.get("line"), c.get("classname"), c.get("name"))
            for c in bad] == [(str(path), "5", GHOST,
                               "A <ghost> & \\x1b[31m #1, no_match 2")]
    path.unlink()
    top = xml.fromstring(
        vedette(rules, "test", "--format", "junit").stdout.encode())
    assert top.get("failures") == "0"


@pytest.mark.skipif(shutil.which("prove") is None, reason="no prove")
def test_tap_is_what_prove_reads(rules):
    def proved(status):
        tap = rules / "out.tap"
        tap.write_text(vedette(rules, "test", "--format", "tap",
                               status=status).stdout)
        return subprocess.run(["prove", "-v", "-e", "cat", tap],
                              capture_output=True, text=True)
    done = proved(0)
    assert done.returncode == 0 and "Parse errors" not in done.stdout
    assert "Tests=4" in done.stdout
    beside(rules, BESIDE)
    done = proved(1)
    assert done.returncode != 0 and "Parse errors" not in done.stdout
    assert "Failed test:  5" in done.stdout


def test_rules_that_do_not_load_are_no_passed_tests(rules):
    (rules / "rules" / "any.yml").write_text("title: x\n")
    for form, said in (("tap", "not ok 1"), ("junit", "<error")):
        r = vedette(rules, "test", "--format", form, status=2)
        assert said in r.stdout and "any.yml:1:1" in r.stdout
    xml.fromstring(r.stdout.encode())


def diff(*argv, status):
    done = subprocess.run([VEDETTE, "rules", "diff", *argv], capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_diff_compares_what_rules_say_not_how(rules, tmp_path):
    new = tmp_path / "new"
    shutil.copytree(rules / "rules", new)
    ghost = new / "ghost.yml"
    ghost.write_text("# moved\n" + RULE.replace("level: high", 'level: "high"'))
    assert diff(rules / "rules", new, status=0) == "0 added, 0 removed, 0 changed\n"
    ghost.write_text(RULE.replace("level: high", "level: low").replace("ghost\n", "'1'\n"))
    (new / "any.yml").unlink()
    (new / "more.yml").write_text(UNTESTED.replace("9e5b", "9e5c"))
    told = diff("--json", rules / "rules", new, status=1).splitlines()
    told = {t["change"]: t for t in map(json.loads, told)}
    assert told["changed"]["id"] == GHOST
    assert told["changed"]["keys"] == [
        {"key": "level", "from": "high", "to": "low"}, {"key": "detection"}]
    assert told["added"]["id"].startswith("9e5c") and told["removed"]["id"].startswith("9e5b")
    said = diff("-c", rules / "c.yaml", new, status=1)
    assert "level high -> low, detection" in said and "1 added, 1 removed, 1 changed" in said
    assert "\x1b" not in said
    diff(rules / "rules", tmp_path / "absent", status=2)
    diff(status=2)


def test_bench_tells_what_each_rule_costs(rules, tmp_path):
    log = tmp_path / "door.log"
    log.write_text("".join(f"Nov 23 16:10:00 host door[7]: opened by {who}\n"
                           for who in ["ann", "ghost", "bob", "eve"] * 50))
    out = vedette(rules, "bench", str(log)).stdout
    assert out.startswith("200 events: decoding ") and "2 of 2 rules were looked at" in out
    told = [json.loads(t) for t in vedette(rules, "bench", "--json", str(log)).stdout.splitlines()]
    told = {t["id"]: t for t in told}
    assert told[GHOST]["matches"] == 50 and told[GHOST]["woken"] >= 50
    assert told[GHOST]["events"] == 200 and told[GHOST]["ns_per_event"] >= 0
    one = vedette(rules, "bench", "--rule", GHOST[:8], "--json", str(log)).stdout
    assert [json.loads(t)["id"] for t in one.splitlines()] == [GHOST]
    vedette(rules, "bench", "/nonexistent", status=2)
    vedette(rules, "bench", "-", status=2, input="")
    vedette(rules, "bench", status=2)


STARTED = """title: Shell as another user
id: 3b1f7a52-1d0c-4c3e-8f7e-0d8a2b9c4e01
logsource: { product: linux, category: process_creation }
detection: { sel: { LogonId: 33, CommandLine|contains: 'sh -c' }, condition: sel }
"""
WORDS = """title: Words
id: 3b1f7a52-1d0c-4c3e-8f7e-0d8a2b9c4e02
logsource: { product: linux }
detection: { words: [evil], condition: words }
"""


def started(serial, uid):
    head = f"msg=audit(1700000000.{serial:03}:{serial}):"
    return (f"type=SYSCALL {head} arch=c000003e syscall=59 success=yes exit=0 items=1 ppid=10 pid={serial} auid=1000 "
            f"uid={uid} gid=0 euid={uid} tty=pts0 ses=1 comm=\"sh\" exe=\"/bin/dash\" key=\"exec\"\n"
            f"type=EXECVE {head} argc=3 a0=\"sh\" a1=\"-c\" a2=\"id\"\n"
            f"type=CWD {head} cwd=\"/tmp\"\n"
            f"type=PROCTITLE {head} proctitle=7368002D63006964\n")


def test_bench_reads_logs_as_scan_does(rules, tmp_path):
    (rules / "rules" / "started.yml").write_text(STARTED)
    (rules / "rules" / "words.yml").write_text(WORDS)
    log = tmp_path / "audit.log"
    log.write_text("".join(started(n, 33 if n % 4 == 0 else 0) for n in range(40)) +
                   "Nov 23 16:10:00 host vedette-courier[7]: evil alert\n"
                   "Nov 23 16:10:00 host other[7]: evil\n")
    told = [json.loads(t) for t in vedette(rules, "bench", "--json", str(log)).stdout.splitlines()]
    found = {t["id"][-2:]: t["matches"] for t in told}
    assert found == {"01": 10, "02": 1}
    scanned = subprocess.run([VEDETTE, "scan", "-c", rules / "c.yaml", "--format", "json", log],
                             capture_output=True, text=True).stdout.splitlines()
    assert len(scanned) == 11


@pytest.mark.parametrize("command", ["lint", "test"])
def test_what_could_not_be_printed_is_an_error(rules, command):
    with open("/dev/full", "w") as full:
        done = subprocess.run([VEDETTE, "rules", command, rules / "rules"], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2 and "standard output" in done.stderr
