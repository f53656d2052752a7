"""Each load of rules is a record: what it changed, and by whom."""
import os
import signal

from sensor import COUNTING_RULE, Sensor, wait_for


def rule(n, text="second thing", level="low"):
    return (COUNTING_RULE.replace("numbered line", text)
            .replace("4d7f6a1c01", f"4d7f6a1c{n:02}").replace("Numbered line", f"Rule {n}")
            .replace("level: low", f"level: {level}"))


def loads(sensor, action="load"):
    """Newest first."""
    return [r for r in reversed(sensor.alerts("--kind", "load")) if r["event"]["action"] == action]


def changes(record):
    load = record["vedette"]["load"]
    return [load["added"], load["changed"], load["removed"]]


def test_a_load_says_what_it_changed_and_who_asked():
    with Sensor() as sensor:
        sensor.write_rule("two.yml", rule(2))
        sensor.write_rule("three.yml", rule(3))
        sensor.start()
        first = loads(sensor)
        assert len(first) == 1 and first[0]["vedette"]["load"]["by"] == "start"
        assert first[0]["message"] == "3 rules, at start"

        sensor.write_rule("two.yml", rule(2, level="high"))
        sensor.write_rule("four.yml", rule(4, "fourth thing"))
        (sensor.rules / "three.yml").unlink()
        told = sensor.vedette("reload", check=0).stdout
        new = wait_for(lambda: loads(sensor)[:-1])[0]
        assert told == ("3 rules (1 added, 1 changed, 1 removed), tests passed; record "
                        f"{new['vedette']['short_id']}\n")
        assert changes(new) == [1, 1, 1]
        load = new["vedette"]["load"]
        assert load["added_rules"] == ["Rule 4 (3f0b8c52-6d0a-4a3e-9d39-0a4d7f6a1c04)"]
        assert load["changed_rules"] == [
            "Rule 2 (3f0b8c52-6d0a-4a3e-9d39-0a4d7f6a1c02, level high, was low)"]
        assert load["removed_rules"] == ["Rule 3 (3f0b8c52-6d0a-4a3e-9d39-0a4d7f6a1c03)"]
        assert load["by"] == "reload" and new["user"]["id"] == str(os.getuid())
        assert load["digest_before"] == first[0]["vedette"]["load"]["digest"] != load["digest"]
        assert new["message"].startswith("3 rules: 1 added, 1 changed, 1 removed, reload by ")

        shown = sensor.vedette("show", new["event"]["id"], check=0).stdout
        assert "1 added, 1 changed, 1 removed" in shown
        assert "Rule 3 (3f0b8c52-6d0a-4a3e-9d39-0a4d7f6a1c03)" in shown


def test_a_load_without_changes_says_so_over_restarts_too():
    with Sensor() as sensor:
        sensor.start()
        sensor.stop()
        sensor.start()
        assert changes(loads(sensor)[0]) == [0, 0, 0]
        sensor.stop()
        sensor.write_rule("two.yml", rule(2))
        sensor.start()
        assert changes(loads(sensor)[0]) == [1, 0, 0]
        sensor.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(loads(sensor)) == 4)
        last = loads(sensor)[0]
        assert changes(last) == [0, 0, 0] and last["vedette"]["load"]["by"] == "signal"
        assert "user" not in last


def test_a_refused_load_says_why_and_who_asked_and_changes_nothing():
    with Sensor() as sensor:
        sensor.start()
        sensor.write_rule("two.yml", "title: [\n")
        told = sensor.vedette("reload", check=1).stdout.splitlines()
        assert f"{sensor.rules}/two.yml:2:1: " in told[0]
        assert told[-1] == "refused: what was in force stays in force"
        refused = loads(sensor, "load-refused")
        assert len(refused) == 1 and refused[0]["user"]["id"] == str(os.getuid())
        assert "two.yml:" in refused[0]["event"]["reason"]
        assert refused[0]["event"]["outcome"] == "failure"
        sensor.write_rule("two.yml", rule(2))
        sensor.vedette("reload", check=0)
        assert changes(wait_for(lambda: loads(sensor)[:-1])[0]) == [1, 0, 0]
        sensor.vedette("verify", "--state", str(sensor.state), check=0)
