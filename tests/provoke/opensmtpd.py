#!/usr/bin/python3
"""OpenSMTPD's smtpd: failed logins, relaying, what is no mail."""
import base64
import os
import subprocess
from provoke import Stage

def b64(text):
    return base64.b64encode(text.encode()).decode()


with Stage("smtpd", ["smtpd", "-h"]) as s:
    # Its places are compiled in.
    for top in ("/var/spool", "/var/lib", "/run"):
        subprocess.run(["mount", "-t", "tmpfs", "none", top], check=True)
    for d in ("/var/lib/opensmtpd/empty", "/var/spool/smtpd", "/run/x"):
        os.makedirs(d)
    os.chmod("/var/spool/smtpd", 0o711)
    s.run(["smtpd", "-d", "-f", s.file("smtpd.conf", """\
listen on lo port 2825 hostname mx1.example.net
action l mbox
match from any for domain example.net action l
""")])
    s.port(2825)
    s.say(2825, "EHLO h.example.com", "MAIL FROM:<a@example.com>",
          "RCPT TO:<b@example.org>", "RCPT TO:<nosuch@example.net>", "QUIT")
    s.say(2825, "EHLO h.example.com", "AUTH PLAIN " + b64("\0alice\0x"))
    s.say(2825, "GET / HTTP/1.1", "BLAH")
