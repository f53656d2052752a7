"""The syslog output against a real rsyslogd, and the file output against a
real logrotate."""
import collections
import grp
import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess

import pytest

from courier import Drive, figure, wait_for

CONFIG = '''
global(workDirectory="%(dir)s" maxMessageSize="64k")
module(load="imudp")
module(load="imuxsock" SysSock.Use="off")
module(load="mmpstrucdata")
input(type="imudp" address="127.0.0.1" port="%(port)d" rcvbufSize="2m")
input(type="imuxsock" Socket="%(dir)s/log" UseSpecialParser="off"
      RateLimit.Interval="0" UseSysTimeStamp="off" IgnoreTimestamp="off")
template(name="all" type="list" option.jsonf="on") {
  property(outname="pri" name="pri" format="jsonf")
  property(outname="version" name="protocol-version" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339"
           format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="id" name="$!rfc5424-sd!vedette@32473!alert_id"
           format="jsonf")
  property(outname="msg" name="msg" format="jsonf")
}
action(type="mmpstrucdata")
action(type="omfile" file="%(dir)s/received" template="all"
       flushOnTXEnd="on" asyncWriting="off")
'''


class Rsyslog:
    def __init__(self, directory, config=CONFIG, **values):
        program = shutil.which('rsyslogd') or '/usr/sbin/rsyslogd'
        if not os.access(program, os.X_OK):
            pytest.skip('no rsyslogd')
        self.dir = pathlib.Path(directory) / 'rsyslog'
        self.dir.mkdir()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(('127.0.0.1', 0))
            self.port = free.getsockname()[1]
        self.program = program
        self.config = self.dir / 'rsyslog.conf'
        self.config.write_text(
            config % dict(values, dir=self.dir, port=self.port))
        self.process = None

    def start(self):
        # -i: its pid file; output to a file, never to a pipe.
        self.log = open(self.dir / 'stderr', 'wb')
        self.process = subprocess.Popen(
            [self.program, '-n', '-f', str(self.config), '-i',
             str(self.dir / 'pid')], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)
        wait_for(lambda: (self.dir / 'log').exists())
        wait_for(self.listens)
        return self

    def listens(self):
        want = '0100007F:%04X' % self.port
        return want in pathlib.Path('/proc/net/udp').read_text()

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.log.close()
        self.process = None

    def records(self):
        path = self.dir / 'received'
        if not path.exists():
            return []
        return [json.loads(line) for line in
                path.read_text(errors='strict').splitlines()]

    def wait_records(self, count, seconds=20):
        return wait_for(lambda: len(self.records()) >= count and
                        self.records(), seconds)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


BODY = {
    'host': {'name': 'web01'}, 'message': 'Failed password for root',
    'rule': {'id': '5c1e', 'name': 'Brute force'},
    'user': {'name': 'root'}, 'source': {'ip': '203.0.113.9'},
}
HOSTILE = [
    'a"] <1>1 - - - - - forged', 'a\nb', 'a\r\n<1>1 forged',
    '\\', '\\"', ']', '\x00', '\x1b[2J', '\u0085', '\u202e', '%s%n',
    'caf\u00e9', '\ufeffbom', 'x' * 3000, '\u20ac' * 3000,
]


def addresses(server):
    return ['udp://127.0.0.1:%d' % server.port, str(server.dir / 'log')]


def config(address, *more):
    options = ['name: s', 'address: "%s"' % address, *more]
    return 'outputs:\n  - syslog: { %s }\n' % ', '.join(options)


def unescape(value):
    return re.sub(r'\\(["\\\]])', r'\1', value)


@pytest.mark.parametrize('way', [0, 1])
def test_rsyslog_reads_every_part(tmp_path, way):
    with Rsyslog(tmp_path) as server, Drive(
            tmp_path, config(addresses(server)[way], 'facility: local3'),
            [json.dumps(BODY)]) as drive:
        assert drive.finish() == 0
        record = server.wait_records(1)[0]
    assert record['pri'] == str(19 * 8 + 3)
    assert record['version'] == '1'
    assert record['time'] == '2026-11-23T16:10:00.123456Z'
    assert record['host'] == 'web01'
    assert record['app'] == 'vedette'
    assert record['msgid'] == 'ALERT'
    assert record['data'] == (
        '[vedette@32473 alert_id="%032x" seq="1" severity="high" '
        'rule_id="5c1e" rule="Brute force" user="root" '
        'src="203.0.113.9"]' % 1)
    assert record['msg'] == 'Brute force: Failed password for root'


