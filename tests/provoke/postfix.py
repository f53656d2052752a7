#!/usr/bin/python3
"""postfix: SASL failures, relaying, lists, protocol abuse, postscreen."""
import base64
import subprocess
from provoke import Stage

MAIN = """\
compatibility_level = 3.6
queue_directory = {top}/spool
data_directory = {top}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
myhostname = mx1.example.net
mydestination = example.net
mynetworks = 192.0.2.0/24
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:2300
smtpd_sasl_security_options = noanonymous
smtpd_recipient_restrictions = check_client_access
 inline:{{ 127.0.0.9=REJECT 127.0.0.8=REJECT }},
 reject_unauth_pipelining, reject_non_fqdn_helo_hostname,
 reject_unknown_sender_domain, reject_unauth_destination
smtpd_helo_required = yes
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 4
smtpd_client_connection_rate_limit = 12
anvil_rate_time_unit = 60s
local_recipient_maps = inline:{{ bob=bob }}
message_size_limit = 10240
mailbox_size_limit = 20480
postscreen_greet_action = enforce
postscreen_greet_wait = 2s
postscreen_pipelining_enable = yes
postscreen_pipelining_action = enforce
postscreen_non_smtp_command_enable = yes
postscreen_cache_map = internal:{{}}
"""
MASTER = """\
127.0.0.1:2525 inet n - n - - smtpd
127.0.0.1:2587 inet n - n - - smtpd -o syslog_name=postfix/submission
127.0.0.1:2526 inet n - n - 1 postscreen
smtpd pass - - n - - smtpd
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
local unix - n n - - local
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
error unix - - n - - error
"""
# dovecot's authentication protocol, every answer a refusal.
AUTH = """
import socketserver
class H(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"VERSION\\t1\\t1\\nMECH\\tPLAIN\\tplaintext\\n"
            b"MECH\\tLOGIN\\tplaintext\\nSPID\\t1\\nCUID\\t1\\n"
            b"COOKIE\\t00\\nDONE\\n")
        for line in self.rfile:
            f = line.rstrip(b"\\n").split(b"\\t")
            if f[0] in (b"AUTH", b"CONT"):
                self.wfile.write(b"FAIL\\t" + f[1] + b"\\tuser=eve\\n")
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", 2300), H).serve_forever()
"""


def b64(text):
    return base64.b64encode(text.encode()).decode()


with Stage("postfix", ["postconf", "mail_version"]) as s:
    conf = s.top / "etc"
    s.file("etc/main.cf", MAIN.format(top=s.top))
    s.file("etc/master.cf", MASTER)
    for d in ("spool", "data"):
        (s.top / d).mkdir()
    subprocess.run(["chown", "postfix", s.top / "data"], check=True)
    s.run(["python3", "-c", AUTH])
    s.port(2300)
    subprocess.run(["postfix", "-c", conf, "check"])
    subprocess.run(["postfix", "-c", conf, "start"], check=True)
    s.port(2525)
    s.say(2525, "EHLO host.example.com", "AUTH PLAIN " + b64("\0a\0b"), "QUIT")
    s.say(2525, "EHLO host.example.com", "AUTH LOGIN", b64("x"), b64("y"))
    s.say(2525, "EHLO x", "MAIL FROM:<a@example.com>", "RCPT TO:<b@c.test>",
          "QUIT")
    s.say(2525, "EHLO host.example.com", "MAIL FROM:<a@example.net>",
          "RCPT TO:<b@example.org>", "RCPT TO:<nosuch@example.net>", "QUIT")
    s.say(2525, "EHLO host.example.com",
          'MAIL FROM:<"x: 554 from y[198.51.100.66]"@example.net>',
          "RCPT TO:<b@example.org>", "QUIT")
    s.say(2525, "EHLO host.example.com", "MAIL FROM:<a@nx.invalid>",
          "RCPT TO:<bob@example.net>", "QUIT")
    s.say(2525, "GET / HTTP/1.1")
    s.say(2525, "EHLO h.example.com", *["BLAH"] * 6)
    s.say(2525, "EHLO h.example.com\r\nMAIL FROM:<a@example.net>\r\n"
          "RCPT TO:<bob@example.net>\r\nDATA\r\nx")
    s.say(2525, "EHLO h.example.com", "MAIL FROM:<a@example.net> SIZE=999999")
    s.say(2525, "EHLO h.example.com", "AUTH NTLM", "AUTH PLAIN !!!")
    s.say(2525, "EHLO h.example.com", "VRFY root", "MAIL FROM:<a b>", "STARTTLS")
    for _ in range(6):
        s.say(2525)
    s.say(2587, "EHLO host.example.com", "AUTH LOGIN", b64("bob"), b64("z"))
    s.say(2526, "EHLO h.example.com", greets=False)
    s.say(2526, "EHLO h.example.com", "MAIL FROM:<a@b.test>")
    s.say(2526)
    subprocess.run(["postfix", "-c", conf, "stop"])
