#!/usr/bin/python3
"""authlog.py [LINES [SEED]]: a generated auth log on standard output.

A server on the Internet: most lines are guesses at its sshd, the rest is cron,
people who log in and use sudo, and now and then an account that changes. Made
of the formats that Debian 12's programs write; the same seed gives the same
bytes.
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
HOST = "web1"


class Log:
    def __init__(self, lines, seed):
        self.random = random.Random(seed)
        self.left = lines
        # A little more than two weeks in all, ending now and never later.
        self.now = 1790000000.0
        self.step = 1300000.0 / lines
        self.second = self.stamp = None
        self.out = sys.stdout.write

    def say(self, program, pid, text):
        if self.left == 0:
            return
        self.left -= 1
        self.now += self.random.random() * 2 * self.step
        if int(self.now) != self.second:
            self.second = int(self.now)
            t = time.gmtime(self.second)
            self.stamp = time.strftime("%b ", t) + "%2d" % t.tm_mday + \
                time.strftime(" %H:%M:%S", t)
        self.out(f"{self.stamp} {HOST} {program}[{pid}]: {text}\n")

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

    def write(self):
        kinds = ((self.guess_invalid, 40), (self.guess_root, 25),
                 (self.knock, 25), (self.cron, 25), (self.login, 5),
                 (self.account, 0.05))
        calls = [k for k, _ in kinds]
        weights = [w for _, w in kinds]
        while self.left > 0:
            self.random.choices(calls, weights)[0]()


if __name__ == "__main__":
    Log(int(sys.argv[1]) if len(sys.argv) > 1 else 1000000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 1).write()
