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
    assert "no rule 999999" in vedette(rules, "show", "999999",
                                       status=2).stderr
    vedette(rules, "show", "7d5b", status=2)
    vedette(rules, "show", status=2)


def test_lint_says_all_mistakes_with_their_places(rules):
    assert "1 rule loads, 0 refused" in vedette(
        rules, "lint", str(rules / "rules")).stdout
    bad = rules / "bad.yml"
    bad.write_text(RULE.replace("|startswith", "|startwith")
                   .replace("level: high", "level: hihg"))
    said = vedette(rules, "lint", str(bad), status=1).stderr
    assert f'{bad}:7:8: no level "hihg"; did you mean "high"?' in said
    assert (f'{bad}:13:19: no modifier "startwith"; '
            'did you mean "startswith"?') in said
    assert "2 errors" in said
    vedette(rules, "lint", status=2)
    vedette(rules, "lint", "/nonexistent.yml", status=2)


def test_tests_inside_rules_run_through_the_decoders(rules):
    assert "3 tests of 1 rule" in vedette(rules, "test").stdout
    assert "3 tests of 1 rule" in vedette(
        rules, "test", str(rules / "rules")).stdout
    bad = rules / "rules" / "ghost.yml"
    bad.write_text(RULE.replace("door[7]: opened by ann",
                                "door[7]: opened by ghosts"))
    said = vedette(rules, "test", status=1).stderr
    assert f"{bad}:22:1:" in said and "must not match and does" in said
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
