"""Run below `unshare --mount` by test_journal.py: journal_scenario.py NAME.

A real journald with a journal of its own in /run; prints one JSON object.
"""
import contextlib
import json
import os
import pathlib
import random
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from own_host import Host, sh
from sensor import VEDETTE, Sensor, wait_for

RATE = 2000
JOURNAL = pathlib.Path("/run/log/journal")
NATIVE = "/run/systemd/journal/socket"
SUPPRESSED = "a596d6fe7bfa4994828e72309e95d61e"
CONFIG = "inputs:\n  - defaults: off\n  - journal: {%s}\n"
EVERY_MESSAGE = """title: Any message of ours
id: 5b1f7d0e-8a54-4d7b-9d0c-3f8b3fb2c702
status: test
description: Matches what the scenario sends.
logsource:
    product: linux
detection:
    mark:
        - 'observable'
    condition: mark
falsepositives: [none]
level: low
tags: [vedette.auth.failure]
"""


class Journald:
    """On the private /run; started again where it was killed."""

    def __init__(self, host, conf=""):
        self.host = host
        pathlib.Path("/etc/systemd/journald.conf").write_text(
            "[Journal]\nStorage=volatile\nRuntimeMaxUse=1G\nRuntimeKeepFree=1M\n"
            "RuntimeMaxFiles=1000\nReadKMsg=no\nAudit=no\n" + (
                conf or "RateLimitIntervalSec=0\n"))
        self.start()

    def start(self):
        self.host.journald()
        self.process = self.host.daemons[-1]

    def rotate(self):
        self.process.send_signal(signal.SIGUSR2)

    def kill(self):
        self.process.kill()
        self.process.wait()

    @staticmethod
    def archived():
        return sorted(JOURNAL.glob("*/system@*.journal"))

    @staticmethod
    def stored():
        """Numbers of the lines that journald has."""
        told = subprocess.run(
            ["journalctl", "-D", str(JOURNAL), "-o", "cat", "--no-pager", "-q", "-t", "counter"],
            capture_output=True, text=True, errors="replace").stdout
        return sorted(int(row.rsplit(" ", 1)[1]) for row in told.splitlines()
                      if row.startswith("numbered line"))


def log(s, n, text="numbered line"):
    s.sendto(f"<13>counter[77]: {text} {n}".encode(), "/dev/log")


def burst(first, count, text="numbered line"):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        for n in range(first, first + count):
            log(s, n, text)


class Sender(threading.Thread):
    """Numbered messages to /dev/log, RATE a second, `count` in all."""

    def __init__(self, count):
        super().__init__(daemon=True)
        self.count, self.sent, self.refused = count, 0, 0
        self.start()

    def run(self):
        begun = time.monotonic()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            while self.sent < self.count:
                behind = self.sent / RATE - (time.monotonic() - begun)
                if behind > 0:
                    time.sleep(min(behind, 0.05))
                try:
                    log(s, self.sent)
                    self.sent += 1
                except (ConnectionRefusedError, FileNotFoundError):
                    self.refused += 1
                    time.sleep(0.005)


def native(*fields):
    """One entry by journald's own protocol; a value of bytes goes as binary."""
    body = b""
    for name, value in fields:
        if isinstance(value, bytes):
            body += name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
        else:
            body += f"{name}={value}\n".encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(NATIVE)
        try:
            s.send(body)
        except OSError:		# too long for a datagram: a sealed memfd
            fd = os.memfd_create("entry", os.MFD_ALLOW_SEALING)
            os.write(fd, body)
            import fcntl
            fcntl.fcntl(fd, 1033, 0x000f)	# F_ADD_SEALS, all of them
            socket.send_fds(s, [b""], [fd])
            os.close(fd)


def numbers_are(sensor, count, seconds=30):
    """The numbers once there are that many different ones."""
    def enough():
        with contextlib.suppress(AssertionError):
            numbers = sensor.numbers()
            return numbers if len(set(numbers)) >= count else None
    try:
        return wait_for(enough, seconds, 0.2)
    except AssertionError:
        return sensor.numbers()


def difference(numbers, stored):
    seen = set(numbers)
    return {"stored": len(stored), "lost": len(set(stored) - seen),
            "double": len(numbers) - len(seen), "alien": len(seen - set(stored)),
            "first_lost": sorted(set(stored) - seen)[:5]}


def gaps(sensor):
    return [{"from": a["event"]["start"], "until": a["event"]["end"], **a["vedette"]["gap"]}
            for a in sensor.alerts("--state", str(sensor.state), "--kind", "gap")]


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- scenarios: each gets a host and a sensor that is not started -----------


