"""rules: list, show, lint, test, as an author uses them."""
import json
import os
import subprocess

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
RULE = """title: "Door opened by a ghost \\e[31m"
id: 7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a1
status: test
description: |
    Two lines,
    this is the second.
level: high
tags: [vedette.auth.success, soc2.cc6.4]
logsource: { product: linux, service: door }
detection:
    sel:
        event.action: opened
        user.name|startswith: ghost
    condition: sel
vedette:
    runbook: Close it.
    tests:
        match:
            - 'Nov 23 16:10:00 host door[7]: opened by ghost1'
            - { event.action: opened, user.name: Ghost }
        no_match:
            - 'Nov 23 16:10:00 host door[7]: opened by ann'
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules" / "decoders").mkdir(parents=True)
    (tmp_path / "rules" / "decoders" / "door.yaml").write_text(DECODER)
    (tmp_path / "rules" / "ghost.yml").write_text(RULE)
    (tmp_path / "c.yaml").write_text(
        json.dumps({"rules": [str(tmp_path / "rules")]}))
    return tmp_path


def vedette(rules, *argv, status=0):
    r = subprocess.run([VEDETTE, "rules", *argv, "-c", rules / "c.yaml"],
                       capture_output=True, text=True)
    assert r.returncode == status, r.stdout + r.stderr
    return r


def test_a_list_names_level_id_title_source_and_file(rules):
    for argv in ([], ["list"]):
        lines = vedette(rules, *argv).stdout.splitlines()
        assert lines[0].split() == [
            "LEVEL", "ID", "TITLE", "LOG", "SOURCE", "FILE"]
        assert lines[1].startswith("high")
        for part in ("7d5b0f66", "linux / door", "ghost.yml"):
            assert part in lines[1]
        assert lines[-1] == "1 rule, 1 with tests"


def test_text_of_a_rule_never_reaches_the_terminal_raw(rules):
    for argv in (["list"], ["show", "7d5b0f66"]):
        out = vedette(rules, *argv).stdout
        assert "\x1b" not in out and "\\x1b[31m" in out


def test_show_tells_everything_by_any_beginning_of_the_id(rules):
    out = vedette(rules, "show", "7D5B0F").stdout
    for part in ("this is the second.", "Close it.", "ghost.yml:1",
                 "vedette.auth.success", "user.name|startswith: ghost"):
        assert part in out
    r = json.loads(vedette(rules, "show", "7d5b0f66", "--json").stdout)
    assert r["tests"] == 3 and r["logsource"] == {
        "product": "linux", "service": "door"}
    assert 'no rule "999999"' in vedette(rules, "show", "999999",
                                       status=2).stderr
    vedette(rules, "show", "7d5b", status=2)
    vedette(rules, "show", status=2)


GHOSTS = """title: Ghosts come in crowds
correlation:
    type: event_count
    rules: 7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a1
    timespan: 5m
    condition: { gte: 3 }
