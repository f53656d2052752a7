"""rules lint of exceptions and overrides: what they name, and whether it is still so."""
import json
import os
import subprocess

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
RULE = """title: "Tool \\e[31m"
id: 7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a1
name: tool
status: test
description: d
author: a
level: high
tags: [attack.t1105]
falsepositives: [none]
logsource: { product: linux, category: process_creation }
detection: { sel: { Image|endswith: /curl, odd.field: x }, condition: sel }
"""
COUNT = """title: Many
id: 7d5b0f66-6a0c-4c07-8f0e-5d0d53f9c6a2
name: many
status: test
description: d
author: a
level: high
tags: [attack.t1105]
falsepositives: [none]
correlation: { type: event_count, rules: tool, timespan: 1m, condition: { gte: 2 } }
"""
WHY = "reason: ours\nowner: ann\n"


@pytest.fixture
def place(tmp_path):
    for name in "rules", "exceptions.d", "overrides.d":
        (tmp_path / name).mkdir()
    (tmp_path / "rules" / "tool.yml").write_text(RULE)
    (tmp_path / "rules" / "many.yml").write_text(COUNT)
    (tmp_path / "c.yaml").write_text(json.dumps({
        "rules": [str(tmp_path / "rules")], "exceptions": [str(tmp_path / "exceptions.d")],
        "overrides": [str(tmp_path / "overrides.d")]}))
    return tmp_path


def lint(place, *argv, status=0):
    done = subprocess.run([VEDETTE, "rules", "lint", "-c", place / "c.yaml", *argv],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def told(out):
    """What is said of tuning, without the rules' own warnings."""
    return [line for line in out.splitlines() if ".d/" in line and ".yml:" in line]


def excepted(place, text, name="x.yml", kind="exceptions.d"):
    path = place / kind / name
    path.write_text(text + WHY)
    return str(path)


@pytest.mark.parametrize("match, said", [
    ("{ Image: /usr/bin/curl, odd.field: x, User|startswith: a }", None),
    ("[ { User: a }, { Imge|contains: b } ]",
     'x.yml:2:25: warning: no event of "Tool \\x1b[31m" ({rules}/tool.yml:1) has a field "Imge"; '
     'did you mean "Image"?'),
    ("{ User|exists: true }", "x.yml:1:1: warning: too broad: this exception can hide a match without a text"),
    ("{ }", "x.yml:2:8: the map is empty"),
    ("{ User|contans: a }", 'x.yml:2:15: '),
])
def test_exceptions_are_held_against_their_rule(place, match, said):
    path = excepted(place, f"rule: tool\nmatch: {match}\n")
    for argv in [path], [place / "exceptions.d"], []:
        out = lint(place, *argv, status=1 if said and "warning" not in said else 0)
        if said is None:
            assert not told(out) and "2 rules load, 0 refused" in out and "; 1 exception" in out
        else:
            assert said.replace("{rules}", str(place / "rules")) in out


def test_a_rule_that_changed_is_noticed(place):
    excepted(place, "rule: tool\nmatch: { odd.field: x }\n")
    assert not told(lint(place))
    (place / "rules" / "tool.yml").write_text(RULE.replace("odd.field", "User"))
    assert 'x.yml:2:10: warning: no event of "Tool' in lint(place)
    (place / "rules" / "tool.yml").write_text(RULE.replace("53f9c6a1", "53f9c6a9").replace("name: tool\n", ""))
    (place / "rules" / "many.yml").unlink()
    assert 'x.yml:1:7: warning: no rule has the id or name "tool"' in lint(place)


def test_overrides_that_change_nothing(place):
    path = excepted(place, "rule: tool\nlevel: high\n", "o.yml", "overrides.d")
    assert 'o.yml:1:1: warning: the level of "Tool \\x1b[31m" (' in lint(place, path)
    excepted(place, "rule: [tool, none]\nlevel: low\n", "o.yml", "overrides.d")
    out = lint(place, path)
    assert 'o.yml:1:14: warning: no rule has the id or name "none"' in out and "; 1 override; 1 warning" in out
    excepted(place, "rule: tool\nlevle: low\n", "o.yml", "overrides.d")
    assert "o.yml:2:1: an override has no key \"levle\"; did you mean" in lint(place, path, status=1)
    excepted(place, "tag: attack.t1105\nenabled: false\n", "o.yml", "overrides.d")
    assert not told(lint(place))


def test_correlations_have_the_fields_of_what_they_count(place):
    excepted(place, "rule: many\nmatch: { SourceIp: a }\n")
    assert not told(lint(place))


def test_tuning_given_with_rules_is_held_against_those(place):
    other = place / "mine"
    other.mkdir()
    (other / "r.yml").write_text(RULE.replace("53f9c6a1", "53f9c6a8").replace("name: tool", "name: mine"))
    path = excepted(place, "rule: mine\nmatch: { User: a }\n")
    assert not told(lint(place, other, path))
    assert 'no rule has the id or name "mine"' in lint(place, path)


def test_json_and_strict(place):
    path = excepted(place, "rule: tool\nmatch: { Imge: a }\n")
    out = [json.loads(line) for line in lint(place, "--json", "--strict", path, status=1).splitlines()]
    assert out[0]["line"] == 2 and out[0]["column"] == 10 and out[0]["grade"] == "warning"
    assert out[-1]["exceptions"] == 1 and out[-1]["overrides"] == 0 and out[-1]["rules"] == 2
