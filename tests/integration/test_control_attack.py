"""The control socket under abuse by those who may connect: the sensor's work
goes on, and who behaves is still answered.
"""
import contextlib
import json
import os
import random
import signal
import socket
import struct
import subprocess
import time

import pytest
from sensor import VEDETTE, Sensor, wait_for
from writer import Writer

REQUEST, REQUEST_MAX = 1, 64 << 10


@pytest.fixture(scope="module")
def filled():
    """100,000 alerts in the journal."""
    with Sensor() as sensor:
        sensor.start()
        writer = Writer(sensor.logs / "app.log")
        while writer.count < 100000:
            writer.write(5000)
        wait_for(lambda: json.loads(sensor.vedette("status", "--json").stdout)["journal"]["records"] >= 100000, 60, 0.3)
        yield sensor


def connect(sensor):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(15)
    s.connect(str(sensor.run / "control.sock"))
    return s


def frame(body, kind=REQUEST):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return struct.pack("<IH", len(body), kind) + body


def well(sensor, roles):
    assert not sensor.ended() and sensor.roles() == roles
    done = sensor.vedette("status", "--json")
    assert done.returncode in (0, 1) and json.loads(done.stdout)["journal"]["records"] >= 100000


def ended(s):
    """Reads to the end; True when the sensor closed."""
    with contextlib.suppress(ConnectionError):
        while s.recv(65536):
            pass
    return True


def test_garbage_and_half_frames(filled):
    roles = filled.roles()
    chance = random.Random(3)
    whole = frame({"command": "list", "query": {"limit": 3}})
    pieces = [b"", b"\0", whole[:3], whole[:6], whole[:-1], b"\xff" * 64, frame(b""), frame(b"[" * 5000),
              frame(b"{}"), frame({"command": "reload "}), frame({"command": ["list"]}), frame({"command": "list"}, 7),
              frame({"command": "list", "query": {"limit": -1}}), frame({"command": "list", "limit": 1e300}),
              frame({"command": "list", "query": {"since": "x" * 30000}}), frame({"command": "find", "digits": "%" * 100}),
              struct.pack("<IH", 0xffffffff, 1), struct.pack("<IH", 1 << 20, 1) + b"x" * (1 << 17),
              frame({"command": "decide"}), frame({"command": "decide", "id": "zz", "decision": "ack"}), whole * 50]
    pieces += [bytes(chance.randrange(256) for _ in range(chance.randrange(200))) for _ in range(200)]
    pieces += [bytes(b ^ (chance.random() < 0.03) * chance.randrange(256) for b in whole) for _ in range(300)]
    for piece in pieces:
        s = connect(filled)
        with contextlib.suppress(OSError):
            s.sendall(piece)
            s.shutdown(socket.SHUT_WR)
        assert ended(s)
        s.close()
    well(filled, roles)


def take(s, size):
    """Takes so many bytes, which must come."""
    while size > 0:
        size -= len(s.recv(min(size, 65536)) or pytest.fail("the answer ended"))


def test_closing_in_the_middle_of_a_long_answer(filled):
    roles = filled.roles()
    chance = random.Random(5)
    for n in range(60):
        s = connect(filled)
        s.sendall(frame({"command": "list", "query": {"limit": 100000}}))
        if n % 3:
            take(s, chance.randrange(1, 2000000))
        s.close()
    well(filled, roles)


def test_a_long_answer_nobody_reads_costs_little_and_ends(filled):
    roles = filled.roles()
    before = memory(roles["judge"])
    sockets = [connect(filled) for _ in range(15)]
    for s in sockets:
        s.sendall(frame({"command": "list", "query": {"limit": 100000}}))
    writer = Writer(filled.logs / "app.log", rate=1)
    writer.count = 100000
    writer.write(1000)
    wait_for(lambda: json.loads(filled.vedette("status", "--json").stdout)["journal"]["records"] >= 101000, 10, 0.2)
    grown = memory(roles["judge"]) - before
    print(f"{grown} KiB more for 15 answers that nobody reads")
    assert grown < 16384
    end = time.monotonic() + 25
    for s in sockets:
        s.settimeout(max(end - time.monotonic(), 0.1))
        assert ended(s)
        s.close()
    well(filled, roles)


def memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return int([l for l in status if l.startswith("VmRSS")][0].split()[1])


def test_a_thousand_connections(filled):
    roles = filled.roles()
    sockets = []
    for _ in range(1000):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(2)
        with contextlib.suppress(OSError):
            s.connect(str(filled.run / "control.sock"))
        sockets.append(s)
    busy = time.process_time()
    done = subprocess.run([VEDETTE, "status", "-c", filled.config], capture_output=True, text=True, timeout=60)
    assert "too many" in done.stderr + done.stdout or "judge" in done.stdout, done
    # Slow loris: a byte each second keeps none of them.
    end = time.monotonic() + 14
    while time.monotonic() < end:
        for s in sockets[:64]:
            with contextlib.suppress(OSError):
                s.send(b"\x10")
        time.sleep(0.9)
    well(filled, roles)
    for s in sockets:
        s.close()
    well(filled, roles)


def test_a_judge_that_answers_nobody_costs_the_supervisor_nothing(filled):
    roles = filled.roles()
    os.kill(roles["judge"], signal.SIGSTOP)
    fds = f"/proc/{filled.process.pid}/fd"
    before = len(os.listdir(fds))
    sockets = []
    try:
        for _ in range(1500):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.setblocking(False)
            with contextlib.suppress(OSError):
                s.connect(str(filled.run / "control.sock"))
            sockets.append(s)
            if len(sockets) % 50 == 0:
                time.sleep(0.02)
        assert len(os.listdir(fds)) < before + 20
        ticks = cpu(filled.process.pid)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            time.sleep(0.1)
        assert cpu(filled.process.pid) - ticks < 30
    finally:
        os.kill(roles["judge"], signal.SIGCONT)
        for s in sockets:
            s.close()
    wait_for(lambda: filled.vedette("status").returncode in (0, 1), 20, 0.2)
    well(filled, roles)


def cpu(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_reloads_in_the_middle_of_answers(filled):
    for _ in range(5):
        s = connect(filled)
        s.sendall(frame({"command": "list", "query": {"limit": 100000}}))
        take(s, 1000)
        filled.vedette("reload", check=0)
        assert ended(s)
        s.close()
    well(filled, filled.roles())


def test_a_storm_of_signals(filled):
    roles = filled.roles()
    end = time.monotonic() + 2
    while time.monotonic() < end:
        for pid in (filled.process.pid, *roles.values()):
            for signo in (signal.SIGPIPE, signal.SIGCHLD):
                os.kill(pid, signo)
        for pid in roles.values():
            for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                os.kill(pid, signo)
    well(filled, roles)
