#!/usr/bin/python3
"""redis-server: wrong passwords, an attack over HTTP, a command refused."""
from provoke import Stage

with Stage("redis-server") as s:
    log = s.top / "redis.log"
    s.logs.append(log)
    s.run(["redis-server", "--port", "6399", "--bind", "127.0.0.1",
           "--logfile", log, "--dir", s.top, "--requirepass", "x",
           "--loglevel", "verbose", "--syslog-enabled", "yes", "--save",
           "1 1"])
    s.port(6399)
    s.say(6399, "AUTH wrong", "QUIT", greets=False)
    s.say(6399, "POST / HTTP/1.1", "Host: 127.0.0.1", greets=False)
    s.say(6399, "AUTH x", "CONFIG SET dir /tmp", "CONFIG SET dbfilename x",
          "SET a b", "SLAVEOF 127.0.0.1 1", "MODULE LOAD /tmp/x.so",
          "DEBUG SLEEP 0", "SLAVEOF NO ONE", "SAVE",
          "CONFIG SET dir /proc", "SAVE", "DEBUG SEGFAULT", greets=False)
    s.run(["redis-server", "--port", "6400", "--bind", "127.0.0.1",
           "--logfile", s.top / "redis2.log", "--dir", s.top])
    s.logs.append(s.top / "redis2.log")
    s.port(6400)
    s.say(6400, "INFO", "FLUSHALL", "SHUTDOWN NOSAVE", greets=False)
