"""What a place tunes: exceptions, overrides, mutes, suppress; exact counts."""
import json
import random
import re
import signal
import subprocess

import pytest
from sensor import COUNTING_RULE, VEDETTE, Sensor, wait_for
from writer import Writer

ID = "3f0b8c52-6d0a-4a3e-9d39-0a4d7f6a1c01"


def entry(match, more=""):
    return f"""rule: {ID}
match: {match}
reason: it is known
owner: alice
ticket: T-1
{more}"""


def tune(sensor, kind, text, name="x.yaml"):
    directory = sensor.dir / kind
    directory.mkdir(exist_ok=True)
    directory.chmod(0o755)
    (directory / name).write_text(text)
    (directory / name).chmod(0o644)


def held(sensor, *argv):
    """Bodies of what was held back; their sum of counts."""
    done = sensor.vedette("alerts", "--excepted", "--json", *argv)
    assert done.returncode in (0, 1), done.stderr
    rows = [json.loads(row) for row in done.stdout.splitlines()]
    return rows, sum(r["vedette"]["excepted"]["count"] for r in rows)


def alerts(sensor):
    return [a for a in sensor.alerts() if a["rule"]["id"] == ID]


@pytest.fixture
def sensor():
    with Sensor() as s:
        yield s


def write(sensor, first, last, text="numbered line"):
    with open(sensor.logs / "app.log", "a") as f:
        for n in range(first, last):
            f.write(f"2026-11-23T10:00:00.000000+00:00 web01 counter[77]: {text} {n}\n")
    (sensor.logs / "app.log").chmod(0o644)


def test_an_excepted_match_is_no_alert_and_counted(sensor):
    tune(sensor, "exceptions.d", entry("['line 1*']", "expires: 2090-01-01\n"))
    write(sensor, 0, 30)
    sensor.start()
    wait_for(lambda: len(alerts(sensor)) == 19)
    rows, count = held(sensor)
    assert count == 11
    said = rows[0]["vedette"]["excepted"]
    assert said["by"] == f"{sensor.dir}/exceptions.d/x.yaml:1"
    assert (said["owner"], said["reason"], said["ticket"], said["why"], said["open"]) == (
        "alice", "it is known", "T-1", "exception", True)
    assert said["expires"].startswith("2090-01-0")
    table = sensor.vedette("alerts", "--excepted", check=1).stdout
    assert "11 matches held back in 1 line" in table and "x.yaml:1, alice, until 2090-01-01" in table
    assert ", 19 open · 11 excepted (--excepted) · next" in sensor.vedette("alerts", check=1).stdout
    sensor.stop()
    assert held(sensor)[1] == 11
    done = sensor.vedette("alerts", "--excepted", "--state", str(sensor.state), check=1)
    assert "11 matches" in done.stdout


def test_an_end_that_is_past_and_a_rule_that_is_gone_hide_nothing(sensor):
    tune(sensor, "exceptions.d", entry("[line]", "expires: 2020-01-01\n"))
    tune(sensor, "exceptions.d", entry("[line]").replace(ID, "gone"), "y.yaml")
    tune(sensor, "overrides.d", "{tag: vedette.no.tag, level: high, reason: r, owner: o}\n")
    write(sensor, 0, 5)
    done = sensor.vedette("check", check=1)
    assert "x.yaml:1:1: warning: this exception expired 2020-01-01" in done.stderr
    assert 'y.yaml:1:7: warning: no rule has the id or name "gone"' in done.stderr
    assert 'x.yaml:1:7: warning: no rule has the tag "vedette.no.tag"' in done.stderr
    sensor.start()
    wait_for(lambda: len(alerts(sensor)) == 5)
    assert sensor.said("y.yaml:1: the exception names no rule that is there") == 1
    done = sensor.vedette("alerts", "--kind", "load", "--json")
    assert "y.yaml:1: the exception names no rule" in done.stdout


