"""A sensor whose rules are broken at its start goes on with the last good ones."""
from sensor import COUNTING_RULE, Sensor, line, wait_for

BROKEN = "title: [\n"


def ended(sensor):
    sensor.start(wait=False)
    return sensor.process.wait(20)


def write(sensor, *numbers):
    with open(sensor.logs / "app.log", "a") as log:
        log.writelines(line(n) for n in numbers)
    (sensor.logs / "app.log").chmod(0o644)


def alarms(sensor):
    return [a for a in sensor.alerts() if a["rule"]["id"] == "rules-refused"]


def test_broken_rules_at_the_start_leave_the_last_good_ones_in_force():
    with Sensor() as sensor:
        sensor.write_rule("sub/second.yml", COUNTING_RULE.replace("numbered", "other")
                          .replace("4d7f6a1c01", "4d7f6a1c02").replace("Numbered", "Other"))
        (sensor.rules / "sub").chmod(0o755)
        sensor.start()
        sensor.stop()
        sensor.write_rule("numbered.yml", BROKEN)
        sensor.write_rule("sub/second.yml", BROKEN)
        for start in (1, 2):    # and it stays so
            sensor.start()
            write(sensor, start)
            wait_for(lambda: sensor.numbers() == list(range(1, start + 1)))
            assert "numbered.yml:2:" in sensor.log.read_text()
            status = sensor.vedette("status")
            assert status.returncode == 1 and "last good" in status.stdout
            found = alarms(sensor)
            assert len(found) == start and found[0]["vedette"]["level"] == "high"
            refused = [r for r in sensor.alerts("--kind", "load")
                       if r["event"]["action"] == "load-refused"
                       and r["vedette"]["load"]["by"] == "start"]
            assert len(refused) == start and "numbered.yml:2:" in refused[-1]["event"]["reason"]
            assert not (sensor.state / "rules.good.d").exists()
            sensor.vedette("reload", check=1)   # a reload falls back on nothing
            sensor.stop()
        sensor.write_rule("numbered.yml", COUNTING_RULE)
        (sensor.rules / "sub" / "second.yml").unlink()
        sensor.start()
        assert "last good" not in sensor.vedette("status").stdout
        load = sensor.alerts("--kind", "load")[-1]["vedette"]["load"]
        assert [load["added"], load["changed"], load["removed"]] == [0, 0, 1]
        assert len(alarms(sensor)) == 2


def test_a_reload_mends_a_start_with_broken_rules():
    with Sensor() as sensor:
        sensor.start()
        sensor.stop()
        sensor.write_rule("numbered.yml", BROKEN)
        sensor.start()
        sensor.write_rule("numbered.yml", COUNTING_RULE)
        sensor.vedette("reload", check=0)
        wait_for(lambda: "last good" not in sensor.vedette("status").stdout)


def test_without_a_good_set_broken_rules_are_the_end():
    with Sensor(rules=BROKEN) as sensor:
        assert ended(sensor) == 1
        assert "numbered.yml:2:" in sensor.log.read_text()


def test_a_damaged_copy_is_none():
    with Sensor() as sensor:
        sensor.start()
        sensor.stop()
        sensor.write_rule("numbered.yml", BROKEN)
        copy = sensor.state / "rules.good"
        good = copy.read_bytes()
        for bad in (b"", good[:20], good[:-1], good + b"x",
                    good[:60] + bytes([good[60] ^ 1]) + good[61:]):
            copy.write_bytes(bad)
            assert ended(sensor) == 1
        copy.write_bytes(good)
        sensor.start()