@pytest.mark.parametrize('way', [0, 1])
def test_hostile_text_stays_one_record(tmp_path, way):
    bodies = [json.dumps(dict(BODY, message=text, user={'name': text}))
              for text in HOSTILE]
    with Rsyslog(tmp_path) as server, Drive(
            tmp_path, config(addresses(server)[way]), bodies) as drive:
        assert drive.finish() == 0
        records = server.wait_records(len(bodies))
    assert len(records) == len(bodies)
    for number, (text, record) in enumerate(zip(HOSTILE, records), 1):
        assert record['id'] == '%032x' % number
        assert record['host'] == 'web01'
        assert not re.search('[\x00-\x1f\x7f]', record['msg'])
        match = re.search(r' user="((?:[^"\\\]]|\\.)*)"', record['data'])
        user = unescape(match.group(1))
        if text.isprintable() and len(text) < 250:
            assert user == text
            assert record['msg'] == 'Brute force: ' + text
        if len(text) >= 3000:
            assert ' truncated="1"]' in record['data']
            assert text.startswith(user)


def test_json_arrives_as_json(tmp_path):
    bodies = [json.dumps(dict(BODY, message=text)) for text in HOSTILE]
    big = dict(BODY, event={'original': '\u20ac\n' * 9000})
    bodies.append(json.dumps(big))
    with Rsyslog(tmp_path) as server, Drive(
            tmp_path, config(addresses(server)[0], 'format: json'),
            bodies) as drive:
        assert drive.finish() == 0
        records = server.wait_records(len(bodies))
    for text, record in zip(HOSTILE, records):
        got = json.loads(record['msg'])['message']
        assert got == text or len(got) > 1000 and text.startswith(got)
    last = json.loads(records[-1]['msg'])
    assert last['user'] == BODY['user']
    assert big['event']['original'].startswith(last['event']['original'])
    assert ' truncated="1"]' in records[-1]['data']


@pytest.mark.parametrize('way', [0, 1])
def test_an_outage_loses_nothing(tmp_path, capsys, way):
    server = Rsyslog(tmp_path)
    count = 20000
    with Drive(tmp_path, config(addresses(server)[way]), count=count,
               seconds=100) as drive:
        assert 'state s down' in drive.wait_said('state')
        before = drive.memory()
        with server:
            assert drive.finish(90) == 0
            wait_for(lambda: len(server.records()) >= count, 60)
    ids = collections.Counter(r['id'] for r in server.records())
    figure(capsys, 'syslog by %s, outage: RSS down %d KiB, peak %d KiB, '
           '%d ids, %d double' % (
               ('UDP', 'Unix socket')[way], before, drive.peak, len(ids),
               sum(ids.values()) - len(ids)))
    assert len(ids) == count
    assert drive.peak < before + 4096


ROTATED = 300000


def rotated_while_written(tmp_path, program, capsys):
    """How often logrotate ran before all was written, and the ids it left."""
    tmp_path.mkdir()
    logs = tmp_path / 'logs'
    logs.mkdir(mode=0o755)
    out = logs / 'alerts.jsonl'
    rotate = tmp_path / 'logrotate.conf'
    rotate.write_text('%s {\n rotate 50\n create 0640 %s %s\n}\n' % (
        out, pwd.getpwuid(os.getuid()).pw_name,
        grp.getgrgid(os.getgid()).gr_name))
    rotate.chmod(0o644)
    text = 'outputs:\n  - file: { name: f, path: %s }\n' % out
    with Drive(tmp_path, text, count=ROTATED) as drive:
        turns = 0
        while drive.process.poll() is None and turns < 40:
            wait_for(lambda: drive.process.poll() is not None or
                     out.exists() and out.stat().st_size > 0)
            subprocess.run([program, '-f', '-s', str(tmp_path / 'state'),
                            str(rotate)], check=True, timeout=20,
                           stdin=subprocess.DEVNULL)
            turns += 1
        assert drive.finish() == 0
    ids = [json.loads(line)['event']['id'] for path in
           sorted(logs.iterdir()) for line in path.read_text().splitlines()]
    figure(capsys, 'file, logrotate: %d rotations, %d lines' % (
        turns, len(ids)))
    return turns, ids


def test_the_file_survives_logrotate(tmp_path, capsys):
    program = shutil.which('logrotate') or '/usr/sbin/logrotate'
    if not os.access(program, os.X_OK):
        pytest.skip('no logrotate')
    # A busy machine may let the writer end before logrotate has its turn.
    for again in range(5):
        turns, ids = rotated_while_written(tmp_path / str(again), program, capsys)
        assert len(ids) == len(set(ids)) == ROTATED
        if turns >= 3:
            return
    raise AssertionError('logrotate never ran 3 times while it was written')
