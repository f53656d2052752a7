"""The webhook output against servers that behave, and against liars."""
import base64
import collections
import hashlib
import hmac
import json
import shutil
import socket
import ssl
import struct
import subprocess
import time

import pytest

from courier import Drive, Server, figure, reply, wait_for

KEYS = [base64.b64encode(bytes(range(n, n + 32))).decode() for n in (0, 100)]


def config(port, *more, scheme='http', host='127.0.0.1'):
    options = ['name: w', 'url: "%s://%s:%d/hook"' % (scheme, host, port),
               'allow_http: true', *more]
    return 'outputs:\n  - webhook: { %s }\n' % ', '.join(options)


def fine(_connection, _request):
    return reply(204)


def signature_is_right(request, key):
    signed = '.'.join([request.headers['webhook-id'],
                       request.headers['webhook-timestamp']]).encode()
    want = base64.b64encode(hmac.new(
        base64.b64decode(key), signed + b'.' + request.body,
        hashlib.sha256).digest()).decode()
    return 'v1,' + want in request.headers['webhook-signature'].split(' ')


def test_a_request_is_a_signed_standard_webhook(tmp_path):
    secret = tmp_path / 'secret'
    secret.write_text('# rotated\n' + ''.join(
        'whsec_%s\n' % key for key in KEYS))
    body = '{"message":"caf\u00e9 \\u0000 \\"","user":{"name":"root"}}'
    with Server(fine) as server, Drive(
            tmp_path, config(server.port, 'secret_file: %s' % secret),
            [body, '{"n":2}']) as drive:
        assert drive.finish() == 0
    by_id = {r.headers['webhook-id']: r for r in server.requests}
    assert sorted(by_id) == ['%032x' % n for n in (1, 2)]
    request = by_id['%032x' % 1]
    assert request.line == 'POST /hook HTTP/1.1'
    assert request.headers['content-type'] == 'application/json'
    assert 'expect' not in request.headers
    sent = json.loads(request.body)
    assert sent['type'] == 'alert.created'
    assert sent['timestamp'] == '2026-11-23T16:10:00.123456Z'
    assert sent['data'] == json.loads(body)
    assert abs(int(request.headers['webhook-timestamp']) - time.time()) < 60
    assert all(signature_is_right(request, key) for key in KEYS)


def test_the_official_library_accepts_the_signature(tmp_path):
    if shutil.which('npm') is None:
        pytest.skip('no npm')
    got = subprocess.run(
        ['npm', 'install', '--silent', '--no-audit', '--no-fund',
         'standardwebhooks'], cwd=tmp_path, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)
    if got.returncode != 0:
        pytest.skip('npm cannot install standardwebhooks: %s' %
                    got.stderr.decode(errors='replace')[-200:])
    secret = tmp_path / 'secret'
    secret.write_text('whsec_%s\n' % KEYS[0])
    with Server(fine) as server, Drive(
            tmp_path, config(server.port, 'secret_file: %s' % secret),
            ['{"message":"m"}']) as drive:
        assert drive.finish() == 0
    request = server.requests[0]
    script = (
        'const {Webhook} = require("standardwebhooks");'
        'const r = JSON.parse(require("fs").readFileSync(0));'
        'const w = new Webhook(r.key);'
        'console.log(JSON.stringify(w.verify(r.body, r.headers)));'
        'try { w.verify(r.body + " ", r.headers); console.log("taken"); }'
        'catch (e) { console.log("refused"); }')
    out = subprocess.run(
        ['node', '-e', script], cwd=tmp_path, text=True, timeout=60,
        input=json.dumps({'key': 'whsec_' + KEYS[0],
                          'body': request.body.decode(),
                          'headers': request.headers}),
        stdout=subprocess.PIPE, check=True).stdout.splitlines()
    assert json.loads(out[0]) == json.loads(request.body)
    assert out[1] == 'refused'


STATUSES = [
    (200, 'acked'), (201, 'acked'), (204, 'acked'), (299, 'acked'),
    (400, 'dead'), (413, 'dead'), (422, 'dead'),
    (301, 'held'), (302, 'held'), (304, 'held'), (307, 'held'),
    (308, 'held'), (401, 'held'), (403, 'held'), (404, 'held'),
    (410, 'held'), (405, 'held'),
    (408, 'down'), (429, 'down'), (500, 'down'), (501, 'down'),
    (502, 'down'), (503, 'down'), (504, 'down'), (599, 'down'),
    (600, 'down'),
]