"""


def test_show_says_that_a_rule_is_counted_and_silent(rules):
    crowd = rules / "rules" / "crowd.yml"
    for generate, silent in (("", True), ("    generate: true\n", False)):
        crowd.write_text(GHOSTS + generate)
        said = vedette(rules, "show", "7d5b0f").stdout
        assert 'counted   by "Ghosts come in crowds"' in said
        assert ("no alerts of its own" in said) == silent
        told = json.loads(vedette(rules, "show", "--json", "7d5b0f").stdout)
        assert told["counted_by"] == "Ghosts come in crowds"
        assert told.get("silent", False) == silent
    (one,) = [r["id"] for r in map(json.loads, vedette(
        rules, "list", "--json").stdout.splitlines()) if "crowds" in r["title"]]
    said = vedette(rules, "show", one).stdout
    assert "counted " not in said and "source " not in said
    crowd.unlink()
    assert "counted " not in vedette(rules, "show", "7d5b0f").stdout


def test_a_rule_is_meant_by_its_title_too(rules):
    (rules / "rules" / "crowd.yml").write_text(GHOSTS)
    for title in ("Ghosts come in crowds", "ghosts COME in crowds"):
        assert vedette(rules, "show", title).stdout.startswith("title ")
    for wrong in ("Ghosts come", ""):
        assert f'no rule "{wrong}" (an id, 6 or more' in vedette(
            rules, "show", wrong, status=2).stderr
    (rules / "rules" / "again.yml").write_text(GHOSTS + "id: again\n")
    assert "2 rules are" in vedette(
        rules, "show", "Ghosts come in crowds", status=2).stderr


def test_lint_says_all_mistakes_with_their_places(rules):
    assert "1 rule loads, 0 refused" in vedette(
        rules, "lint", str(rules / "rules")).stdout
    bad = rules / "bad.yml"
    bad.write_text(RULE.replace("|startswith", "|startwith")
                   .replace("level: high", "level: hihg"))
    done = vedette(rules, "lint", str(bad), status=1)
    said = done.stderr
    assert f'{bad}:7:8: no level "hihg"; did you mean "high"?' in said
    assert (f'{bad}:13:19: no modifier "startwith"; '
            'did you mean "startswith"?') in said
    assert done.stdout.startswith("0 rules load, 1 refused, in ")
    assert done.stdout.endswith("; 2 errors, 1 warning\n")
    bad.write_text(RULE.replace("user.name|startswith: ghost",
                                "user.name|re: 'gh(ost'"))
    said = vedette(rules, "lint", "--own", str(bad), status=1).stderr
    assert "missing closing parenthesis" in said
    assert "text of 3 bytes" not in said

def test_lint_ends_with_what_loads_though_rules_stand_in_each_others_way(
        rules):
    both = rules / "both"
    both.mkdir()
    for n in "ab":
        (both / f"{n}.yml").write_text(RULE.replace("title: ", f"title: {n}"))
    done = subprocess.run(
        [VEDETTE, "rules", "lint", "-c", str(rules / "c.yaml"), str(both)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    *_, said, last = done.stdout.splitlines()
    assert "has the same id" in said
    assert last.startswith("1 rule loads, 1 refused, in ")
    assert last.endswith("; 1 error, 2 warnings")


def test_lint_wants_files_that_are_there(rules):
    assert "1 rule loads" in vedette(rules, "lint").stdout
    vedette(rules, "lint", "/nonexistent.yml", status=2)


def test_tests_inside_rules_run_through_the_decoders(rules):
    assert "3 tests of 1 rule" in vedette(rules, "test").stdout
    assert "3 tests of 1 rule" in vedette(
        rules, "test", str(rules / "rules")).stdout
    bad = rules / "rules" / "ghost.yml"
    bad.write_text(RULE.replace("door[7]: opened by ann",
                                "door[7]: opened by ghosts"))
    said = vedette(rules, "test", status=1).stderr
    assert f"{bad}:22:15:" in said and "must not match and does" in said
    assert "door/opened" in said


def test_placeholders_come_from_the_configuration(rules):
    rule = rules / "rules" / "ghost.yml"
    rule.write_text(RULE.replace("user.name|startswith: ghost",
                                 "user.name|expand: '%ghosts%'"))
    assert "%ghosts%" in vedette(rules, "lint", str(rule), status=1).stderr
    (rules / "c.yaml").write_text(json.dumps({
        "rules": [str(rules / "rules")],
        "placeholders": {"ghosts": ["ghost*", "spook"]}}))
    assert "3 tests of 1 rule" in vedette(rules, "test").stdout


def test_unknown_subcommands_are_wrong_calls(rules):
    assert 'no "rules lnit"' in vedette(rules, "lnit", status=2).stderr


LINT = """title: t
id: not-a-uuid
status: deprecated
description: d
author: a
logsorce: {}
logsource: { product: linux, service: door }
detection:
    sel:
        event.acton: opened
        user.name|re: '[a-z]+root'
    condition: sel
