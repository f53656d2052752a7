"""A host of its own for a test: run this below `unshare --mount`.

Mounts copies over /etc, /var/log, /home, /run and /dev, so that users can be
made, passwords be wrong and a journald of its own be logged to without the
machine noticing. Everything ends with the namespace; daemons are killed by
their pids.
"""
import contextlib
import os
import pathlib
import signal
import subprocess
import time

from sensor import wait_for

DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "kmsg")


def sh(*argv, **kw):
    return subprocess.run(argv, check=True, **kw)


def tmpfs(path, mode="0755"):
    pathlib.Path(path).mkdir(parents=True, exist_ok=True)
    sh("mount", "-t", "tmpfs", "-o", f"mode={mode}", "tmpfs", path)


def copy_over(path):
    """A copy of a directory, on a tmpfs, in its place."""
    stage = pathlib.Path("/mnt/stage")
    tmpfs(stage)
    sh("cp", "-a", f"{path}/.", str(stage))
    sh("mount", "--move", str(stage), path)


def own_dev():
    stage = pathlib.Path("/mnt/stage")
    tmpfs(stage)
    for name in DEVICES:
        if pathlib.Path("/dev", name).exists():
            (stage / name).touch()
            sh("mount", "--bind", f"/dev/{name}", str(stage / name))
    (stage / "pts").mkdir()
    sh("mount", "--bind", "/dev/pts", str(stage / "pts"))
    (stage / "shm").mkdir(mode=0o1777)
    for name, to in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
                     ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"),
                     ("log", "/run/systemd/journal/dev-log")):
        (stage / name).symlink_to(to)
    sh("mount", "--move", str(stage), "/dev")


class Host:
    def __init__(self):
        self.daemons = []
        sh("mount", "--make-rprivate", "/")
        tmpfs("/mnt")
        copy_over("/etc")
        tmpfs("/run")
        tmpfs("/var/log")
        tmpfs("/home")
        own_dev()
        for path in ("/run/systemd/journal", "/run/sshd", "/run/lock"):
            pathlib.Path(path).mkdir(parents=True)
        sh("install", "-d", "-m", "2755", "-g", "systemd-journal", "/run/log/journal")

    def daemon(self, *argv, **kw):
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True, **kw)
        self.daemons.append(p)
        return p

    def journald(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink("/run/systemd/journal/dev-log")
        self.daemon("/lib/systemd/systemd-journald")
        wait_for(lambda: pathlib.Path("/run/systemd/journal/dev-log").exists())

    def sshd(self, port):
        keys = pathlib.Path("/etc/ssh/test")
        keys.mkdir()
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / "host"))
        config = keys / "sshd_config"
        config.write_text(f"Port {port}\nListenAddress 127.0.0.1\nHostKey {keys}/host\n"
                          "UsePAM yes\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\n"
                          "PidFile none\nStrictModes no\nLogLevel INFO\nMaxStartups 100\n")
        self.daemon("/usr/sbin/sshd", "-D", "-f", str(config))

    def user(self, name, password=None):
        sh("useradd", "-m", "-s", "/bin/bash", name)
        if password is not None:
            sh("chpasswd", input=f"{name}:{password}", text=True)

    def ssh(self, port, user, *command, password=None, key=None):
        """One login; the process's result."""
        env = dict(os.environ)
        argv = ["ssh", "-p", str(port), "-o", "StrictHostKeyChecking=no", "-o",
                "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR"]
        if password is not None:
            ask = pathlib.Path("/run/askpass")
            ask.write_text(f"#!/bin/sh\necho '{password}'\n")
            ask.chmod(0o700)
            env.update(SSH_ASKPASS=str(ask), SSH_ASKPASS_REQUIRE="force", DISPLAY=":0")
            argv += ["-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"]
        if key is not None:
            argv += ["-i", key, "-o", "PreferredAuthentications=publickey"]
        return subprocess.run([*argv, f"{user}@127.0.0.1", *command], env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def end(self):
        for p in reversed(self.daemons):
            with contextlib.suppress(ProcessLookupError):
                p.send_signal(signal.SIGTERM)
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
