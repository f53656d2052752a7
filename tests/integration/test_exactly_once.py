"""Nothing lost, nothing double: kill -9 under load, with rotations."""
import os
import random
import signal
import time

from sensor import Sensor, wait_for
from writer import Writer

ROUNDS = int(os.environ.get("VEDETTE_ROUNDS", "100"))


def newest(sensor, n):
    """Numbers of the newest n alerts."""
    return {int(a["event"]["original"].rsplit(" ", 1)[1]) for a in sensor.alerts("--limit", str(n))
            if "numbered line" in a["event"].get("original", "")}


def settled(sensor, count):
    """The numbers in the journal once all are in it, or after 30 s."""
    end = time.monotonic() + 30
    while True:
        if count - 1 in newest(sensor, 1000) or time.monotonic() > end:
            numbers = sensor.numbers()
            if len(set(numbers)) >= count or time.monotonic() > end:
                return numbers
        time.sleep(0.2)


def hold_against(numbers, count):
    seen = set(numbers)
    lost = [n for n in range(count) if n not in seen]
    print(f"{count} lines: {len(lost)} lost, {len(numbers) - len(seen)} double")
    assert not lost, f"lost: {lost[:10]} ... {lost[-3:]}"
    assert len(numbers) == len(seen), "double"


def test_kill_of_any_role_loses_and_doubles_nothing():
    chance = random.Random(20)
    with Sensor() as sensor:
        sensor.start()
        writer = Writer(sensor.logs / "app.log").start()
        try:
            for n in range(ROUNDS):
                wait_for(lambda: sensor.roles().keys() >= {"judge", "files"})
                end = time.monotonic() + chance.uniform(0.05, 0.4)
                while time.monotonic() < end:
                    time.sleep(0.01)
                victims = sensor.roles()
                victims["supervisor"] = sensor.process.pid
                if n % 4 == 3:
                    victims_now = list(victims.values())
                else:
                    victims_now = [victims[chance.choice(sorted(victims))]]
                if n % 5 == 4:
                    writer.rename()
                for pid in victims_now:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                sensor.process.wait(15)
                sensor.start()
        finally:
            writer.stop()
        numbers = settled(sensor, writer.count)
        hold_against(numbers, writer.count)
        print(f"{ROUNDS} rounds, {writer.rotations} rotations")
        sensor.vedette("verify", "--state", str(sensor.state), check=0)


def test_sigterm_under_load_ends_in_time_and_loses_nothing():
    with Sensor() as sensor:
        sensor.start()
        writer = Writer(sensor.logs / "app.log").start()
        try:
            for _ in range(5):
                begun = time.monotonic()
                count = writer.count
                wait_for(lambda: writer.count > count + 1000)
                begun = time.monotonic()
                assert sensor.stop() == 0
                assert time.monotonic() - begun < 5
                sensor.start()
        finally:
            writer.stop()
        hold_against(settled(sensor, writer.count), writer.count)


def test_a_second_sensor_on_one_journal_is_refused():
    with Sensor() as sensor:
        sensor.start()
        first = sensor.process
        sensor.start(wait=False)
        assert sensor.process.wait(30) != 0
        assert first.poll() is None
        sensor.process = first
        assert "alerts stay" in sensor.vedette("status").stdout