falsepositives: [none]
level: low
tags: [attack.executoin, vedette.auth.sucess, lonely]
"""


def test_lint_warns_of_what_loads_and_is_no_good(rules):
    rule = rules / "rules" / "odd.yml"
    rule.write_text(LINT)
    said = vedette(rules, "lint", str(rules / "rules")).stderr
    for part in ('2:5: warning: the id is not a UUID',
                 '3:9: warning: the rule is deprecated',
                 '6:1: warning: no key "logsorce"; did you mean "logsource"?',
                 '10:9: warning: unknown field "event.acton"',
                 'did you mean "event.action"?',
                 '11:23: warning: dear: the regex begins with a run',
                 'no tactic "executoin"; did you mean "execution"?',
                 'no category "auth.sucess"; did you mean "auth.success"?',
                 'tag "lonely" has no namespace'):
        assert part in said
    vedette(rules, "lint", "--strict", str(rules / "rules"), status=1)


def test_lint_refuses_a_dear_regex_of_an_own_rule_without_a_reason(rules):
    rule = rules / "rules" / "odd.yml"
    rule.write_text(LINT)
    assert "11:23: the regex begins with" in vedette(
        rules, "lint", "--own", str(rule), status=1).stderr
    rule.write_text(LINT + "vedette: { runbook: x }\n")
    vedette(rules, "lint", str(rule), status=1)
    rule.write_text(LINT + "vedette: { regex: names are short }\n")
    assert "warning: dear" not in vedette(rules, "lint", str(rule)).stderr


@pytest.mark.parametrize("pattern,dear", [
    ("root[a-z]+", False), ("^[a-z]+root", False), ("(?i)[a-z]+root", True),
    ("(?:\\S*)root", True), (".*root", True), ("\\b\\w+root", True),
    ("[a-z]root", False), ("[]a]{2,}root", True), ("[a-z]{3}root", False),
    ("ab|cd", True), ("abc|def", False), ("\\d+", True), ("x", True)])
def test_what_a_dear_regex_is(rules, pattern, dear):
    rule = rules / "odd.yml"
    rule.write_text(LINT.replace("[a-z]+root", pattern))
    assert ("dear: " in vedette(rules, "lint", str(rule)).stderr) == dear


@pytest.mark.parametrize("detection,broad", [
    ("{s: {f: '*'}, condition: s}", True),
    ("{s: {f|contains: ab}, condition: s}", True),
    ("{s: {f|contains: abc}, condition: s}", False),
    ("{s: {f: a}, condition: s}", False),
    ("{s: {f: a}, condition: not s}", True),
    ("{s: {f: a}, t: {g|contains: b}, condition: s or t}", True),
    ("{s: {f: a}, t: {g|contains: b}, condition: s and t}", False),
    ("{s: ['', word], condition: s}", True),
    ("{s: {f|exists: true}, condition: s}", True)])
def test_what_too_broad_is(rules, detection, broad):
    rule = rules / "odd.yml"
    rule.write_text("title: t\nlogsource: {product: x}\n"
                    f"detection: {detection}\n")
    assert ("too broad" in vedette(rules, "lint", str(rule)).stderr) == broad


@pytest.mark.parametrize("line,said", [
    ("date: 24.11.2026", '1:7: warning: "date" is no day like 2026-11-24'),
    ("date: 2026-02-29", '1:7: warning: "date" is no day like 2026-11-24'),
    ("date: 2024-02-29", ""),
    ("modified: 2026/11/24", '1:11: warning: "modified" is no day like'),
    ("tags: [atack.t1110]", '1:8: warning: tag "atack.t1110": no namespace '
                            '"atack"; did you mean "attack"?'),
    ("tags: [cve.2021-1, car.x, our.y]", ""),
    ("author: TODO", "still TODO: author\n"),
    ("author: to do", "")])
def test_lint_warns_of_what_a_rule_says_of_itself(rules, line, said):
    rule = rules / "odd.yml"
    rule.write_text(line + "\n" + "".join(
        kept for kept in RULE.splitlines(True)
        if kept.split(":")[0] != line.split(":")[0]))
    got = vedette(rules, "lint", str(rule)).stderr
    assert said in got
    assert said or not ("date" in got or "namespace" in got or "TODO" in got)


def test_lint_names_what_a_rule_does_not_say_and_what_another_says(rules):
    rule = rules / "odd.yml"
    one = ("title: {0}\nlogsource: {{product: linux}}\n"
           "detection: {{s: {{f: word}}, condition: s}}\n")
    rule.write_text(one.format("one") + "---\n" + one.format("two"))
    said = vedette(rules, "lint", str(rule)).stderr
    assert ("1:1: warning: the rule does not say its id, description, "
            "author, level, status, tags, falsepositives") in said
    assert f'5:1: warning: shadowed: "one" ({rule}:1) detects the same' in said


def test_lint_speaks_json(rules):
    rule = rules / "odd.yml"
    rule.write_text(LINT + "---\ntitle: t\n")
    said = [json.loads(line) for line in vedette(
        rules, "lint", "--json", str(rule), status=1).stdout.splitlines()]
    assert {"file": str(rule), "line": 17, "column": 1, "grade": "error",
            "text": "the rule has no logsource"} in said
    assert any(s.get("grade") == "warning" for s in said)
    assert said[-1]["rules"] == 1 and said[-1]["refused"] == 1


def test_decoders_are_tried_as_decoders(rules):
    decoder = rules / "rules" / "decoders" / "door.yaml"
    for path in (decoder, decoder.parent):
        vedette(rules, "lint", str(path))
        vedette(rules, "test", str(path))
    decoder.write_text(DECODER.replace("programs", "progams"))
    assert 'did you mean "programs"?' in vedette(
        rules, "lint", str(decoder), status=1).stderr


GUESSED = """title: Failed logon
id: 2b0f3a0c-5d8e-4c39-9a0e-6c9f6f0a7d21
logsource: { product: windows, service: security }
detection: { s: { EventID: 4625 }, condition: s }
"""
SPRAY = """title: Passwords of many users from one address
correlation:
    type: value_count
    rules: 2b0f3a0c-5d8e-4c39-9a0e-6c9f6f0a7d21
    group-by: IpAddress
    timespan: 10m
    condition: { field: TargetUserName, gte: 2 }