def rotation(host, sensor):
    journald = Journald(host)
    sensor.start()
    sender, rotations = Sender(20000), 0
    while sender.is_alive():
        journald.rotate()
        rotations += 1
        sender.join(0.2)
    stored = journald.stored()
    return {"rotations": rotations, "files": len(journald.archived()),
            **difference(numbers_are(sensor, len(stored)), stored), "gaps": gaps(sensor)}


def kills(host, sensor):
    chance = random.Random(7)
    journald = Journald(host)
    sensor.start()
    sender, done = Sender(20000), []
    victims = ["journal", "judge", "supervisor", "all", "stop"] * 2
    while sender.is_alive() or victims:
        journald.rotate()
        sender.join(chance.uniform(0.1, 0.5))
        if not victims:
            continue
        victim = victims.pop()
        pids = {**sensor.roles(), "supervisor": sensor.process.pid}
        if victim == "stop":
            sensor.stop()
        else:
            for pid in pids.values() if victim == "all" else [pids[victim]]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            sensor.process.wait(15)
        done.append(victim)
        sensor.start()
    stored = journald.stored()
    result = difference(numbers_are(sensor, len(stored)), stored)
    sensor.vedette("verify", "--state", str(sensor.state), check=0)
    return {"kills": done, **result, "gaps": gaps(sensor)}


def vacuum(host, sensor):
    journald = Journald(host)
    sensor.start()
    burst(0, 100)
    numbers_are(sensor, 100)
    sensor.stop()
    burst(100, 50)
    wait_for(lambda: len(journald.stored()) == 150)
    journald.rotate()
    wait_for(journald.archived)
    burst(150, 50)
    wait_for(lambda: len(journald.stored()) == 200)
    for path in journald.archived():
        path.unlink()
    sensor.start()
    numbers = numbers_are(sensor, 150)
    first = cpu(sensor.roles()["journal"])
    end = time.monotonic() + 2
    while time.monotonic() < end:
        time.sleep(0.2)
    idle = cpu(sensor.roles()["journal"]) - first
    sensor.stop()
    sensor.start()
    return {"numbers": numbers, "gaps": gaps(sensor), "cpu": idle}


def corrupt(host, sensor):
    journald = Journald(host)
    for part in range(3):
        burst(part * 1000, 1000)
        wait_for(lambda: len(journald.stored()) == part * 1000 + 1000)
        journald.rotate()
        wait_for(lambda: len(journald.archived()) == part + 1)
    sensor.start()
    numbers_are(sensor, 1000)
    sensor.stop()
    burst(3000, 1000)
    wait_for(lambda: len(journald.stored()) == 4000)
    journald.rotate()
    wait_for(lambda: len(journald.archived()) == 4)
    burst(4000, 1000)
    wait_for(lambda: len(journald.stored()) == 5000)
    damaged = journald.archived()[-1]	# they are named by their numbers
    with open(damaged, "r+b") as f:
        # In the middle of the entries: before them is a large hash table.
        data = f.read().rstrip(b"\0")
        begin = data.index(b"numbered line 3400")
        f.seek(begin)
        f.write(b"\0" * (data.index(b"numbered line 3600") - begin))
    sensor.start()
    numbers = wait_for(lambda: [n for n in sensor.numbers() if n >= 4000][999:] and sensor.numbers())
    first = cpu(sensor.roles()["journal"])
    end = time.monotonic() + 2
    while time.monotonic() < end:
        time.sleep(0.2)
    return {"readable": len(journald.stored()), "of_damaged": len([n for n in numbers if 3000 <= n < 4000]),
            "behind": len([n for n in numbers if n >= 4000]), "double": len(numbers) - len(set(numbers)),
            "gaps": gaps(sensor), "cpu": cpu(sensor.roles()["journal"]) - first}


def restart(host, sensor):
    journald = Journald(host)
    sensor.start()
    sender, restarts = Sender(8000), 0
    while sender.is_alive():
        sender.join(0.5)
        if restarts < 6:
            journald.kill()
            journald.start()
            restarts += 1
    wait_for(lambda: journald.stored()[-1] == 7999)
    stored = journald.stored()
    return {"restarts": restarts, "refused": sender.refused,
            **difference(numbers_are(sensor, len(stored)), stored), "gaps": gaps(sensor)}


@contextlib.contextmanager
def service(name):
    """Children started within belong to a unit, as journald sees it."""
    made = []
    for top in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"):
        path = pathlib.Path(top, f"system.slice/{name}")
        with contextlib.suppress(OSError):
            new = not path.parent.exists()
            path.parent.mkdir(exist_ok=True)
            path.mkdir(exist_ok=True)
            made.append((path, new))
    try:
        yield [path / "cgroup.procs" for path, _ in made]
    finally:
        for path, new in made:
            wait_for(lambda: not (path / "cgroup.procs").read_text())
            path.rmdir()
            if new:
                path.parent.rmdir()