@pytest.mark.parametrize('status,what', STATUSES)
def test_a_status_decides(tmp_path, status, what):
    with Server(lambda *_: reply(status)) as server, Drive(
            tmp_path, config(server.port), count=1) as drive:
        if what in ('held', 'down'):
            assert drive.wait_said('state').startswith('state w %s ' % what)
            assert not drive.said('acked') and not drive.said('dead')
            return
        assert drive.finish() == 0
        assert drive.said('acked') == ['acked w 1']
        assert drive.said('dead') == (
            ['dead w 1 HTTP %d' % status] if what == 'dead' else [])


@pytest.mark.parametrize('header,least,most', [
    ('Retry-After: 7', 7, 8.8),
    ('Retry-After: 99999999999999', 3600, 4500),
    ('Retry-After: -5', 1, 1.3),
    ('Retry-After: soon', 1, 1.3),
    (None, 1, 1.3),
])
def test_retry_after_is_kept_to(tmp_path, header, least, most):
    answer = reply(429, *([header] if header else []))
    with Server(lambda *_: answer) as server, Drive(
            tmp_path, config(server.port), count=1) as drive:
        wait = float(drive.wait_said('state').split()[3])
        assert least <= wait <= most


def test_retry_after_may_be_a_date(tmp_path):
    date = time.strftime('%a, %d %b %Y %H:%M:%S GMT',
                         time.gmtime(time.time() + 60))
    with Server(lambda *_: reply(503, 'Retry-After: ' + date)) as server, \
            Drive(tmp_path, config(server.port), count=1) as drive:
        assert 55 <= float(drive.wait_said('state').split()[3]) <= 76


def test_a_retry_has_the_same_id_and_a_new_time(tmp_path):
    answers = [reply(503), reply(200)]
    with Server(lambda *_: answers.pop(0)) as server, Drive(
            tmp_path, config(server.port), count=1) as drive:
        assert drive.finish() == 0
    first, second = server.requests
    assert first.headers['webhook-id'] == second.headers['webhook-id']
    assert first.body == second.body
    assert (int(second.headers['webhook-timestamp']) >
            int(first.headers['webhook-timestamp']))


def test_what_was_taken_ahead_of_a_failure_is_not_sent_again(tmp_path):
    failed = set()

    def answer(_connection, request):
        number = int(request.headers['webhook-id'], 16)
        if number in (5, 300) and number not in failed:
            failed.add(number)
            return reply(503)
        return reply(200)

    with Server(answer) as server, Drive(
            tmp_path, config(server.port), count=600) as drive:
        assert drive.finish() == 0
    count = collections.Counter(
        int(r.headers['webhook-id'], 16) for r in server.requests)
    assert sorted(count) == list(range(1, 601))
    assert {n for n in count if count[n] > 1} == {5, 300}
    acked = [int(line.split()[2]) for line in drive.said('acked')]
    assert acked == sorted(acked) and acked[-1] == 600
    # Nothing is acknowledged past what was not taken yet.
    down = drive.lines.index(drive.said('state')[0])
    assert all(int(line.split()[2]) < 5 for line in drive.lines[:down]
               if line.startswith('acked'))


def test_a_list_with_a_bad_one_costs_that_one(tmp_path):
    def answer(_connection, request):
        sent = json.loads(request.body)
        assert sent['type'] == 'alerts.created'
        bad = any(d['n'] == 13 for d in sent['data'])
        return reply(400 if bad else 200)

    bodies = ['{"n":%d}' % n for n in range(1, 101)]
    with Server(answer) as server, Drive(
            tmp_path, config(server.port, 'batch: 20'), bodies) as drive:
        assert drive.finish() == 0
    assert drive.said('dead') == ['dead w 13 HTTP 400']
    taken = collections.Counter(
        d['n'] for r in server.requests for d in json.loads(r.body)['data'])
    assert sorted(taken) == list(range(1, 101))
    assert len(server.requests) < 40


# --- liars -----------------------------------------------------------------

def silent(connection, _request):
    connection.recv(1)