vedette:
    tests:
"""
LOGON = "{{ {0}EventID: 4625, IpAddress: 192.0.2.1, TargetUserName: {1}, '@timestamp': '2026-11-24T10:{2}:00Z' }}"
FROM = "logsource: { product: windows, service: security }, "


def spray(rules, word, *steps):
    (rules / "rules" / "spray.yml").write_text(
        f"{GUESSED}---\n{SPRAY}        {word}:\n            - "
        + "\n              ".join("- " + step for step in steps) + "\n")


def test_events_in_the_test_of_a_correlation_say_where_they_come_from(rules):
    def holds(word, *steps, status=0):
        spray(rules, word, *steps)
        done = vedette(rules, "test", status=status)
        return done.stdout + done.stderr

    holds("match", LOGON.format(FROM, "ann", "01"), LOGON.format(FROM, "bob", "02"))
    holds("no_match", LOGON.format(FROM, "ann", "01"), LOGON.format(FROM, "ann", "02"))
    # The times are the events' own.
    holds("no_match", LOGON.format(FROM, "ann", "01"), LOGON.format(FROM, "bob", "30"))
    # Of another log source they are nothing that is counted.
    other = FROM.replace("security", "system")
    holds("no_match", LOGON.format(other, "ann", "01"), LOGON.format(FROM, "bob", "02"))
    for word in ("match", "no_match"):
        said = holds(word, LOGON.format("", "ann", "01"), LOGON.format(FROM, "bob", "02"), status=1)
        assert 'its events must say their "logsource"' in said
    said = holds("match", LOGON.format("logsource: { product: [x] }, ", "ann", "01"), status=2)
    assert "spray.yml:16:" in said


def test_an_event_may_come_from_another_log_source_than_its_rules(rules):
    text = (rules / "rules" / "ghost.yml").read_text()
    (rules / "rules" / "ghost.yml").write_text(text.replace("        no_match:\n", """        no_match:
            - { logsource: { product: windows }, event.action: opened, user.name: Ghost }
"""))
    vedette(rules, "test")
