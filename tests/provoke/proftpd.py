#!/usr/bin/python3
"""proftpd: failed logins, anonymous, refused addresses."""
from provoke import Stage

CONF = """\
ServerName "web01"
ServerType standalone
Port 2122
DefaultAddress 127.0.0.1
UseIPv6 off
User nobody
Group nogroup
PidFile {top}/proftpd.pid
ScoreboardFile {top}/scoreboard
DelayEngine off
MaxLoginAttempts 2
UseReverseDNS off
WtmpLog off
RequireValidShell off
AuthPAM off
AuthOrder mod_auth_unix.c
DefaultRoot {top}/ftp
<Limit LOGIN>
  DenyUser denied
</Limit>
<Anonymous {top}/ftp>
  User nobody
  Group nogroup
  UserAlias anonymous nobody
  <Limit WRITE>
    DenyAll
  </Limit>
</Anonymous>
"""

with Stage("proftpd", ["proftpd", "-v"]) as s:
    (s.top / "ftp").mkdir()
    (s.top / "ftp").chmod(0o777)
    s.run(["proftpd", "-n", "-c", s.file("c", CONF.format(top=s.top))])
    s.port(2122)
    s.say(2122, "USER nosuch", "PASS wrong", "QUIT")
    s.say(2122, "USER root", "PASS wrong", "QUIT")
    s.say(2122, "USER x: no such user found from a [198.51.100.66] to b",
          "PASS wrong")
    s.say(2122, "USER x (Login failed): y", "PASS wrong")
    s.say(2122, "USER sys", "PASS wrong", "USER sys", "PASS wrong")
    s.say(2122, "USER anonymous", "PASS me@example.com", "MKD d", "QUIT")
    s.say(2122, "GET / HTTP/1.1", "Host: x", "QUIT")