def half_a_head(connection, _request):
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Le')


def reset_in_the_head(connection, _request):
    connection.sendall(b'HTTP/1.1 200 OK\r\n')
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack('ii', 1, 0))
    connection.close()


def many_headers(connection, _request):
    connection.sendall(b'HTTP/1.1 200 OK\r\n')
    for n in range(100000):
        connection.sendall(b'X-%d: some value or other\r\n' % n)
    connection.sendall(b'\r\n')


def a_long_header(connection, _request):
    connection.sendall(b'HTTP/1.1 200 OK\r\nX: ')
    for _ in range(1000):
        connection.sendall(b'x' * 65536)


def endless_continue(connection, _request):
    while True:
        connection.sendall(b'HTTP/1.1 100 Continue\r\n\r\n' * 100)


def not_http(connection, _request):
    connection.sendall(b'SSH-2.0-OpenSSH_9.2p1\r\n')


def drip(connection, _request):
    for byte in b'HTTP/1.1 200 OK\r\n' + b'X' * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.1)


@pytest.mark.parametrize('lie', [
    silent, half_a_head, reset_in_the_head, many_headers, a_long_header,
    endless_continue, not_http, drip])
def test_half_an_answer_is_none(tmp_path, lie):
    with Server(lie) as server, Drive(
            tmp_path, config(server.port, 'timeout: 2s'), count=1) as drive:
        line = drive.wait_said('state', 10)
        assert line.startswith('state w down ')
        assert not drive.said('acked')
        assert drive.peak < 64 * 1024


def reset_in_the_body(connection, _request):
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nxx')
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack('ii', 1, 0))
    connection.close()


def huge_body(connection, _request):
    size = 10 << 30
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % size)
    piece = b'x' * (1 << 20)
    for _ in range(size >> 20):
        connection.sendall(piece)


def huge_chunked_body(connection, _request):
    connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    while True:
        connection.sendall(b'10000\r\n' + b'x' * 65536 + b'\r\n')


@pytest.mark.parametrize('lie', [
    reset_in_the_body, huge_body, huge_chunked_body])
def test_a_whole_status_counts_whatever_the_body_does(tmp_path, lie):
    with Server(lie) as server, Drive(
            tmp_path, config(server.port, 'timeout: 5s'), count=20) as drive:
        began = time.monotonic()
        assert drive.finish() == 0
        assert time.monotonic() - began < 5
        assert drive.peak < 64 * 1024
    assert len(server.requests) == 20


def test_a_redirect_is_not_followed(tmp_path):
    with Server(fine) as other:
        target = 'Location: http://127.0.0.1:%d/steal' % other.port
        with Server(lambda *_: reply(307, target)) as server, Drive(
                tmp_path, config(server.port), count=3) as drive:
            assert drive.wait_said('state').startswith('state w held ')
    assert other.connections == 0


def test_a_proxy_in_the_environment_is_not_used(tmp_path):
    with Server(fine) as proxy, Server(fine) as server:
        url = 'http://127.0.0.1:%d' % proxy.port
        env = {name: url for name in (
            'http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy',
            'ALL_PROXY')}
        with Drive(tmp_path, config(server.port), count=1,
                   env=env) as drive:
            assert drive.finish() == 0
    assert proxy.connections == 0


def test_one_that_hangs_does_not_stop_another(tmp_path):
    out = tmp_path / 'out'
    text = config(0).replace(':0/', ':%d/') + (
        '  - file: { name: f, path: %s }\n' % out)
    with Server(silent) as server, Drive(
            tmp_path, text % server.port, count=5000, seconds=60) as drive:
        wait_for(lambda: 'acked f 5000' in drive.lines)
        assert not drive.said('state')
    assert len(out.read_text().splitlines()) == 5000


def test_an_outage_loses_nothing_and_costs_no_memory(tmp_path, capsys):
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    with Drive(tmp_path, config(port), count=20000, seconds=120) as drive:
        assert 'state w down' in drive.wait_said('state')
        before = drive.memory()
        with Server(fine, port=port) as server:
            assert drive.finish(110) == 0
    ids = collections.Counter(r.headers['webhook-id'] for r in server.requests)
    figure(capsys, 'webhook, outage: RSS down %d KiB, peak %d KiB, %d ids' % (
        before, drive.peak, len(ids)))
    assert len(ids) == 20000
    assert drive.peak < before + 4096


