"""Run below `unshare --mount` by test_real.py; prints one JSON object.

A real sshd, sudo and useradd log to a real journald; the sensor reads it with
the configuration that an empty file is.
"""
import json
import pathlib
import socket
import statistics
import sys
import time

from own_host import Host, sh
from sensor import SOURCE, Sensor, wait_for

LINES = 500


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def scenario(host, sensor):
    port = free_port()
    sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/run/key")
    host.user("alice", "right")
    home = pathlib.Path("/home/alice/.ssh")
    home.mkdir(mode=0o700)
    (home / "authorized_keys").write_text(pathlib.Path("/run/key.pub").read_text())
    sh("chown", "-R", "alice:", str(home))
    pathlib.Path("/etc/sudoers.d/alice").write_text("alice ALL=(ALL) NOPASSWD: ALL\n")
    host.sshd(port)
    wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
    for name in ("alice", "alice", "root"):
        assert host.ssh(port, name, "true", password="wrong").returncode == 255
    done = host.ssh(port, "alice", "sudo", "useradd", "-m", "mallory", key="/run/key")
    assert done.returncode == 0, done.stderr


def latency(sensor, log):
    """From writing a line to its alert at an output: after it is durable."""
    out = pathlib.Path(sensor.dir / "out" / "alerts.jsonl")
    spans = []
    with open(log, "a") as lines:
        for n in range(LINES):
            size = out.stat().st_size if out.exists() else 0
            begun = time.monotonic()
            lines.write(f"2026-11-23T10:00:00+00:00 web01 sshd[{n + 10}]: "
                        f"Failed password for root from 192.0.2.1 port 22 ssh2\n")
            lines.flush()
            while not out.exists() or out.stat().st_size == size:
                if time.monotonic() - begun > 10:
                    raise AssertionError(f"line {n}: no alert in 10 s")
                time.sleep(0.0002)
            spans.append((time.monotonic() - begun) * 1000)
    spans.sort()
    return {"median": statistics.median(spans), "p99": spans[int(len(spans) * 0.99)],
            "worst": spans[-1]}


def main():
    host = Host()
    host.journald()
    log = pathlib.Path("/var/log/other.log")
    log.touch()
    with Sensor(rules="") as sensor:
        out = sensor.dir / "out"
        out.mkdir()
        sh("chown", "_vedette-net:", str(out))
        (sensor.rules / "numbered.yml").unlink()
        sh("cp", "-r", f"{SOURCE}/rules/.", str(sensor.rules))
        sensor.write_config(f"inputs:\n  - file: {{ paths: [{log}] }}\n"
                            f"outputs:\n  - file: {{ path: {out}/alerts.jsonl }}\n")
        check = sensor.vedette("check", check=0).stdout
        sensor.start()
        try:
            scenario(host, sensor)
            wait_for(lambda: [a for a in sensor.alerts() if a["vedette"].get("record") == "account"
                              and "mallory" in json.dumps(a["user"])])
            result = {
                "check": check,
                "alerts": sensor.alerts(),
                "events": [json.loads(row)["body"] for row in sensor.vedette(
                    "events", "--json").stdout.splitlines()] if "--events" in sys.argv else [],
                "status": sensor.vedette("status").stdout,
                "latency": latency(sensor, log),
            }
        finally:
            host.end()
        json.dump(result, sys.stdout)


main()