def test_a_broken_file_is_refused_by_a_reload_and_the_old_stays(sensor):
    tune(sensor, "exceptions.d", entry("['line 1*']"))
    sensor.start()
    tune(sensor, "exceptions.d", entry("['line 1*']").replace("owner", "onwer"), "y.yaml")
    done = sensor.vedette("reload", check=1)
    assert 'y.yaml:4:1: an exception has no key "onwer"; did you mean "owner"?' in done.stdout
    write(sensor, 0, 20)
    wait_for(lambda: len(alerts(sensor)) == 9)
    assert held(sensor)[1] == 11


def test_overrides_change_the_level_and_switch_off(sensor):
    tune(sensor, "overrides.d", f"{{rule: {ID}, level: critical, reason: r, owner: bob}}\n")
    sensor.start()
    write(sensor, 0, 3)
    wait_for(lambda: len(alerts(sensor)) == 3)
    assert {a["vedette"]["level"] for a in alerts(sensor)} == {"critical"}
    done = subprocess.run([VEDETTE, "rules", "show", "-c", sensor.config, ID], capture_output=True,
                          text=True, check=True)
    assert (f"shipped low, here critical ({sensor.dir}/overrides.d/x.yaml:1, bob): r"
            in done.stdout)
    tune(sensor, "overrides.d", "{tag: vedette.auth.failure, enabled: false, reason: r, owner: bob}\n")
    sensor.vedette("reload", check=0)
    write(sensor, 3, 6)
    tune(sensor, "overrides.d", "[]\n")
    wait_for(lambda: sensor.vedette("reload").returncode == 0)
    write(sensor, 6, 9)
    wait_for(lambda: len(alerts(sensor)) >= 6)
    numbers = sorted(int(a["event"]["original"].rsplit(" ", 1)[1]) for a in alerts(sensor))
    assert numbers[-3:] == [6, 7, 8] and alerts(sensor)[-1]["vedette"]["level"] == "low"


def test_counts_are_exact_across_kills():
    chance = random.Random(11)
    rule = COUNTING_RULE + "vedette: { key: [process.name], suppress: { for: 1h } }\n"
    with Sensor(rules=rule) as sensor:
        tune(sensor, "exceptions.d", entry("['line *7']"))
        writer = Writer(sensor.logs / "app.log", rate=3000).start()
        try:
            for _ in range(8):
                sensor.start()
                want = writer.count + chance.randrange(200, 1500)
                wait_for(lambda: writer.count >= want)
                sensor.stop(signal.SIGKILL)
        finally:
            writer.stop()
        sensor.start()
        excepted = sum("7" in str(n) for n in range(writer.count))
        wait_for(lambda: held(sensor)[1] + len(alerts(sensor)) >= writer.count)
        rows, _ = held(sensor)
        by = {}
        for r in rows:
            e = r["vedette"]["excepted"]
            by[e["why"]] = by.get(e["why"], 0) + e["count"]
        assert by == {"exception": excepted, "suppress": writer.count - excepted - 1}
        assert len(alerts(sensor)) == 1
        sensor.vedette("verify", check=0)



