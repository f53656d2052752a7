"""Writes numbered lines to a log at a rate and rotates it in every way.

A rotation is done between two lines, so each line is in exactly one file; and
copytruncate only of what the sensor has read, because what is written between
the copy and the cut is lost to everybody.
"""
import gzip
import os
import pathlib
import shutil
import threading
import time

from sensor import line


class Writer:
    def __init__(self, path, rate=5000):
        self.path = pathlib.Path(path)
        self.rate = rate
        self.count = 0
        self.rotations = 0
        self.first = 0      # number of the first line in the file of now
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.out = open(self.path, "ab", buffering=0)
        os.chmod(self.path, 0o644)
        self.thread = threading.Thread(target=self._run)

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.stopped.set()
        self.thread.join()
        self.out.close()

    def _run(self):
        begun = time.monotonic()
        first = self.count
        while not self.stopped.is_set():
            due = first + int((time.monotonic() - begun) * self.rate)
            with self.lock:
                if due > self.count:
                    self.write(min(due - self.count, 500))
            self.stopped.wait(0.005)

    def write(self, n):
        self.out.write("".join(line(i) for i in range(self.count, self.count + n)).encode())
        self.count += n

    def _older(self, n, suffix=""):
        return self.path.with_name(f"{self.path.name}.{n}{suffix}")

    def _shift(self):
        """app.log.1 becomes app.log.2 and so on, the oldest goes."""
        for n in range(8, 0, -1):
            for suffix in ("", ".gz"):
                if self._older(n, suffix).exists():
                    self._older(n, suffix).rename(self._older(n + 1, suffix))
        for suffix in ("", ".gz"):
            self._older(9, suffix).unlink(missing_ok=True)

    def _reopen(self):
        self.out.close()
        self.out = open(self.path, "ab", buffering=0)
        os.chmod(self.path, 0o644)

    def rename(self):
        with self.lock:
            self._shift()
            self.path.rename(self._older(1))
            self._reopen()
            self.rotations += 1
            self.first = self.count

    def rename_and_gzip(self):
        """The last one is compressed, as logrotate does without delaycompress."""
        with self.lock:
            self._shift()
            self.path.rename(self._older(1))
            self._reopen()
            with open(self._older(1), "rb") as plain, gzip.open(self._older(1, ".gz"), "wb") as packed:
                shutil.copyfileobj(plain, packed)
            self._older(1, ".gz").chmod(0o644)
            self._older(1).unlink()
            self.rotations += 1
            self.first = self.count

    def copytruncate(self):
        with self.lock:
            self._shift()
            shutil.copy(self.path, self._older(1))
            self._older(1).chmod(0o644)
            os.truncate(self.path, 0)
            self.rotations += 1
            self.first = self.count
