"""A running sensor for tests: its own state, run, rule and log directories.

Everything lives below /var/tmp, where the sensor's users can get to it. What
is started is stopped by its pid.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

VEDETTE = os.environ.get("VEDETTE", "vedette")
SANDBOX = os.environ.get("VEDETTE_SANDBOX")
SOURCE = pathlib.Path(os.environ.get("VEDETTE_SOURCE", "."))


def wait_for(what, seconds=20.0, every=0.02):
    """What `what()` gives once it is true; fails after the deadline."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


COUNTING_RULE = """title: Numbered line
id: 3f0b8c52-6d0a-4a3e-9d39-0a4d7f6a1c01
status: test
description: Matches each line of the numbered writer.
logsource:
    product: linux
detection:
    numbered:
        - 'numbered line'
    condition: numbered
falsepositives: [none]
level: low
tags: [vedette.auth.failure]
"""


def line(n, text="numbered line"):
    return f"2026-11-23T10:00:00.000000+00:00 web01 counter[77]: {text} {n}\n"


class Sensor:
    def __init__(self, config="", rules=None, logs=("app.log",), origin="beginning"):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="vedette-test-", dir="/var/tmp"))
        self.dir.chmod(0o755)
        self.logs = self.dir / "log"
        self.rules = self.dir / "rules"
        for d in (self.logs, self.rules):
            d.mkdir()
            d.chmod(0o755)
        self.state = self.dir / "state"
        self.run = self.dir / "run"
        self.config = self.dir / "vedette.yaml"
        self.log = self.dir / "sensor.log"
        self.process = None
        self.write_rule("numbered.yml", COUNTING_RULE if rules is None else rules)
        paths = ", ".join(f'"{self.logs}/{name}"' for name in logs)
        self.write_config(
            f"inputs:\n  - defaults: off\n  - file: {{ paths: [{paths}], from: {origin} }}\n"
            + config)

    def write_config(self, text):
        self.text = text
        # Sanitizers read /proc and more, which the seal forbids.
        if SANDBOX and "sandbox:" not in text:
            text = f"sandbox: {SANDBOX}\n{text}"
        self.config.write_text(
            f"state: {self.state}\nrun: {self.run}\nrules: [{self.rules}]\n{text}")
        self.config.chmod(0o644)

    def write_rule(self, name, text):
        path = self.rules / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)

    def start(self, wait=True, env=None):
        before = self.said("started, judge is")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [VEDETTE, "run", "-c", self.config], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=env)
        if wait:
            wait_for(lambda: self.said("started, judge is") > before or self.ended())
            assert not self.ended(), self.log.read_text()
        return self

    def ended(self):
        return self.process is None or self.process.poll() is not None

    def said(self, text):
        return self.log.read_text(errors="replace").count(text) if self.log.exists() else 0

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return None
        if not self.ended():
            self.process.send_signal(how)
        try:
            status = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the sensor did not stop in 15 s")
        finally:
            self.process = None
        return status

    def roles(self):
        """pid by role's name, of those that are children of the supervisor."""
        found = {}
        if self.ended():
            return found
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = stat.read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) != self.process.pid or fields[0] == "Z":
                    continue
                argv = (stat.parent / "cmdline").read_bytes().split(b"\0")
                found[argv[argv.index(b"--role") + 1].decode()] = int(stat.parent.name)
        return found

    def vedette(self, *argv, check=None, input=None):
        done = subprocess.run([VEDETTE, argv[0], "-c", self.config, *argv[1:]], input=input,
                              capture_output=True, text=True, errors="replace", timeout=120)
        if check is not None:
            assert done.returncode == check, (argv, done.returncode, done.stdout, done.stderr)
        return done

    def alerts(self, *argv):
        """Bodies of all alerts, from the journal's files."""
        done = subprocess.run(
            [VEDETTE, "alerts", "-c", self.config, "--json",
             *(argv if "--limit" in argv else ("--limit", "10000000", *argv))],
            capture_output=True, text=True, errors="replace", timeout=300)
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(row) for row in done.stdout.splitlines()]

    def numbers(self):
        """Of the numbered lines in the journal, sorted."""
        return sorted(int(a["event"]["original"].rsplit(" ", 1)[1])
                      for a in self.alerts("--state", str(self.state)) if "original" in a["event"]
                      and "numbered line" in a["event"]["original"])

    def close(self):
        if self.process is not None:
            with contextlib.suppress(AssertionError):
                self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if exc[0] is not None and self.log.exists():
            print(self.log.read_text(errors="replace")[-4000:])
        self.close()