def rules(sensor, *argv, check=0):
    done = subprocess.run([VEDETTE, "rules", argv[0], "-c", sensor.config, *argv[1:]],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == check, (argv, done.stdout, done.stderr)
    return done


def test_a_mute_is_in_force_at_once_survives_a_restart_and_ends_by_itself(sensor):
    sensor.start()
    write(sensor, 0, 3)
    wait_for(lambda: len(alerts(sensor)) == 3)
    said = rules(sensor, "mute", ID[:8], "--for", "1h", "--reason", "too loud", "--ticket", "T-9").stdout
    assert said.startswith("muted until ") and "Numbered line" in said
    write(sensor, 3, 8)
    wait_for(lambda: held(sensor)[1] == 5)
    assert len(alerts(sensor)) == 3
    status = sensor.vedette("status").stdout
    assert "muted     Numbered line until " in status and "too loud" in status
    shown = rules(sensor, "show", ID).stdout
    assert "muted     until " in shown and "5 matches held back" in shown
    for restart in (lambda: sensor.vedette("reload", check=0),
                    lambda: (sensor.stop(signal.SIGKILL), sensor.start())):
        restart()
        before = held(sensor)[1]
        write(sensor, 100, 104)
        wait_for(lambda: held(sensor)[1] == before + 4)
    rules(sensor, "mute", ID, "--for", "0", "--reason", "enough")
    write(sensor, 200, 202)
    wait_for(lambda: len(alerts(sensor)) == 5)
    rules(sensor, "mute", ID, "--for", "2s", "--reason", "short")
    write(sensor, 300, 301)
    wait_for(lambda: held(sensor)[1] == 14)
    wait_for(lambda: "muted" not in sensor.vedette("status").stdout)
    write(sensor, 400, 401)
    wait_for(lambda: len(alerts(sensor)) == 6)
    decisions = sensor.vedette("alerts", "--kind", "decision", "--json").stdout.splitlines()
    said = [json.loads(d) for d in decisions]
    assert [d["event"]["action"] for d in said] == ["mute"] * 3
    assert said[0]["rule"]["id"] == ID and said[0]["vedette"]["decision"]["ticket"] == "T-9"
    sensor.vedette("verify", check=0)
    assert said[0]["vedette"]["decision"]["by"] == "root" or said[0]["user"]["id"] != "0"


def test_mutes_have_a_reason_an_end_and_a_rule(sensor):
    sensor.start()
    for argv, why in ((("--for", "2h"), "--reason"), (("--reason", "x"), "how long"),
                      (("--for", "8d", "--reason", "x"), "at most 7 days"),
                      (("--for", "2h", "--reason", " "), "needs a reason"),
                      (("--until", "2020-01-01", "--reason", "x"), "past")):
        assert why in rules(sensor, "mute", ID, *argv, check=2).stderr
    for rule, why in (("3f0b8", 'no rule "3f0b8"'), ("unknown-rule", 'no rule "unknown-rule"'), ("", 'no rule ""')):
        done = rules(sensor, "mute", rule, "--for", "2h", "--reason", "x", check=2)
        assert why in done.stderr
    assert not sensor.vedette("alerts", "--kind", "decision", "--json").stdout


EXCEPT = ("--until", "2090-01-01", "--reason", "it's known", "--owner", "alice")


def log(sensor, user, n, text="Failed password for %s from 203.0.113.7 port 4022 ssh2"):
    with open(sensor.logs / "app.log", "a") as f:
        for _ in range(n):
            f.write(f"2026-11-23T10:00:00.000000+00:00 web01 sshd[77]: {text % user}\n")
    (sensor.logs / "app.log").chmod(0o644)


SSHD = r"""decoder: sshd
programs: [sshd]
services: [sshd]
patterns:
  - name: failed
    match: '^Failed password for (?<user>.*) from (?<from>[0-9.]+) port [0-9]+ ssh2$'
    fields: { event.action: ssh-login-failed, event.outcome: failure, user.name: $user, source.ip: $from }
"""
GUESS = f"""title: A password "was" guessed
id: {ID}
logsource: {{ product: linux, service: sshd }}
detection: {{ s: {{ event.action: ssh-login-failed }}, condition: s }}
level: medium
vedette:
    tests:
        match: [{{ event.action: ssh-login-failed, user.name: root, source.ip: 10.0.0.1 }}]
"""


@pytest.fixture
def guessed():
    with Sensor(rules=GUESS) as s:
        s.write_rule("decoders/sshd.yaml", SSHD)
        (s.rules / "decoders").chmod(0o755)
        log(s, "backup", 12)
        log(s, "web", 2)
        s.start()
        wait_for(lambda: len(alerts(s)) == 14)
        yield s


def test_a_mute_may_be_of_one_key_alone(guessed):
    said = rules(guessed, "mute", ID[:8], "--for", "1h", "--key", "backup", "--reason", "known").stdout
    assert " for backup: A password" in said
    assert "for backup until " in guessed.vedette("status").stdout
    assert "muted     for backup until " in rules(guessed, "show", ID).stdout
    for n, restart in enumerate((lambda: None, lambda: guessed.vedette("reload", check=0),
                                 lambda: (guessed.stop(signal.SIGKILL), guessed.start()))):
        restart()
        log(guessed, "backup", 3)
        log(guessed, "web", 1)
        wait_for(lambda: len(alerts(guessed)) == 15 + n)
        wait_for(lambda: held(guessed)[1] == 3 * (n + 1))
    rules(guessed, "mute", ID, "--for", "0", "--key", "backup", "--reason", "over")
    log(guessed, "backup", 1)
    wait_for(lambda: len(alerts(guessed)) == 18)
    assert "empty" in rules(guessed, "mute", ID, "--for", "1h", "--key", " ", "--reason", "x", check=2).stderr


def test_an_exception_is_previewed_written_and_in_force_after_a_reload(guessed):
    argv = ("except", ID[:8], "--match", "user.name=backup", "--match", "source.ip|cidr=203.0.113.0/24",
            *EXCEPT, "--ticket", "T-2")
    dry = rules(guessed, *argv, "--dry-run").stdout
    assert "hides 12 of 14 alerts of the last 30 days" in dry
    assert "hidden        12 ×  203.0.113.7" in dry and "stay           2 ×  203.0.113.7" in dry
    assert "    source.ip|cidr: '203.0.113.0/24'" in dry and "reason: 'it''s known'" in dry
    assert not (guessed.dir / "exceptions.d").exists()
    done = rules(guessed, *argv).stdout
    path = guessed.dir / "exceptions.d" / "a-password-was-guessed.yaml"
    assert f"written to {path};" in done
    assert path.stat().st_mode & 0o7777 == 0o644
    assert rules(guessed, *argv).stdout.count("a-password-was-guessed-2.yaml") == 1
    assert [p.name for p in sorted((guessed.dir / "exceptions.d").iterdir())] == [
        "a-password-was-guessed-2.yaml", "a-password-was-guessed.yaml"]
    guessed.vedette("check", check=0)
    guessed.vedette("reload", check=0)
    log(guessed, "backup", 3)
    log(guessed, "web", 1)
    wait_for(lambda: len(alerts(guessed)) == 15)
    assert held(guessed)[1] == 3


def test_an_exception_that_hides_what_is_right_is_refused(guessed):
    done = rules(guessed, "except", ID, "--match", "event.outcome=failure", "--match", "source.ip=*",
                 *EXCEPT, "-n")
    assert "hides 14 of 14" in done.stdout
    done = rules(guessed, "except", ID, "--match", "source.ip=*", *EXCEPT, check=1)
    assert re.search(r"refused: it hides 1 of the 1 tests of the rule that must match "
                     r"\(/\S+\.yml:\d+\)\n", done.stderr)
    first = guessed.alerts("--user", "web", "--limit", "1")[0]
    guessed.vedette("close", first["event"]["id"], "--verdict", "true", "--reason", "it was one", check=0)
    done = rules(guessed, "except", ID, "--match", "user.name=web", *EXCEPT, check=1)
    short = first["vedette"]["short_id"][:8]
    assert f"refused: it hides 1 alert closed as true: {short}" in done.stderr
    guessed.vedette("close", first["event"]["id"], "--verdict", "false", "--reason", "it was none", check=0)
    rules(guessed, "except", ID, "--match", "user.name=web", *EXCEPT, "-n")
    assert not (guessed.dir / "exceptions.d").exists()
    guessed.stop()
    rules(guessed, "except", ID, "--match", "user.name=web", *EXCEPT, "--state", str(guessed.state))


def test_mistakes_in_an_exception_are_told_and_nothing_is_written(guessed):
    for match, said in (("user.nam", "expected FIELD=VALUE"), ("=x", "expected FIELD=VALUE"),
                        ("user.name|contans=x", 'did you mean "contains"'), ("user.name=a\nb", "a line"),
                        ("user.name|re=(", "parenthes")):
        done = rules(guessed, "except", ID, "--match", match, *EXCEPT, check=2)
        assert said in done.stderr, done.stderr
    for end in ("soon", "2020-01-01", "0d"):
        done = rules(guessed, "except", ID, "--match", "user.name=x", "--until", end, "--reason", "r", check=2)
        assert end in done.stderr
    rules(guessed, "except", "gone-rule", "--match", "user.name=x", *EXCEPT, check=2)
    rules(guessed, "except", ID, *EXCEPT, check=2)
    assert not (guessed.dir / "exceptions.d").exists()
    (guessed.dir / "exceptions.d").write_text("in the way")
    done = rules(guessed, "except", ID, "--match", "user.name=x", *EXCEPT, check=2)
    assert "exceptions.d" in done.stderr


def test_each_load_says_which_tuning_it_brought_and_took(sensor):
    tune(sensor, "exceptions.d", entry("[x]"))
    tune(sensor, "exceptions.d", entry("[y]"), "y.yaml")
    sensor.start()
    tune(sensor, "exceptions.d", entry("[z]"), "y.yaml")
    tune(sensor, "overrides.d", f"{{rule: {ID}, level: high, reason: r, owner: bob}}\n")
    sensor.vedette("reload", check=0)
    loads = [json.loads(row) for row in sensor.vedette(
        "alerts", "--kind", "load", "--json", check=1).stdout.splitlines()]
    loads = [r for r in loads if r["event"]["action"] == "load"]
    first, second = (r["vedette"]["load"] for r in loads)
    assert (first["tuning_added"], "tuning_removed" in first) == (2, False)
    assert (second["tuning_added"], second["tuning_removed"]) == (2, 1)
    assert second["removed_tuning"] == [f"exception {sensor.dir}/exceptions.d/y.yaml:1 by alice: it is known"]
    assert f"override {sensor.dir}/overrides.d/x.yaml:1 by bob: r" in second["added_tuning"]
    assert "; tuning: 2 added, 1 removed" in loads[1]["message"]


def test_scan_holds_back_the_same_and_says_how_much(sensor):
    rule = COUNTING_RULE + "vedette: { suppress: { for: 10s } }\n"
    sensor.write_rule("numbered.yml", rule)
    tune(sensor, "exceptions.d", entry("['line 1*']"))
    lines = [f"2026-11-23T10:00:{s:02}.000000+00:00 web01 counter[77]: numbered line {n}\n"
             for n, s in ((1, 0), (20, 1), (21, 2), (22, 10), (23, 11), (24, 15), (25, 21), (12, 30))]
    log = sensor.dir / "old.log"
    log.write_text("".join(lines))
    done = subprocess.run([VEDETTE, "scan", "-c", sensor.config, "--format", "json", log],
                          capture_output=True, text=True)
    assert done.returncode == 1
    numbers = [int(json.loads(a)["event"]["original"].rsplit(" ", 1)[1]) for a in done.stdout.splitlines()]
    assert numbers == [20, 23, 25]
    assert "8 lines, 3 alerts, 5 excepted, " in done.stderr


def test_a_count_becomes_a_record_when_its_time_is_over():
    rule = COUNTING_RULE + "vedette: { key: process.name, suppress: { for: 1s } }\n"
    with Sensor(rules=rule) as sensor:
        sensor.start()
        write(sensor, 0, 40)
        wait_for(lambda: held(sensor)[1] == 39)
        wait_for(lambda: not any("open" in r["vedette"]["excepted"] for r in held(sensor)[0]))
        (record,), count = held(sensor)
        assert count == 39 and record["vedette"]["excepted"]["key"] == "process.name=counter"
        assert record["process"]["name"] == "counter" and record["rule"]["id"] == ID
        assert "count=39" in sensor.vedette("show", record["vedette"]["short_id"], check=0).stdout
        assert "39 matches held back in 1 line" in sensor.vedette("alerts", "--excepted").stdout
        sensor.vedette("verify", check=0)
