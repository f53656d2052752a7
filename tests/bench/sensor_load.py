#!/usr/bin/env python3
"""What the running sensor costs: memory and CPU of each role, idle and at
5,000 lines/s, and how many alerts a second become durable.

    VEDETTE=build/vedette VEDETTE_SOURCE=. tests/bench/sensor_load.py [SECONDS]

Memory is what smaps_rollup says (Pss is what a role costs, Rss what it maps);
CPU is utime + stime of all roles and the supervisor.
"""
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))

from sensor import COUNTING_RULE, Sensor, line, wait_for
from writer import Writer

TICK = os.sysconf("SC_CLK_TCK")
SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
SOURCE = pathlib.Path(os.environ["VEDETTE_SOURCE"])


def roles(sensor):
    found = sensor.roles()
    found["supervisor"] = sensor.process.pid
    return found


def memory(pid):
    rows = dict(l.split(":", 1) for l in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return int(rows["Pss"].split()[0]), int(rows["Rss"].split()[0])


def cpu(sensor):
    """Milliseconds of all of it."""
    total = 0
    for pid in roles(sensor).values():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total * 1000 / TICK


def show(sensor, what, begun, span):
    total = 0
    for name, pid in sorted(roles(sensor).items()):
        pss, rss = memory(pid)
        total += pss
        print(f"  {name:<12} PSS {pss / 1024:6.1f} MiB  RSS {rss / 1024:6.1f} MiB")
    spent = cpu(sensor) - begun
    print(f"{what}: PSS {total / 1024:.1f} MiB in all, {spent:.0f} ms of CPU in {span:.0f} s "
          f"({spent / span / 10:.2f} % of a core)")


def configure(sensor, match):
    """All shipped rules, an output to a file, and the counting rule for some."""
    os.system(f"cp -r {SOURCE}/rules/. {sensor.rules}/ 2>/dev/null")
    sensor.write_rule("numbered.yml", COUNTING_RULE.replace("'numbered line'", f"'{match}'"))
    out = sensor.dir / "out"
    out.mkdir()
    out.chmod(0o777)
    sensor.write_config(sensor.text + f"outputs:\n  - file: {{ path: {out}/alerts.jsonl }}\n")


def idle_and_load():
    with Sensor() as sensor:
        configure(sensor, "numbered line 77")
        sensor.start()
        time.sleep(3)
        begun = cpu(sensor)
        time.sleep(SECONDS)
        show(sensor, "idle", begun, SECONDS)
        writer = Writer(sensor.logs / "app.log")
        begun = cpu(sensor)
        writer.start()
        time.sleep(min(SECONDS, 30))
        show(sensor, "at 5,000 lines/s", begun, min(SECONDS, 30))
        writer.stop()


def durable():
    count = 200000
    with Sensor() as sensor:
        configure(sensor, "numbered line")
        log = sensor.logs / "app.log"
        log.write_text("".join(line(n) for n in range(count)))
        log.chmod(0o644)
        begun = time.monotonic()
        sensor.start()
        started = time.monotonic()
        wait_for(lambda: f"numbered line {count - 1}" in sensor.vedette(
            "alerts", "--json", "--limit", "1").stdout, 120, 0.1)
        span = time.monotonic() - started
        print(f"durable alerts: {count} in {span:.1f} s, {count / span:.0f} a second "
              f"(with their indexes, one file output beside it)")


idle_and_load()
durable()
