"""Outputs under the whole sensor: what the courier may, and what it survives."""
import collections
import json
import os
import shutil
import signal
import socket
import ssl

import pytest

from courier import Server, reply
from sensor import Sensor, line, wait_for
from test_syslog import Rsyslog
from test_webhook import make_certificates

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason='needs root for the roles')
HOOK = '''outputs:
  - webhook: { name: soc, url: "%s://%s:%d/x", allow_http: true, %s }
'''


def write_lines(sensor, first, last):
    path = sensor.logs / 'app.log'
    with open(path, 'a') as log:
        path.chmod(0o644)
        for n in range(first, last):
            log.write(line(n))


def take(ids):
    def answer(_connection, request):
        ids.append(json.loads(request.body)['data']['event']['id'])
        return reply(204)
    return answer


def hook(port, scheme='http', host='127.0.0.1', more='timeout: 5s'):
    return 'sandbox: require\n' + HOOK % (scheme, host, port, more)


def alarms(sensor, rule):
    return [a for a in sensor.alerts() if a['rule']['id'] == rule]


def journal_ids(sensor):
    return {a['event']['id'] for a in sensor.alerts()}


def test_a_courier_that_dies_loses_nothing():
    ids = []
    with Server(take(ids)) as server, Sensor(hook(server.port)) as sensor:
        sensor.start()
        for turn in range(5):
            write_lines(sensor, turn * 500, turn * 500 + 500)
            wait_for(lambda: len(ids) > turn * 500)
            before = wait_for(lambda: sensor.roles().get('courier'))
            os.kill(before, signal.SIGKILL)
            wait_for(lambda: sensor.roles().get('courier') not in
                     (None, before))
        wait_for(lambda: len(set(ids)) >= 2500, 60)
        assert set(ids) == journal_ids(sensor)
        assert 'judge' in sensor.roles()


def test_a_held_output_is_one_alarm():
    with Server(lambda *_: reply(401)) as server, \
            Sensor(hook(server.port)) as sensor:
        sensor.start()
        write_lines(sensor, 0, 20)
        alarm = wait_for(lambda: alarms(sensor, 'output-held'))
        assert len(alarm) == 1
        assert 'soc' in alarm[0]['rule']['name']
        assert '401' in alarm[0]['rule']['name']
        assert sensor.vedette('status').returncode == 1
        assert len(server.requests) <= 4


def test_refusing_everything_does_not_feed_itself():
    with Server(lambda *_: reply(400)) as server, \
            Sensor(hook(server.port)) as sensor:
        sensor.start()
        write_lines(sensor, 0, 50)
        # The 50, and the alarm about them.
        wait_for(lambda: len(server.requests) >= 51)
        write_lines(sensor, 50, 60)
        wait_for(lambda: len(server.requests) >= 61)
        assert len(alarms(sensor, 'output-refused')) == 1
        assert len(server.requests) == 61


def test_an_output_that_cannot_start_is_held_and_others_work():
    ids = []
    with Server(take(ids)) as server, Sensor() as sensor:
        secret = sensor.dir / 'secret'
        secret.write_text('not a key\n')
        sensor.write_config(sensor.text + hook(server.port) + (
            '  - webhook: { name: bad, url: "http://127.0.0.1:%d/x", '
            'allow_http: true, secret_file: %s }\n' % (server.port, secret)))
        sensor.start()
        write_lines(sensor, 0, 20)
        alarm = wait_for(lambda: alarms(sensor, 'output-held'))
        assert 'secret_file: line 1' in alarm[0]['rule']['name']
        wait_for(lambda: len(ids) >= 21)
        assert set(ids) == journal_ids(sensor)


@pytest.fixture(scope='module')
def certificates(tmp_path_factory):
    if shutil.which('openssl') is None:
        pytest.skip('no openssl')
    directory = tmp_path_factory.mktemp('tls')
    make_certificates(directory)
    return directory