# --- TLS -------------------------------------------------------------------

def openssl(directory, *argv):
    subprocess.run(['openssl', *argv], cwd=directory, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=60)


def make_certificates(directory):
    """ca.pem, and NAME.pem + NAME.key: good, wrong (name), own, expired."""
    openssl(directory, 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
            'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out',
            'ca.pem', '-days', '2', '-subj', '/CN=Test CA')
    for name, host in (('good', 'localhost'), ('wrong', 'other.example'),
                       ('expired', 'localhost')):
        openssl(directory, 'req', '-newkey', 'ec', '-pkeyopt',
                'ec_paramgen_curve:P-256', '-nodes', '-keyout', name + '.key',
                '-out', name + '.csr', '-subj', '/CN=' + host)
        (directory / (name + '.ext')).write_text(
            'subjectAltName=DNS:%s\n' % host)
        openssl(directory, 'x509', '-req', '-in', name + '.csr', '-CA',
                'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out',
                name + '.pem', '-extfile', name + '.ext', '-days',
                '-1' if name == 'expired' else '2')
    openssl(directory, 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
            'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'own.key', '-out',
            'own.pem', '-days', '2', '-subj', '/CN=localhost', '-addext',
            'subjectAltName=DNS:localhost')


@pytest.fixture(scope='module')
def certificates(tmp_path_factory):
    directory = tmp_path_factory.mktemp('tls')
    make_certificates(directory)
    return directory


def tls(directory, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / (name + '.pem'),
                            directory / (name + '.key'))
    return context


def secure(port, *more):
    return config(port, *more, scheme='https', host='localhost').replace(
        'allow_http: true', 'allow_http: false')


def test_a_known_authority_is_trusted(tmp_path, certificates):
    with Server(fine, tls=tls(certificates, 'good')) as server, Drive(
            tmp_path, secure(server.port, 'ca_file: %s' %
                             (certificates / 'ca.pem')), count=50) as drive:
        assert drive.finish() == 0
    assert len(server.requests) == 50
    assert server.connections <= 4


@pytest.mark.parametrize('name,ca', [
    ('wrong', True), ('own', True), ('expired', True), ('good', False)])
def test_an_untrusted_server_gets_no_byte(tmp_path, certificates, name, ca):
    more = ['ca_file: %s' % (certificates / 'ca.pem')] if ca else []
    with Server(fine, tls=tls(certificates, name)) as server, Drive(
            tmp_path, secure(server.port, *more), count=3) as drive:
        line = drive.wait_said('state')
        assert line.startswith('state w held ')
    assert server.connections > 0
    assert server.clear_bytes == 0


def test_a_server_without_tls_gets_no_byte(tmp_path):
    with Server(fine) as server, Drive(
            tmp_path, secure(server.port), count=1) as drive:
        assert drive.wait_said('state').startswith('state w down ')
        assert not server.requests


@pytest.mark.parametrize('text,what', [
    ('allow_http: false', 'url without TLS'),
    ('batch: 0', 'batch must be 1'),
    ('batch: 65', 'batch must be 1'),
    ('timeout: 10m', 'timeout must be'),
])
def test_options_are_checked(tmp_path, text, what):
    yaml = config(1, text)
    if 'allow_http' in text:
        yaml = yaml.replace('allow_http: true, ', '')
    with Drive(tmp_path, yaml, count=1) as drive:
        assert drive.finish() == 1
    assert what in (tmp_path / 'drive.log').read_text()


@pytest.mark.parametrize('text', [
    '', '# nothing\n', 'whsec_AAAA\n', KEYS[0] + '\n', 'whsec_???\n',
    ''.join('whsec_%s\n' % KEYS[0] for _ in range(5))])
def test_a_bad_secret_is_held_and_not_shown(tmp_path, text):
    secret = tmp_path / 'secret'
    secret.write_text(text)
    with Server(fine) as server, Drive(
            tmp_path, config(server.port, 'secret_file: %s' % secret),
            count=1) as drive:
        line = drive.wait_said('state')
        assert line.startswith('state w held ') and 'secret_file' in line
        assert KEYS[0] not in line
    assert not server.requests
