#!/usr/bin/python3
"""exim: failed logins, relaying, lists, protocol abuse; mainlog."""
import base64
import os
import shutil
import subprocess
import sys
from provoke import Stage

CONF = """\
exim_user = mail
exim_group = mail
never_users =
primary_hostname = mx1.example.net
spool_directory = {top}/spool
log_file_path = {log}
pid_file_path = {top}/exim.pid
log_selector = {selector}
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
domainlist local_domains = example.net
hostlist relay_from_hosts = 192.0.2.1
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max_nonmail = 3
smtp_max_synprot_errors = 2
smtp_max_unknown_commands = 2
acl_smtp_rcpt = acl_rcpt
acl_smtp_connect = acl_connect
acl_smtp_data = acl_data
auth_advertise_hosts = ${{if eq{{$sender_helo_name}}{{noauth}}{{}}{{*}}}}
begin acl
acl_connect:
  drop message = banned
       hosts = 127.0.0.7
  accept
acl_rcpt:
  deny message = $sender_host_address is in a black list at bl.example.org
       senders = *@spam.test
  deny message = Sender verify failed
       senders = *@nx.invalid
       !verify = sender
  require message = Unknown user
       local_parts = bob : "^other.*"
  accept authenticated = *
  require message = relay not permitted
       domains = +local_domains
  accept
acl_data:
  deny message = This message contains a virus (Eicar).
begin routers
local:
  driver = accept
  domains = +local_domains
  transport = null
begin transports
null:
  driver = appendfile
  file = /dev/null
begin authenticators
plain_login:
  driver = plaintext
  public_name = PLAIN
  server_condition = false
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = u : p
  server_condition = false
  server_set_id = $auth1
"""


def b64(text):
    return base64.b64encode(text.encode()).decode()


def dialogue(s, port):
    def say(*lines, **kw):
        s.say(port, *lines, **kw)
    say("EHLO (x) [198.51.100.66]", "AUTH PLAIN " + b64("\0alice\0x"), "QUIT")
    say("EHLO host.example.com", "AUTH LOGIN", b64("bob"), b64("y"), "QUIT")
    say("EHLO h.example.com", "AUTH LOGIN",
        b64("x) [198.51.100.66]: 535 Incorrect"), b64("y"), "QUIT")
    say("EHLO noauth", "AUTH LOGIN")
    say("EHLO h.example.com", "MAIL FROM:<a@example.com>",
        "RCPT TO:<bob@example.org>", "RCPT TO:<nosuch@example.net>",
        "RCPT TO:<bob@example.net>", "DATA", "Subject: x\r\n\r\nx\r\n.",
        "QUIT")
    say("EHLO h.example.com", "MAIL FROM:<a@spam.test>",
        "RCPT TO:<bob@example.net>", "QUIT")
    say("EHLO h.example.com", "MAIL FROM:<a@nx.invalid>",
        "RCPT TO:<bob@example.net>", "QUIT")
    say("EHLO h.example.com", *["NOOP"] * 6)
    say("EHLO h.example.com", *["BLAH"] * 6)
    say("EHLO h.example.com", *["MAIL FROM:<a b"] * 6)
    say("GET / HTTP/1.1\r\nHost: x", greets=False)
    say("EHLO h.example.com", "QUIT")
    say()


binary = shutil.which("exim4") or shutil.which("exim")
if binary is None:
    print("skipped: no exim4 here")
    sys.exit(0)
with Stage(os.path.basename(binary), [binary, "-bV"]) as s:
    (s.top / "log").mkdir()
    s.top.joinpath("spool").mkdir()
    subprocess.run(["chown", "-R", "mail:mail", s.top / "log",
                    s.top / "spool"], check=True)
    runs = ((2625, s.top / "log" / "%slog", "+smtp_protocol_error"),
            (2626, "syslog", "+all -pid"))
    for port, log, selector in runs:
        conf = s.file(f"exim{port}.conf", CONF.format(
            top=s.top, log=log, port=port, selector=selector))
        s.run([binary, "-C", conf, "-bdf"])
        s.port(port)
        dialogue(s, port)
    s.logs += [s.top / "log" / "mainlog", s.top / "log" / "rejectlog",
               s.top / "log" / "paniclog"]
