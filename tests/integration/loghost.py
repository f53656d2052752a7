"""A host of its own that logs for real.

make(directory) runs this file in new mount, host name and process namespaces,
with copies of /etc, /home, /var and /run, so that nothing of the machine
changes. There it starts rsyslogd, sshd and cron, fails and succeeds at logging
in, runs sudo and su, and makes, changes and removes accounts. The files in the
directory are what rsyslogd wrote:

  auth.log     RFC 3164 stamps, local time      auth.iso   ISO stamps
  auth.5424    RFC 5424 with priority           auth.pri   RFC 3164 with it
  auth.json    JSON lines

All times are in the zone ZONE. Needs root.
"""
import os
import shutil
import socket
import subprocess
import sys
import time

ZONE = "America/St_Johns"
HOST = "web1"
DEADLINE = 60


def make(directory):
    os.makedirs(directory, exist_ok=True)
    r = subprocess.run(
        ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child",
         "--mount-proc", "--propagation", "private", sys.executable,
         os.path.abspath(__file__), str(directory)],
        capture_output=True, text=True, timeout=2 * DEADLINE,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TZ": ZONE})
    if r.returncode != 0:
        raise RuntimeError("loghost: " + r.stdout + r.stderr)


def wait(what, holds):
    end = time.monotonic() + DEADLINE
    while not holds():
        if time.monotonic() > end:
            sys.exit("loghost: no " + what)
        time.sleep(0.02)


def run(*argv, **more):
    return subprocess.run(argv, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=DEADLINE, **more)


def private_tree(work):
    """Everything that is going to be written is a copy or empty."""
    shutil.copytree("/etc", work + "/etc", symlinks=True)
    for name in ("etc", "home", "run", "spool"):
        os.makedirs(f"{work}/{name}", exist_ok=True)
    run("mount", "--bind", work + "/etc", "/etc", check=True)
    run("mount", "--bind", work + "/home", "/home", check=True)
    run("mount", "--bind", work + "/run", "/run", check=True)
    run("mount", "--bind", work + "/spool", "/var/spool/cron", check=True)
    os.makedirs("/run/sshd")
    with open("/etc/hosts", "a") as f:
        f.write(f"127.0.0.1 {HOST}\n")
    private_dev(work)


def private_dev(work):
    """/dev with the nodes that are needed and room for a socket."""
    dev = work + "/dev"
    os.makedirs(dev)
    run("mount", "-t", "tmpfs", "tmpfs", dev, check=True)
    for name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx"):
        open(f"{dev}/{name}", "w").close()
        run("mount", "--bind", "/dev/" + name, f"{dev}/{name}", check=True)
    os.makedirs(dev + "/pts")
    run("mount", "--bind", "/dev/pts", dev + "/pts", check=True)
    run("mount", "--move", dev, "/dev", check=True)


def start_rsyslogd(out, work):
    formats = {"auth.log": "RSYSLOG_TraditionalFileFormat",
               "auth.iso": "RSYSLOG_FileFormat",
               "auth.5424": "RSYSLOG_SyslogProtocol23Format",
               "auth.pri": "pri", "auth.json": "json"}
    actions = "\n".join(
        f'action(type="omfile" file="{out}/{f}" template="{t}")'
        for f, t in formats.items())
    with open(work + "/rsyslog.conf", "w") as f:
        f.write('module(load="imuxsock" SysSock.Name="/dev/log"'
                ' SysSock.RateLimit.Interval="0")\n'
                'template(name="pri" type="string" string='
                '"<%pri%>%timestamp% %hostname% %syslogtag%%msg%\\n")\n'
                'template(name="json" type="list" option.jsonf="on") {\n'
                ' property(outname="@timestamp" name="timereported"'
                ' dateFormat="rfc3339" format="jsonf")\n'
                ' property(outname="host" name="hostname" format="jsonf")\n'
                ' property(outname="program" name="programname"'
                ' format="jsonf")\n'
                ' property(outname="pid" name="procid" format="jsonf")\n'
                ' property(outname="message" name="msg" format="jsonf")\n'
                '}\n' + actions + "\n")
    subprocess.Popen(["rsyslogd", "-n", "-f", work + "/rsyslog.conf",
                      "-i", work + "/rsyslog.pid"])
    wait("/dev/log", lambda: os.path.exists("/dev/log"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_sshd(work):
    port = free_port()
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work + "/host",
        check=True)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work + "/alice",
        check=True)
    shutil.copy(work + "/alice.pub", "/etc/ssh/alice.pub")
    with open(work + "/sshd_config", "w") as f:
        f.write(f"Port {port}\nListenAddress 127.0.0.1\n"
                f"HostKey {work}/host\nPidFile {work}/sshd.pid\n"
                "AuthorizedKeysFile /etc/ssh/alice.pub\nStrictModes no\n"
                "UsePAM yes\nPasswordAuthentication yes\n"
                "KbdInteractiveAuthentication no\n"
                "PermitRootLogin yes\nPrintMotd no\n")
    subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", work + "/sshd_config"])
    wait("sshd", lambda: os.path.exists(work + "/sshd.pid"))
    return port


def ssh(work, port, user, *more):
    with open(work + "/askpass", "w") as f:
        f.write("#!/bin/sh\necho wrong\n")
    os.chmod(work + "/askpass", 0o755)
    return run("ssh", "-F", "none", "-p", str(port),
               "-o", "StrictHostKeyChecking=no",
               "-o", "UserKnownHostsFile=/dev/null",
               "-o", "NumberOfPasswordPrompts=1", *more,
               "-l", user, "127.0.0.1", "true",
               env=dict(os.environ, SSH_ASKPASS=work + "/askpass",
                        SSH_ASKPASS_REQUIRE="force"))


def act(work, port):
    password = ("-o", "PreferredAuthentications=password")
    run("useradd", "-m", "-s", "/bin/sh", "alice", check=True)
    run("useradd", "-M", "bob", check=True)
    with open("/etc/sudoers.d/alice", "w") as f:
        f.write("alice ALL=(ALL) NOPASSWD: ALL\n")
    for user in ("root", "nobody-here", "from 10.0.0.9 port 1"):
        ssh(work, port, user, *password)
    good = ssh(work, port, "alice", "-i", work + "/alice", "-o",
               "PreferredAuthentications=publickey")
    if good.returncode != 0:
        sys.exit("loghost: no login as alice: " + good.stderr)
    run("su", "alice", "-c", "sudo -n id")
    run("su", "bob", "-c", "sudo -n id")
    run("groupadd", "ops", check=True)
    run("usermod", "-aG", "ops", "alice", check=True)
    run("userdel", "bob", check=True)
    run("groupdel", "ops", check=True)


def start_cron():
    with open("/etc/cron.d/once", "w") as f:
        f.write("@reboot root true loghost\n")
    subprocess.Popen(["cron", "-f"])


def has(path, text):
    with open(path, errors="replace") as f:
        return text in f.read()


def main(out):
    work = out + "/work"
    os.makedirs(work)
    socket.sethostname(HOST)
    private_tree(work)
    start_rsyslogd(out, work)
    start_cron()
    act(work, start_sshd(work))
    wait("line of cron", lambda: has(out + "/auth.log", "true loghost"))
    run("logger", "-t", "loghost", "the end", check=True)
    for f in ("log", "iso", "5424", "pri", "json"):
        wait("end", lambda: has(f"{out}/auth.{f}", "the end"))


if __name__ == "__main__":
    main(sys.argv[1])
