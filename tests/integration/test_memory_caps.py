"""What rules had to forget is told: in the journal, in status and of the rule."""
import datetime
import json
import subprocess

from sensor import VEDETTE, Sensor, wait_for

BASE = """title: Login failed
name: failed
id: 7b6a1d0e-52a4-4a5b-8f0c-000000000001
logsource: {product: linux}
level: low
detection: {words: ['Failed password'], condition: words}
"""
MANY = """title: Many failed logins
id: 7b6a1d0e-52a4-4a5b-8f0c-000000000002
level: high
correlation:
    type: event_count
    rules: failed
    group-by: source.ip
    timespan: 1h
    condition: {gte: 3}
"""
MANY_ID = "7b6a1d0e-52a4-4a5b-8f0c-000000000002"
DECODER = """decoder: sshd
programs: [sshd]
services: [sshd]
patterns:
    - name: failed
      match: '^Failed password for (?<user>.*) from (?<ip>[0-9.]+)$'
      fields: {source.ip: $ip}
"""


def sensor_with(config):
    sensor = Sensor(config, rules=BASE + "---\n" + MANY)
    sensor.write_rule("decoders/sshd.yaml", DECODER)
    (sensor.rules / "decoders").chmod(0o755)
    return sensor


def write(sensor, *logins):
    """(minutes ago, address) each."""
    now = datetime.datetime.now(datetime.timezone.utc)
    with open(sensor.logs / "app.log", "a") as log:
        for minutes, address in logins:
            when = now - datetime.timedelta(minutes=minutes)
            log.write(f"{when.isoformat()} web sshd[7]: "
                      f"Failed password for x from 192.0.2.{address}\n")
    (sensor.logs / "app.log").chmod(0o644)


def memory(sensor):
    status = json.loads(sensor.vedette("status", "--json").stdout)
    return status["rules"]["memory"]


def show(sensor):
    return subprocess.run([VEDETTE, "rules", "show", "-c", sensor.config, MANY_ID],
                          capture_output=True, text=True, check=True).stdout


def found(sensor, rule, *argv):
    return [a for a in sensor.alerts(*argv) if a.get("rule", {}).get("id") == rule]


def test_evictions_are_told_at_once_and_not_each_time():
    with sensor_with("correlation: {groups: 2}\n") as sensor:
        sensor.start()
        assert "memory" not in sensor.vedette("status").stdout
        write(sensor, *((9, n) for n in range(1, 8)))
        wait_for(lambda: memory(sensor)["evicted"] == 5)
        alarm = wait_for(lambda: found(sensor, "memory-full"))
        assert len(alarm) == 1 and alarm[0]["vedette"]["level"] == "high"
        assert MANY_ID in alarm[0]["rule"]["name"]
        gaps = [g["vedette"]["gap"] for g in sensor.alerts("--kind", "gap")]
        assert [(g["source"], g["reason"]) for g in gaps] == [
            ("Many failed logins", "groups evicted")]
        assert MANY_ID in gaps[0]["detail"]
        status = sensor.vedette("status", check=1).stdout
        assert "5 evicted: Many failed logins (5 evicted)" in status
        assert "had to forget" in status
        assert "5 groups evicted" in show(sensor)
        assert not found(sensor, MANY_ID)
        write(sensor, (8, 7), (8, 7))      # the last ones were kept
        wait_for(lambda: found(sensor, MANY_ID))
        write(sensor, *((7, n) for n in range(20, 30)))
        wait_for(lambda: memory(sensor)["evicted"] > 10)
        assert len(found(sensor, "memory-full")) == 1
        sensor.stop()                      # what is not told yet is, at the end
        assert len(found(sensor, "memory-full")) == 2
        sensor.vedette("verify", "--state", str(sensor.state), check=0)


def test_what_comes_too_late_is_counted():
    with sensor_with("") as sensor:
        sensor.start()
        write(sensor, (9, 1), (90, 1), (91, 1), (8, 1))
        wait_for(lambda: memory(sensor)["late"] == 2)
        status = sensor.vedette("status", check=0).stdout
        assert "2 too late: Many failed logins (2 too late)" in status
        write(sensor, (7, 1))
        wait_for(lambda: found(sensor, MANY_ID))


def test_caps_are_the_configurations_and_wrong_ones_have_a_place():
    with sensor_with("correlation: {groups: 0, memroy: 3M}\n") as sensor:
        wrong = sensor.vedette("check", check=1)
        assert 'no key "memroy"; did you mean "memory"?' in wrong.stdout + wrong.stderr
        sensor.write_config(sensor.text.replace(", memroy: 3M", ""))
        wrong = sensor.vedette("check", check=1)
        assert "vedette.yaml:7:23: groups: must be from 1" in wrong.stdout + wrong.stderr
        sensor.write_config(sensor.text.replace("groups: 0", "groups: 7"))
        shown = sensor.vedette("check", "--effective").stdout
        assert "groups: 7  # " in shown and "memory: 64M  # default" in shown