def suppressed(host, sensor):
    journald = Journald(host, "RateLimitIntervalSec=1s\nRateLimitBurst=100\n")
    sensor.start()
    native(("MESSAGE", "Suppressed 4711 messages from sshd.service"), ("MESSAGE_ID", SUPPRESSED),
           ("N_DROPPED", "4711"), ("SYSLOG_IDENTIFIER", "systemd-journald"), ("PRIORITY", "4"))
    with service("vedette-test.service") as procs:
        child = os.fork()
        if child == 0:
            for path in procs:
                path.write_text(str(os.getpid()))
            burst(0, 2000)
            for n in range(200):	# journald tells of it with the next one it takes
                if gaps(sensor):
                    break
                burst(3000 + n, 1, "prod")
                time.sleep(0.1)
            os._exit(0)
        os.waitpid(child, 0)
    driver = subprocess.run(["journalctl", "-D", str(JOURNAL), "-o", "json", "-q", "_TRANSPORT=driver",
                             f"MESSAGE_ID={SUPPRESSED}"], capture_output=True, text=True).stdout
    return {"stored": len(journald.stored()), "gaps": gaps(sensor), "alerts": sensor.vedette("alerts").stdout,
            "driver": [json.loads(row)["N_DROPPED"] for row in driver.splitlines()]}


def hostile(host, sensor):
    Journald(host)
    sensor.write_rule("numbered.yml", EVERY_MESSAGE)
    sensor.start()
    big = b"a" * (1 << 20)
    noise = random.Random(3).randbytes(1 << 20)
    cases = {
        "binary": [("MESSAGE", b"observable binary \x00\x01\xff\xfe _UID=0 end"), ("BLOB", bytes(range(256)))],
        "newline": [("MESSAGE", b"observable newline\n_UID=0\n_EXE=/usr/sbin/sshd\nPRIORITY=0"), ("PRIORITY", "6")],
        "forged": [("MESSAGE", "observable forged"), ("SYSLOG_IDENTIFIER", "sshd"), ("_EXE", "/usr/sbin/sshd"),
                   ("_UID", "4242"), ("__REALTIME_TIMESTAMP", "1"), ("__CURSOR", "s=0")],
        "big-message": [("MESSAGE", b"observable big " + big), ("SYSLOG_IDENTIFIER", "big-message")],
        "big-name": [("SYSLOG_IDENTIFIER", big), ("SYSLOG_PID", "1"), ("MESSAGE", "observable big-name")],
        "big-fields": [("SYSLOG_IDENTIFIER", noise), ("SYSLOG_PID", big), ("SYSLOG_FACILITY", big), ("PRIORITY", big),
                       ("MESSAGE_ID", big), ("MESSAGE", b"observable big-fields " + noise)],
        "big-other": [("OTHER", noise), ("MESSAGE", "observable big-other")],
        "many": [("MESSAGE", "observable many")] + [(f"F{n}", "x" * 200) for n in range(900)],
        "twice": [("MESSAGE", "observable twice"), ("MESSAGE", "observable second"), ("SYSLOG_IDENTIFIER", "a"),
                  ("SYSLOG_IDENTIFIER", "b")],
        "packed": [("MESSAGE", "observable packed"), ("TEXT", "zstd " * 4000)],
        "last": [("MESSAGE", "observable last")],
    }
    for fields in cases.values():
        native(*fields)

    def all_there():
        return [a for a in sensor.alerts("--state", str(sensor.state))
                if a["event"].get("original", "").startswith("observable last")]
    with contextlib.suppress(AssertionError):
        wait_for(all_there, 20, 0.2)
    found = sensor.alerts("--state", str(sensor.state))
    for a in found:		# enough to look at
        if "original" in a["event"]:
            a["length"] = len(a["event"]["original"])
            a["event"]["original"] = a["event"]["original"][:200]
            a["message"] = str(a.get("message"))[:200]
    return {"names": list(cases), "alerts": found, "ended": sensor.ended(),
            "python": os.path.realpath(sys.executable)}


def first(host, sensor):
    journald = Journald(host)
    burst(0, 1000)
    wait_for(lambda: len(journald.stored()) == 1000)
    sensor.write_config(CONFIG % "")
    sensor.start()
    wait_for(lambda: (sensor.state / "journal.db").exists() or list(sensor.state.iterdir()))
    # Nothing was read yet: what comes while it is down must still be read.
    sensor.stop()
    burst(1000, 10)
    wait_for(lambda: len(journald.stored()) == 1010)
    sensor.start()
    end = numbers_are(sensor, 10)
    sensor.stop()
    check = sensor.vedette("check").stdout
    with Sensor() as other:
        other.write_config(CONFIG % "from: beginning")
        other.start()
        return {"end": end, "beginning": numbers_are(other, 1010), "check": check,
                "alerts": sensor.vedette("alerts").stdout}