def udp_server():
    """"localhost" may be ::1, 127.0.0.1 or both; hears both where it can."""
    try:
        server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.bind(('::', 0))
    except OSError:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(('127.0.0.1', 0))
    return server


def test_tls_and_names_work_behind_the_seal(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / 'good.pem',
                            certificates / 'good.key')
    ids = []
    with Server(take(ids), tls=context) as server, \
            udp_server() as syslog, \
            Sensor() as sensor:
        syslog.settimeout(20)
        ca = sensor.dir / 'ca.pem'
        shutil.copy(certificates / 'ca.pem', ca)
        sensor.write_config(
            sensor.text + hook(server.port, 'https', 'localhost',
                               'ca_file: %s' % ca) +
            '  - webhook: { name: nowhere, url: "https://a.invalid/" }\n'
            '  - webhook: { name: system, url: "https://localhost:%d/" }\n'
            '  - syslog: { address: "udp://localhost:%d" }\n' % (
                server.port, syslog.getsockname()[1]))
        sensor.start()
        write_lines(sensor, 0, 3)
        wait_for(lambda: len(set(ids)) >= 3)
        assert b' ALERT [vedette@' in syslog.recv(65536)
        # A thread was made, asked, and got no answer that it could not read.
        wait_for(lambda: sensor.said('output nowhere: '))
        assert sensor.said('Could not resolve host: a.invalid')
        # The system's authorities were read, and do not know this one.
        wait_for(lambda: sensor.said('output system: '))
        assert sensor.said('unable to get local issuer certificate')


ECHO = '''
global(workDirectory="%(dir)s")
module(load="builtin:omfile" Template="RSYSLOG_FileFormat")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="%(port)d")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="%(dir)s/log" UseSpecialParser="%(parser)s"
      RateLimit.Interval="0")
action(type="omfile" file="%(log)s" fileCreateMode="0644")
'''


@pytest.mark.parametrize('parser', ['on', 'off'])
def test_alerts_that_come_back_by_syslog_raise_no_more(tmp_path, parser):
    """/dev/log of a host whose rsyslogd writes what the sensor reads."""
    with Sensor() as sensor:
        log = sensor.logs / 'app.log'
        with Rsyslog(tmp_path, ECHO, parser=parser, log=log) as rsyslog:
            for path in (tmp_path, *tmp_path.parents[:2]):
                path.chmod(0o755)
            sensor.write_config(
                sensor.text + 'sandbox: require\noutputs:\n'
                '  - syslog: { address: "%s/log" }\n' % rsyslog.dir)
            sensor.start()
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.connect(str(rsyslog.dir / 'log'))
                for n in (1, 2, 3):
                    out.send(b'<13>Nov 23 10:00:00 counter: numbered line %d'
                             % n)
                    # The alert, as rsyslogd wrote it, and read by now.
                    wait_for(lambda: log.exists() and log.read_text().count(
                        'Numbered line: numbered line') == n)
            wait_for(lambda: len(sensor.alerts()) >= 3)
            with log.open('a') as out:
                out.write(line(4))
            wait_for(lambda: len(sensor.alerts()) >= 4)
            assert len(sensor.alerts()) == 4
            assert log.read_text().count('numbered line 1') == 2


def test_status_counts_what_waits():
    seen = collections.Counter()
    with Server(lambda *_: reply(503, 'Retry-After: 60')) as server, \
            Sensor(hook(server.port)) as sensor:
        sensor.start()
        write_lines(sensor, 0, 40)
        wait_for(lambda: sensor.said('output soc: HTTP 503'))
        done = sensor.vedette('status', '--json')
        state = json.loads(done.stdout)
        output = state['outputs'][0]
        assert output['state'] == 'DOWN' and output['waiting'] == 40
        assert 'HTTP 503' in output['reason']
        seen.update(r.headers['webhook-id'] for r in server.requests)
        assert max(seen.values()) == 1
