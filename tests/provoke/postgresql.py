#!/usr/bin/python3
"""postgres: logins refused, privileges, what an attacker tries."""
import glob
import os
import subprocess
from provoke import Stage

os.environ["PATH"] += ":" + ":".join(glob.glob("/usr/lib/postgresql/*/bin"))
PREFIXES = ["%m [%p] %q%u@%d ", "%t:%r:%u@%d:[%p]: ", "%h %m [%p] %u@%d ",
            "syslog", "jsonlog"]


def psql(port, user, password, *sql, db="postgres", ssl="disable"):
    subprocess.run(
        ["psql", f"host=127.0.0.1 port={port} user='{user}' dbname='{db}' "
         f"password={password} sslmode={ssl}", "-c", ";".join(sql) or
         "SELECT 1"], capture_output=True, timeout=20)


def attempts(s, port):
    psql(port, "alice", "wrong")
    psql(port, "nosuch", "wrong")
    psql(port, 'x"@y FATAL:  password authentication failed for user "z', "w")
    psql(port, "bob", "x", db="template1")
    psql(port, "alice", "right", "SELECT * FROM pg_authid")
    psql(port, "alice", "right", "COPY (SELECT 1) TO PROGRAM 'id'")
    psql(port, "alice", "right", "CREATE ROLE eve SUPERUSER")
    psql(port, "alice", "right", "SELEC")
    psql(port, "alice", "right", db="nosuch")
    psql(port, "nologin", "right")
    psql(port, "root", "right", "COPY (SELECT 1) TO PROGRAM 'false'",
         "LOAD '/tmp/x.so'")
    psql(port, "root", "right", "SELECT pg_read_file('/etc/shadow')")
    s.say(port, "GET / HTTP/1.1", greets=False)
    s.say(port, b"\0\0\0\x08\x04\xd2\x16\x30", greets=False)


with Stage("postgres", ["postgres", "--version"]) as s:
    for n, prefix in enumerate(PREFIXES):
        port, data, log = 5500 + n, s.top / f"d{n}", s.top / f"log{n}"
        s.logs.append(log)
        log.touch()
        subprocess.run(["chown", "postgres", s.top, log], check=True)
        run = ["setpriv", "--reuid=postgres", "--regid=postgres",
               "--clear-groups"]
        subprocess.run([*run, "initdb", "-D", data, "-A", "trust"],
                       check=True, stdout=subprocess.DEVNULL)
        hba = data / "pg_hba.conf"
        hba.write_text("local all all trust\n"
                       "host postgres,nosuch all 127.0.0.1/32 md5\n"
                       "host template1 root 127.0.0.1/32 trust\n")
        more = {"syslog": ["-c", "log_destination=syslog"],
                "jsonlog": ["-c", "log_destination=jsonlog", "-c",
                            "logging_collector=on", "-c", f"log_directory="
                            f"{s.top}", "-c", "log_filename=json"]}.get(
                                prefix, ["-c", f"log_line_prefix={prefix}"])
        s.run([*run, "postgres", "-D", data, "-p", port, "-k", data,
               "-c", "log_connections=on", *more], stderr=log.open("w"))
        s.port(port)
        for sql in ("CREATE ROLE alice LOGIN PASSWORD 'right'",
                    "CREATE ROLE root SUPERUSER LOGIN PASSWORD 'right'",
                    "CREATE ROLE nologin PASSWORD 'right'"):
            subprocess.run(["psql", "-h", data, "-p", str(port), "-U",
                            "postgres", "-qc", sql], check=True)
        attempts(s, port)
    s.logs.append(s.top / "json.json")
