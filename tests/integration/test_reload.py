"""A reload changes all or nothing, and costs no line."""
import os
import random

from sensor import COUNTING_RULE, Sensor, wait_for
from test_exactly_once import hold_against, settled
from writer import Writer

RELOADS = int(os.environ.get("VEDETTE_RELOADS", "200"))

BROKEN = {
    "syntax": "title: [\n",
    "modifier": COUNTING_RULE.replace("- 'numbered line'", "message|containss: x"),
    "condition": COUNTING_RULE.replace("condition: numbered", "condition: nobody"),
    "regex": COUNTING_RULE.replace("- 'numbered line'", "message|re: '('"),
    "id": COUNTING_RULE,
}


def test_reloads_under_load_lose_nothing_and_broken_ones_change_nothing():
    chance = random.Random(4)
    broken = set(chance.sample(range(RELOADS), RELOADS * 3 // 10))
    with Sensor() as sensor:
        sensor.start()
        writer = Writer(sensor.logs / "app.log", rate=2000).start()
        refused = 0
        try:
            for n in range(RELOADS):
                path = sensor.rules / "next.yml"
                if n in broken:
                    sensor.write_rule("next.yml", BROKEN[chance.choice(sorted(BROKEN))])
                else:
                    path.unlink(missing_ok=True)
                done = sensor.vedette("reload")
                if n in broken:
                    refused += 1
                    assert done.returncode == 1, done
                    assert "next.yml:" in done.stdout + done.stderr or "numbered.yml:" in done.stdout
                else:
                    assert done.returncode == 0, done
        finally:
            writer.stop()
        hold_against(settled(sensor, writer.count), writer.count)
        alarms = [a for a in sensor.alerts() if a.get("rule", {}).get("id") == "reload-refused"]
        assert len(alarms) == refused
        assert all(".yml:" in a["event"]["reason"] for a in alarms)
        print(f"{RELOADS} reloads, {refused} refused")


def test_a_reload_takes_new_rules_and_inputs():
    with Sensor() as sensor:
        sensor.start()
        other = sensor.logs / "other.log"
        sensor.write_rule("second.yml", COUNTING_RULE.replace("numbered line", "second thing")
                          .replace("4d7f6a1c01", "4d7f6a1c02").replace("Numbered", "Second"))
        sensor.write_config(sensor.text.replace("app.log", "other.log"))
        sensor.vedette("reload", check=0)
        other.write_text("2026-11-23T10:00:00+00:00 web01 x[1]: second thing 1\n")
        other.chmod(0o644)
        wait_for(lambda: [a for a in sensor.alerts() if a.get("rule", {}).get("name") == "Second line"])


def test_sighup_storm_ends_with_the_last_set():
    import signal
    with Sensor() as sensor:
        sensor.start()
        for _ in range(100):
            sensor.process.send_signal(signal.SIGHUP)
        writer = Writer(sensor.logs / "app.log")
        writer.write(100)
        hold_against(settled(sensor, 100), 100)
        assert len(sensor.roles()) <= 4
