"""rules explain of a correlation: what it is, and what its windows came to."""
import gzip
import json
import os
import subprocess

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")

RULES = """title: Login failed
id: 7d5b0f66-0000-4c07-8f0e-5d0d53f9c6a1
name: failed
logsource: { product: linux, service: sshd }
detection: { sel: { event.action: failed }, condition: sel }
---
title: Login
id: 7d5b0f66-0000-4c07-8f0e-5d0d53f9c6a2
name: login
logsource: { product: linux, service: sshd }
detection: { sel: { event.action: login }, condition: sel }
---
title: "Many \\e[31m"
id: 8d5b0f66-0000-4c07-8f0e-5d0d53f9c6a1
name: many
correlation:
    type: event_count
    rules: [failed]
    group-by: [SourceIp]
    timespan: 10m
    condition: { gte: 5 }
vedette: { rearm: 1h }
---
title: Accounts
name: accounts
id: 8d5b0f66-0000-4c07-8f0e-5d0d53f9c6a2
correlation:
    type: value_count
    rules: failed
    group-by: [SourceIp]
    timespan: 10m
    condition: { field: User, gt: 2 }
---
title: In order
name: order
id: 8d5b0f66-0000-4c07-8f0e-5d0d53f9c6a3
correlation:
    type: temporal_ordered
    rules: [failed, login]
    aliases: { who: { failed: User, login: Account } }
    group-by: [who]
    timespan: 1h
---
title: Too few
name: few
id: 8d5b0f66-0000-4c07-8f0e-5d0d53f9c6a4
correlation:
    type: event_count
    rules: [failed]
    timespan: 90s
    condition: { lte: 2, neq: 1 }
    generate: true
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "r.yml").write_text(RULES)
    (tmp_path / "c.yaml").write_text(json.dumps({"rules": [str(tmp_path / "rules")]}))
    return tmp_path


def event(second, action="failed", ip="10.0.0.1", **fields):
    return {"@timestamp": f"2026-11-23T10:{second // 60:02d}:{second % 60:02d}Z",
            "event.action": action, "SourceIp": ip, **fields}


def explain(place, rule, events=None, status=0, name="-"):
    text = "".join(json.dumps(e) + "\n" for e in events or [])
    argv = [VEDETTE, "rules", "explain", "-c", place / "c.yaml", rule] + ([name] if events is not None else [])

    def run(*more):
        done = subprocess.run([*argv, *more], input=text, capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done.stdout + done.stderr
        assert "\x1b" not in done.stdout
        return done.stdout
    return run(), json.loads(run("--json") or "null")


def test_what_a_correlation_is(place):
    said, told = explain(place, "many")
    for part in ("event_count", "failed: Login failed (", "r.yml:1)", "SourceIp", "at least 5", "10m, decided with each",
                 "rests for 1h", "of this rule alone", "100000 groups"):
        assert part in said, said
    assert told["correlation"]["condition"] == "at least 5" and "events" not in told
    said, told = explain(place, "order")
    assert "who is User of failed" in said and "who is Account of login" in said and "all of the rules" in said
    said, told = explain(place, "few")
    assert "at most 2 and not 1" in said and "90s from the first match on" in said and "of what it counts" in said


def test_how_near_each_group_came(place):
    events = [event(i * 10, ip="10.0.0.1") for i in range(3)] + [event(i * 10, ip="10.0.0.2") for i in range(4)] + \
        [event(1200, ip="10.0.0.2"), event(1201, "login")]
    said, told = explain(place, "many", events, status=1)
    assert "not matched; the nearest: 4 of 5 within 10m for SourceIp=10.0.0.2, " in said
    assert [(g["group"], g["measure"], g["counted"], g["fired"]) for g in told["groups"]] == [
        ({"SourceIp": "10.0.0.2"}, 4, 5, False), ({"SourceIp": "10.0.0.1"}, 3, 3, False)]
    assert told["events"] == 9 and told["matches"]["counted"] == 8
    assert told["correlation"]["rules"][0]["matches"] == 8


def test_one_that_fired_and_rested(place):
    said, told = explain(place, "many", [event(i) for i in range(8)] + [event(9, ip=None)])
    assert "matched, 1 time\n" in said and "fired  5 of 5" in said
    assert told["matches"]["resting"] == 3 and told["matches"]["without_group"] == 1
    assert "1 without a field of the group (SourceIp)" in said
    assert told["alerts"] == 1


def test_values_that_are_known_do_not_count_twice(place):
    events = [event(i, User=u) for i, u in enumerate(["a", "b", "a", "a"])] + [event(9)]
    said, told = explain(place, "accounts", events, status=1)
    assert "the nearest: 2 of 3 within 10m" in said
    assert "1 without a value to measure (User)" in said
    assert told["matches"]["without_value"] == 1


def test_the_rules_that_were_seen_are_named(place):
    events = [event(0, "login", Account="ann"), event(5, User="ann"), event(9, User="bob")]
    said, told = explain(place, "order", events, status=1)
    assert "1 of 2 rules within 1h for who=bob" in said and ": seen failed; not login" in said
    explain(place, "order", events + [event(60, "login", Account="bob")])


def test_windows_that_are_decided_when_they_close(place):
    said, told = explain(place, "few", [event(i) for i in range(4)], status=1)
    assert "the nearest" in said and "wanted: at most 2 and not 1" in said
    assert told["matches"]["closed"] == 1
    said, _ = explain(place, "few", [event(0), event(5)])
    assert "matched, 1 time" in said


def test_logs_of_any_kind_and_single_events(place):
    lines = "".join(json.dumps(event(i)) + "\n" for i in range(5))
    (place / "log.gz").write_bytes(gzip.compress(lines.encode()))
    explain(place, "many", [], name=str(place / "log.gz"))
    said, told = explain(place, "many", [], status=1, name=str(place / "log.gz") + ":2")
    assert "1 of 5" in said and told["events"] == 1
    explain(place, "many", [], status=2, name=str(place / "none"))
    said, told = explain(place, "many", [{"x": "\x1b[31m"}], status=1)
    assert "none of the events matches a rule that it counts" in said


def test_an_exception_of_what_is_counted_is_no_match(place):
    (place / "x").mkdir()
    (place / "x" / "x.yml").write_text("rule: failed\nmatch: { SourceIp: 10.0.0.1 }\nreason: r\nowner: o\n")
    (place / "c.yaml").write_text(json.dumps({"rules": [str(place / "rules")], "exceptions": [str(place / "x")]}))
    said, told = explain(place, "many", [event(i) for i in range(8)], status=1)
    assert told["matches"]["counted"] == 0


def test_a_rule_that_is_not_there_has_its_place(place):
    (place / "rules" / "bad.yml").write_text("""title: Bad
id: 9d5b0f66-0000-4c07-8f0e-5d0d53f9c6a4
correlation: { type: event_count, rules: [fialed], timespan: 1m, condition: { gte: 1 } }
""")
    done = subprocess.run([VEDETTE, "rules", "explain", "-c", place / "c.yaml", "9d5b0f66"],
                          capture_output=True, text=True)
    assert done.returncode == 2
    assert "bad.yml:3:43: \"fialed\": no rule that is loaded has that id or name; did you mean \"failed\"?" in done.stderr
