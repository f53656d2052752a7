"""Runs a program on loopback, provokes its failures, prints what it logs.

What the scripts beside this one share. Each of them is run as root, needs its
program installed, and touches nothing outside of a directory of its own: it
lives in namespaces of its own with a loopback and a /dev/log of its own, and
all that it started ends with it.

    with Stage("vsftpd") as s:
        s.run(["vsftpd", conf])
        s.port(2121)
        s.say(2121, "USER alice", "PASS wrong")
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

WAIT = 20


def own_namespace():
    """Starts the script anew where it may mount."""
    if os.getpid() == 1:
        subprocess.check_call(["ip", "link", "set", "lo", "up"])
        return
    script = os.path.abspath(sys.argv[0])
    sys.exit(subprocess.call(
        ["unshare", "-m", "-n", "-p", "-f", "--kill-child", "--mount-proc",
         sys.executable, script, *sys.argv[1:]]))


def own_dev(top):
    dev = top / "dev"
    dev.mkdir()
    subprocess.check_call(["mount", "-t", "tmpfs", "-o", "mode=0755",
                           "none", dev])
    for name in "null zero full random urandom tty".split():
        (dev / name).touch()
        subprocess.check_call(["mount", "--bind", f"/dev/{name}", dev / name])
    for name, to in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"),
                     ("stderr", "fd/2")):
        (dev / name).symlink_to(f"/proc/self/{to}")
    (dev / "shm").mkdir(mode=0o1777)
    subprocess.check_call(["mount", "--rbind", dev, "/dev"])


class Stage:
    def __init__(self, program, version=("dpkg-query", "-W"), log=None):
        self.program, self.started, self.logs = program, [], []
        if shutil.which(program) is None:
            print(f"skipped: no {program} here")
            sys.exit(0)
        own_namespace()
        self.version = subprocess.run(
            [*version, program] if version[0] == "dpkg-query" else version,
            capture_output=True, text=True)

    def __enter__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="provoke."))
        self.top.chmod(0o755)
        own_dev(self.top)
        self.syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.syslog.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.heard = []
        self.news = threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()
        said = (self.version.stdout + self.version.stderr).strip()
        print("#", said.splitlines()[0].replace("\t", " ") if said else
              self.program)
        return self

    def listen(self):
        while True:
            text = self.syslog.recv(65536).decode(errors="surrogateescape")
            text = text.split(">", 1)[-1].rstrip("\n\0")
            self.heard.append(text[:16] + "web01 " + text[16:])
            self.news.set()

    def run(self, argv, **kw):
        p = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL,
                             start_new_session=True, **kw)
        self.started.append(p)
        return p

    def port(self, n, host="127.0.0.1"):
        """Waits until somebody listens."""
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            with socket.socket() as s:
                if s.connect_ex((host, n)) == 0:
                    return
            time.sleep(0.05)
        sys.exit(f"nobody listens on port {n}")

    def say(self, port, *lines, greets=True, host="127.0.0.1", patience=6):
        """A dialogue: an answer is awaited behind each line; all answers."""
        got = b""
        with socket.create_connection((host, port), timeout=patience) as s:
            try:
                if greets:
                    got += s.recv(65536)
                for line in lines:
                    s.sendall(line if isinstance(line, bytes) else
                              line.encode() + b"\r\n")
                    got += s.recv(65536)
            except OSError:
                pass
        return got.decode(errors="replace")

    def file(self, name, text, mode=0o644):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def __exit__(self, *why):
        while self.news.wait(0.5):
            self.news.clear()
        for p in self.started:
            try:
                os.killpg(p.pid, signal.SIGTERM)
                p.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(p.pid, signal.SIGKILL)
        for path in self.logs:
            if path.exists():
                sys.stdout.write(path.read_text(errors="replace"))
        for line in list(self.heard):
            print(line)
        os.chdir("/")
        subprocess.call(["umount", "-l", "/dev"])
        subprocess.call(["umount", "-l", self.top / "dev"])
        shutil.rmtree(self.top, ignore_errors=True)