def chosen(host, sensor):
    """Only entries with one of the matches; a reload under load beside it."""
    journald = Journald(host)
    sensor.write_config(CONFIG % 'from: beginning, match: ["PRIORITY=3", "SYSLOG_IDENTIFIER=other"]')
    sensor.start()
    sends = [("counter", "3"), ("counter", "5"), ("other", "5"), ("third", "6")]
    for n in range(40):
        name, priority = sends[n % 4]
        native(("MESSAGE", f"numbered line {n}"), ("SYSLOG_IDENTIFIER", name), ("PRIORITY", priority))
    matched = numbers_are(sensor, 20)
    skipped = gaps(sensor)
    sensor.stop()
    wrong = {}
    for name, text in (("match", 'match: ["sshd"]'), ("twice", "}\n  - journal: {")):
        sensor.write_config(CONFIG % text)
        done = sensor.vedette("check")
        wrong[name] = [done.returncode, done.stdout + done.stderr]
    with Sensor() as other:
        other.write_config(CONFIG % "")
        other.start()
        sender, reloads = Sender(6000), 0
        while sender.is_alive():
            reloads += other.vedette("reload").returncode == 0
            journald.rotate()
            sender.join(0.1)
        stored = [n for n in journald.stored()]
        numbers = numbers_are(other, 6000)
    return {"matched": matched, "gaps": skipped, "wrong": wrong, "reloads": reloads,
            "reloaded": {"different": len(set(numbers)), "all": len(numbers), "stored": len(stored)}}


def persistent(host, sensor):
    """A persistent journal is made, and the volatile one flushed to it."""
    journald = Journald(host)
    conf = pathlib.Path("/etc/systemd/journald.conf")
    conf.write_text(conf.read_text().replace("Storage=volatile", "Storage=auto"))
    journald.kill()
    journald.start()
    sensor.start()
    burst(0, 100)
    numbers_are(sensor, 100)
    os.mkdir("/var/log/journal")
    sh("chown", "root:systemd-journal", "/var/log/journal")
    os.chmod("/var/log/journal", 0o2755)
    journald.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: list(pathlib.Path("/var/log/journal").glob("*/system.journal")))
    burst(100, 100)
    running = numbers_are(sensor, 200, 40)
    sensor.stop()
    sensor.start()
    burst(200, 100)
    after = numbers_are(sensor, 300)
    return {"running": len(running), "after": len(after), "double": len(after) - len(set(after)),
            "gaps": gaps(sensor)}


def sealed(host, sensor):
    """Calls that the seal refuses, under load, rotation and packed fields."""
    journald = Journald(host)
    sensor.start()
    trace = sensor.dir / "trace"
    tracer = subprocess.Popen(["strace", "-f", "-o", str(trace), "-p", str(sensor.roles()["journal"])],
                              stderr=subprocess.DEVNULL)
    try:
        wait_for(trace.exists)
        for part in range(5):
            burst(part * 200, 200)
            native(("MESSAGE", f"numbered line {1000 + part}"), ("SYSLOG_IDENTIFIER", "counter"),
                   ("TEXT", "zstd " * 4000))
            journald.rotate()
        for path in journald.archived()[:2]:
            path.unlink()
        numbers = numbers_are(sensor, 1005)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
    calls = trace.read_text().splitlines()
    return {"numbers": len(numbers), "calls": len(calls),
            "refused": [c for c in calls if "EPERM" in c or "EACCES" in c][:20]}


def throughput(host, sensor):
    journald = Journald(host)
    count = int(os.environ.get("VEDETTE_ENTRIES", "100000"))
    burst(0, count)
    wait_for(lambda: len(journald.stored()) == count, 60, 0.5)
    begun = time.monotonic()
    sensor.start()

    def newest():
        with contextlib.suppress(AssertionError):
            return any(a["event"].get("original", "").endswith(f"numbered line {count - 1}")
                       for a in sensor.alerts("--limit", "5"))
    wait_for(newest, 120, 0.05)
    seconds = time.monotonic() - begun
    used = {name: cpu(pid) for name, pid in sensor.roles().items()}
    return {"seconds": seconds, "count": count, "cpu": used, **difference(sensor.numbers(), range(count))}


SCENARIOS = [rotation, kills, vacuum, corrupt, restart, suppressed, hostile, first, chosen, persistent, sealed, throughput]


def main():
    scenario = {s.__name__: s for s in SCENARIOS}[sys.argv[1]]
    host = Host()
    with Sensor() as sensor:
        sensor.write_config(CONFIG % "from: beginning")
        try:
            result = scenario(host, sensor)
            result["log"] = sensor.log.read_text(errors="replace")[-3000:]
        finally:
            host.end()
        json.dump(result, sys.stdout)


main()
