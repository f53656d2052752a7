"""A rule whose regular expression takes too much time is switched off, and no other."""
import json

from sensor import COUNTING_RULE, Sensor, line, wait_for

HOSTILE_ID = "3f0b8c52-6d0a-4a3e-9d39-0a4d7f6a1c02"
HOSTILE = (COUNTING_RULE.replace("4d7f6a1c01", "4d7f6a1c02").replace("Numbered line", "Hostile")
           .replace("- 'numbered line'", r"message|re: '^(\w+\s?)*\[end\]$'"))
LINES = 2000
# It has the text that the expression asks for, which then tries all ways to get to it.
BAIT = "a" * 40 + "[end] numbered line"


def off(sensor):
    return [a for a in sensor.alerts("--kind", "alert") if a["rule"]["id"] == "rule-switched-off"]


def hits(sensor):
    return [a for a in sensor.alerts("--kind", "alert") if a["rule"]["id"] == HOSTILE_ID]


def status(sensor):
    done = sensor.vedette("status", "--json")
    return done.returncode, json.loads(done.stdout)


def match(sensor):
    """A line that the hostile rule matches."""
    write(sensor, line("", "all is well[end]").replace(" \n", "\n"))


def write(sensor, text):
    with open(sensor.logs / "app.log", "a") as log:
        log.write(text)
    (sensor.logs / "app.log").chmod(0o644)


def bait(sensor, numbers):
    write(sensor, "".join(line(n, BAIT) for n in numbers))


def test_a_hostile_rule_is_switched_off_and_no_other():
    with Sensor() as sensor:
        sensor.write_rule("hostile.yml", HOSTILE)
        sensor.start()
        match(sensor)
        wait_for(lambda: len(hits(sensor)) == 1)

        bait(sensor, range(LINES))
        alarm = wait_for(lambda: off(sensor))
        wait_for(lambda: len(sensor.numbers()) == LINES, 60)
        assert sensor.numbers() == list(range(LINES))
        assert len(alarm) == len(off(sensor)) == 1
        assert alarm[0]["vedette"]["level"] == "high"
        assert HOSTILE_ID in alarm[0]["rule"]["name"] and "hostile.yml:1" in alarm[0]["rule"]["name"]
        assert HOSTILE_ID in sensor.log.read_text()
        code, told = status(sensor)
        assert code == 1 and told["rules"]["stopped"] == 1
        assert any("too slow" in reason for reason in told["degraded"])
        match(sensor)
        bait(sensor, [LINES])
        wait_for(lambda: len(sensor.numbers()) == LINES + 1)
        assert len(hits(sensor)) == 1

        # A load gives it another chance, and it stays on while nobody baits it.
        sensor.vedette("reload", check=0)
        match(sensor)
        wait_for(lambda: len(hits(sensor)) == 2)
        code, told = status(sensor)
        assert code == 0 and told["rules"]["stopped"] == 0
        assert len(off(sensor)) == 1
        sensor.vedette("verify", "--state", str(sensor.state), check=0)
