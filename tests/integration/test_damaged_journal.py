"""A journal whose pages are damaged is set aside, and the sensor goes on."""
import shutil
import sqlite3

import pytest

from sensor import Sensor, line, wait_for

PAGE = 4096


def write(sensor, first, last):
    with open(sensor.logs / "app.log", "a") as log:
        log.writelines(line(n) for n in range(first, last + 1))


def root_page(sensor, name):
    copy = sensor.dir / "copy.db"
    shutil.copy(sensor.state / "journal.db", copy)
    wal = sensor.state / "journal.db-wal"
    if wal.exists():
        shutil.copy(wal, f"{copy}-wal")
    with sqlite3.connect(copy) as db:
        return db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]


def smash(sensor, page, size=PAGE):
    with open(sensor.state / "journal.db", "r+b") as db:
        db.seek((page - 1) * PAGE)
        db.write(b"\xa5" * size)


def damaged_alarms(sensor):
    return [a for a in sensor.alerts() if a["rule"]["id"] == "journal-damaged"]


def test_nothing_is_lost_or_double_when_a_page_turns_out_damaged():
    with Sensor() as sensor:
        write(sensor, 1, 100)
        sensor.start()
        wait_for(lambda: sensor.numbers() == list(range(1, 101)))
        sensor.stop()
        smash(sensor, root_page(sensor, "record_id"))
        write(sensor, 101, 200)
        sensor.start(wait=False)
        wait_for(sensor.ended)
        assert sensor.said("the next start sets the journal aside")
        assert sensor.stop() == 1
        write(sensor, 201, 300)
        sensor.start()
        wait_for(lambda: sensor.numbers() == list(range(101, 301)))
        (alarm,) = damaged_alarms(sensor)
        assert alarm["vedette"]["level"] == "high"
        assert "journal-damaged-1.db" in alarm["rule"]["name"]
        assert (sensor.state / "journal-damaged-1.db").exists()
        sensor.vedette("verify", check=0)
        assert sensor.stop() == 0


@pytest.mark.parametrize("page,size", [(1, 100), (1, PAGE)], ids=["header", "schema"])
def test_what_nobody_knows_any_more_is_a_gap(page, size):
    with Sensor() as sensor:
        write(sensor, 1, 10)
        sensor.start()
        wait_for(lambda: sensor.numbers() == list(range(1, 11)))
        sensor.stop()
        smash(sensor, page, size)
        sensor.start()
        write(sensor, 11, 20)
        wait_for(lambda: set(range(11, 21)) <= set(sensor.numbers()))
        (alarm,) = damaged_alarms(sensor)
        assert "not all positions" in alarm["rule"]["name"]
        assert "journal damaged" in sensor.vedette("alerts").stdout
        assert sensor.stop() == 0
