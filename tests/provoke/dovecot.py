#!/usr/bin/python3
"""dovecot: failed logins over IMAP, POP3 and sieve; file and syslog."""
import base64
from provoke import Stage

CONF = """\
base_dir = {top}/run{n}
state_dir = {top}/state{n}
log_path = {log}
info_log_path = {log}
protocols = imap pop3 sieve
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = {secure}
auth_verbose = {verbose}
auth_mechanisms = plain login cram-md5
default_login_user = dovenull
default_internal_user = dovecot
mail_location = maildir:{top}/mail
login_trusted_networks = 127.0.0.0/8
auth_failure_delay = 0
service imap-login {{
  inet_listener imap {{
    port = {n}143
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {n}110
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service managesieve-login {{
  inet_listener sieve {{
    port = {n}419
  }}
}}
passdb {{
  driver = {driver}
  {args}
}}
passdb {{
  driver = passwd-file
  args = {top}/users
}}
userdb {{
  driver = passwd-file
  args = {top}/users
}}
"""


def plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def dialogue(s, n):
    imap, pop = int(f"{n}143"), int(f"{n}110")
    s.say(imap, "a LOGIN alice wrong", "b LOGOUT")
    s.say(imap, "a LOGIN nosuch wrong")
    s.say(imap, 'a LOGIN "x>, rip=198.51.100.66" wrong', "b LOGOUT")
    s.say(imap, 'a LOGIN "x,198.51.100.66,<a>): unknown user" wrong')
    s.say(imap, "a LOGIN alice right", "b LOGOUT")
    s.say(imap, "a AUTHENTICATE PLAIN " + plain("bob", "wrong"), "b LOGOUT")
    s.say(imap, "a AUTHENTICATE CRAM-MD5", "Zm9vIGJhcg==")
    s.say(imap, *["GET / HTTP/1.1"] * 22)
    s.say(imap)
    s.say(pop, "USER alice", "PASS wrong", "QUIT")
    s.say(pop, "USER carol", "PASS wrong", "USER carol", "PASS wrong")
    s.say(pop, "USER alice", "PASS right", "QUIT")
    s.say(int(f"{n}419"), f'AUTHENTICATE "PLAIN" "{plain("eve", "x")}"',
          "LOGOUT")


with Stage("dovecot", ["dovecot", "--version"]) as s:
    s.file("users", "alice:{PLAIN}right:1000:1000::/tmp::\n"
           "bob:{PLAIN}right:1000:1000::/tmp::\n")
    (s.top / "mail").mkdir(mode=0o777)
    (s.top / "mail").chmod(0o777)
    s.logs.append(s.top / "dovecot.log")
    runs = {1: (s.top / "dovecot.log", "passwd-file",
                f"args = {s.top}/none", "yes"),
            2: ("syslog", "pam", "args = login", "yes"),
            3: ("syslog", "pam", "args = login", "no")}
    for n, (log, driver, args, verbose) in runs.items():
        conf = s.file(f"dovecot{n}.conf", CONF.format(
            top=s.top, n=n, log=log, driver=driver, args=args,
            verbose=verbose, secure="no"))
        s.file("none", "zoe:{PLAIN}x\n")
        s.run(["dovecot", "-F", "-c", conf])
        s.port(int(f"{n}143"))
        s.port(int(f"{n}419"))
        dialogue(s, n)
