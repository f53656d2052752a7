#!/usr/bin/python3
"""mariadbd: logins refused, aborted connections, what an attacker tries."""
import subprocess
from provoke import Stage

with Stage("mariadbd", ["mariadbd", "--version"]) as s:
    data = s.top / "data"
    subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}",
                    "--user=mysql", "--auth-root-authentication-method=normal"],
                   check=True, stdout=subprocess.DEVNULL)
    log = s.top / "error.log"
    s.logs.append(log)
    log.touch()
    log.chmod(0o666)
    sock = s.top / "data" / "s.sock"
    s.run(["mariadbd", "--no-defaults", f"--datadir={data}", "--user=mysql",
           f"--socket={sock}", "--port=3399", "--bind-address=127.0.0.1",
           f"--log-error={log}", "--log-warnings=4", "--max-connect-errors=3",
           "--plugin-maturity=unknown"])
    s.port(3399)

    def client(*argv):
        return subprocess.run(["mariadb", "--no-defaults", *argv],
                              capture_output=True, text=True)
    tcp = ["-h127.0.0.1", "-P3399"]
    client(*tcp, "-uroot", "-pwrong", "-e", "SELECT 1")
    client(*tcp, "-unosuch", "-e", "SELECT 1")
    client(*tcp, "-ux'@'198.51.100.66' (using password: YES)", "-pwrong")
    root = [f"-S{sock}", "-uroot"]
    client(*root, "-e", "CREATE USER alice@'%' IDENTIFIED BY 'right'")
    client(*tcp, "-ualice", "-pright", "mysql")
    client(*tcp, "-ualice", "-pright", "-e", "SELECT * FROM mysql.user")
    client(*root, "-e", "CREATE FUNCTION sys_exec RETURNS INT SONAME 'x.so'")
    client(*root, "-e", "INSTALL SONAME 'x'")
    client(*root, "-e", "SELECT '<?php' INTO OUTFILE '/var/www/x.php'")
    for _ in range(5):
        s.say(3399, "GET / HTTP/1.1")
    client(*tcp, "-uroot", "-e", "SELECT 1")
    client(*root, "-e", "KILL 1")
    client(*root, "-e", "SHUTDOWN")
