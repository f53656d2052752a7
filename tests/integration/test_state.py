"""What rules remember over kill -9: the alerts of a run that nobody interrupted.

A log is written while roles are killed at random moments. Afterwards a second
sensor, with a copy of the state from before the first line, reads the same log
in one go: both must have told the same alerts, by id.
"""
import collections
import datetime
import os
import random
import shutil
import signal
import threading
import time

from sensor import SOURCE, Sensor, wait_for

ROUNDS = int(os.environ.get("VEDETTE_STATE_ROUNDS", "30"))
EVERY = 9       # seconds, of the heartbeat that is expected
GRACE = 5       # seconds, see expect.c

BASE = """title: {title}
name: {name}
id: 5d0b8c52-6d0a-4a3e-9d39-0000000000{n:02}
logsource: {{product: linux}}
level: low
detection: {{words: ['{words}'], condition: words}}
"""
CORRELATION = """title: {title}
id: 5d0b8c52-6d0a-4a3e-9d39-0000000000{n:02}
level: high
correlation:
    type: {type}
    rules: [{rules}]
    group-by: [source.ip]
    timespan: {timespan}
"""


def correlation(n, kind, rules, timespan, condition=""):
    text = CORRELATION.format(title=kind, n=n, type=kind, rules=rules, timespan=timespan)
    return text + (f"    condition: {{{condition}}}\n" if condition else "")


RULES = "---\n".join([
    BASE.format(title="Login failed", name="failed", n=1, words="Failed password for"),
    BASE.format(title="Login", name="accepted", n=2, words="Accepted password for"),
    BASE.format(title="Marker", name="marker", n=3, words="this is marker"),
    correlation(11, "event_count", "failed", "10s", "gte: 25"),
    correlation(12, "value_count", "failed", "5s", "field: user.name, gte: 7"),
    correlation(13, "temporal_ordered", "failed, accepted", "3s"),
    correlation(14, "event_count", "accepted", "1s", "lt: 2"),
    BASE.format(title="Heartbeat", name="heartbeat", n=21, words="session opened for user backup")
    + f"vedette: {{expect: {{every: {EVERY}s}}}}\n",
])
HEARTBEAT = "5d0b8c52-6d0a-4a3e-9d39-000000000021"


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds")


class Log:
    """Logins from a few addresses, at random, and a heartbeat until it is stopped."""

    def __init__(self, path):
        self.chance = random.Random(7)
        self.out = open(path, "a", buffering=1)
        os.chmod(path, 0o644)
        self.beating = True
        self.last_beat = None
        self.count = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _say(self, program, text):
        stamp = now()
        self.out.write(f"{stamp} web01 {program}[77]: {text}\n")
        self.count += 1
        return stamp

    def _run(self):
        while not self.stopped.wait(self.chance.uniform(0.0, 0.02)):
            word = "Accepted" if self.chance.random() < 0.06 else "Failed"
            self._say("sshd", f"{word} password for u{self.chance.randrange(8)} from "
                      f"198.51.100.{self.chance.randrange(12)} port 22 ssh2")
            if self.beating and self.chance.random() < 0.05:
                self.last_beat = self._say("su", "session opened for user backup")

    def stop(self):
        self.stopped.set()
        self.thread.join()
        self.out.close()


def told(sensor):
    """(rule, id) of all alerts but those of the plain rules; no id is there twice."""
    alerts = [a for a in sensor.alerts("--state", str(sensor.state), "--kind", "alert")
              if a["rule"]["id"].startswith("5d0b8c52") and a["vedette"]["level"] == "high"]
    ids = [a["event"]["id"] for a in alerts]
    assert len(ids) == len(set(ids))
    return {(a["rule"]["name"], a["rule"]["id"][-2:], a["event"]["id"]) for a in alerts}


def missed(sensor):
    return [a for a in sensor.alerts("--kind", "alert") if a["rule"]["id"] == HEARTBEAT]


def settle(sensor, n):
    """All that was written is judged, and the windows of its time are closed."""
    marker = f"this is marker {n}"
    with open(sensor.logs / "app.log", "a") as out:
        out.write(f"{now()} web01 su[77]: {marker}\n")
    wait_for(lambda: any(marker in a["event"].get("original", "")
                         for a in sensor.alerts("--limit", "50")), 30)
    time_of_windows = 2.0 + 1.0     # timespan and as much for late ones, of "lt", and a tick
    end = time.monotonic() + time_of_windows
    wait_for(lambda: time.monotonic() > end)


def copy_owned(tree, to):
    """A copy that belongs to the same user."""
    shutil.copytree(tree, to)
    for path in (tree, *tree.rglob("*")):
        stat = path.stat()
        os.chown(to / path.relative_to(tree), stat.st_uid, stat.st_gid)
    to.chmod(0o700)


def strike(sensor, chance):
    wait_for(lambda: sensor.roles().keys() >= {"judge", "files"})
    end = time.monotonic() + chance.uniform(0.02, 0.5)
    wait_for(lambda: time.monotonic() > end, every=0.005)
    victims = dict(sensor.roles(), supervisor=sensor.process.pid)
    try:
        os.kill(victims[chance.choice(sorted(victims))], signal.SIGKILL)
    except ProcessLookupError:
        pass
    sensor.process.wait(15)
    sensor.start()


def test_what_rules_remember_is_the_same_over_kills():
    chance = random.Random(11)
    with Sensor(rules=RULES) as sensor:
        shutil.copytree(SOURCE / "rules" / "decoders", sensor.rules / "decoders")
        for path in (sensor.rules / "decoders", *(sensor.rules / "decoders").rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        sensor.start()
        sensor.stop()
        before = sensor.dir / "before"
        copy_owned(sensor.state, before)
        begun = time.monotonic()
        sensor.start()
        log = Log(sensor.logs / "app.log")
        try:
            for n in range(ROUNDS):
                if n == ROUNDS // 3:
                    log.beating = False
                strike(sensor, chance)
        finally:
            log.stop()
        settle(sensor, 1)
        # The heartbeat is missed once, whatever was killed meanwhile.
        beat = datetime.datetime.fromisoformat(log.last_beat)
        found = wait_for(lambda: missed(sensor), EVERY + GRACE + 5)
        if (datetime.datetime.now(datetime.timezone.utc) - beat).total_seconds() < 2 * EVERY + GRACE:
            assert len(found) == 1
        seen = [datetime.datetime.fromisoformat(a["vedette"]["expected"]["seen"]) for a in found]
        assert set(seen) == {beat}
        assert [a["vedette"]["expected"]["missed"] for a in found] == list(range(1, len(found) + 1))
        sensor.stop()
        sensor.vedette("verify", "--state", str(sensor.state), check=0)
        with_kills = told(sensor)
        print(f"{ROUNDS} kills in {time.monotonic() - begun:.0f} s, {log.count} lines")

        shutil.rmtree(sensor.state)
        before.rename(sensor.state)
        sensor.start()
        settle(sensor, 2)
        sensor.stop()
        without = told(sensor)
        kinds = [collections.Counter(number for _, number, _ in run)
                 for run in (with_kills, without)]
        print(*kinds)
        assert set(kinds[1]) >= {"11", "12", "13", "14"} and min(kinds[1].values()) >= 3
        assert not with_kills - without and not without - with_kills
