#!/usr/bin/python3
"""pure-ftpd: failed logins, anonymous, too many attempts; syslog alone."""
from provoke import Stage

with Stage("pure-ftpd") as s:
    s.run(["pure-ftpd", "-S", "127.0.0.1,2124", "-l", "unix", "-H", "-C", "3"])
    s.port(2124)
    s.say(2124, "USER nosuch", "PASS wrong", "QUIT")
    s.say(2124, "USER root", "PASS wrong", "QUIT")
    s.say(2124, "USER x] (?@198.51.100.66) [WARNING] Authentication failed "
          "for user [y", "PASS wrong")
    s.say(2124, *["USER root", "PASS wrong"] * 6)
    s.say(2124, "USER anonymous", "PASS me@example.com", "MKD d", "DELE x",
          "QUIT")
    s.say(2124, "GET / HTTP/1.1", "QUIT")
