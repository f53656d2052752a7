#!/usr/bin/python3
"""vsftpd: failed logins, anonymous, refused commands, a script uploaded."""
from provoke import Stage

with Stage("vsftpd") as s:
    root = s.top / "ftp"
    (root / "up").mkdir(parents=True)
    (root / "up").chmod(0o777)
    log = s.top / "vsftpd.log"
    s.logs.append(log)
    conf = s.file("vsftpd.conf", f"""\
listen=YES
listen_address=127.0.0.1
listen_port=2121
background=NO
anonymous_enable=YES
anon_upload_enable=YES
write_enable=YES
local_enable=YES
anon_root={root}
xferlog_enable=YES
dual_log_enable=YES
xferlog_file={s.top}/xferlog
vsftpd_log_file={log}
log_ftp_protocol=NO
secure_chroot_dir={s.top}
seccomp_sandbox=NO
userlist_enable=YES
userlist_file={s.top}/userlist
max_login_fails=2
max_per_ip=3
""")
    s.logs.append(s.top / "xferlog")
    s.file("userlist", "denied\n")
    s.run(["vsftpd", conf])
    s.port(2121)
    s.say(2121, "USER nosuch", "PASS wrong", "QUIT")
    s.say(2121, 'USER x] FAIL LOGIN: Client "198.51.100.66"', "PASS wrong")
    s.say(2121, "USER root", "PASS wrong", "USER root", "PASS wrong")
    s.say(2121, "USER denied", "PASS x")
    s.say(2121, "USER anonymous", "PASS me@example.com", "CWD up",
          "SITE CHMOD 777 x", "DELE x", "QUIT")
