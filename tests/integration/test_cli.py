"""Commands against a journal: what they print, who may, what they survive."""
import concurrent.futures
import json
import os
import pty
import re
import shutil
import socket
import sqlite3
import struct
import subprocess
import time

import pytest

from journal import DECEIVING, HOSTILE, VEDETTE, Journal, line, wait_for

READERS, ANALYSTS = 4000001, 4000002
ROOT = pytest.mark.skipif(os.getuid() != 0, reason='needs root')


@pytest.fixture
def journal(tmp_path):
    j = Journal(tmp_path)
    yield j
    j.kill()


def as_user(uid, gid, *groups):
    how = ['--groups', ','.join(map(str, groups))] if groups else [
        '--clear-groups']
    return ['setpriv', '--reuid', str(uid), '--regid', str(gid), *how]


def some(journal):
    journal.fill(
        line('start', kind='self', level='informational', ago=4000),
        line('web server started a shell', level='critical', ago=3000,
             rule='a', user='www-data'),
        *[line('SSH guessing', level='medium', ago=2900 + i, rule='b',
               source='203.0.113.7', fields={'event.outcome': 'failure'})
          for i in range(318)],
        line('key added', ago=100, rule='c', user='deploy',
             fields={'user.effective.name': 'root', 'process.pid': '12'}),
        line('session opened', kind='event', level='informational', ago=50,
             rule='login', user='deploy'))


def test_what_is_the_same_is_one_line_and_the_last_is_what_was_observed(
        journal):
    some(journal)
    journal.serve()
    r = journal('alerts', status=1)
    lines = r.stdout.splitlines()
    assert re.match(r'ID +TIME +LEVEL +WHO +WHAT +×$', lines[0])
    assert re.match(r'[0-9a-f]{6}  \S+ *\S*  critical  www-data  +web server '
                    r'started a shell +1$', lines[1])
    assert re.match(r'[0-9a-f]{6}  .*  medium    203.0.113.7  +SSH guessing '
                    r'+318$', lines[2])
    assert re.search(r'  root < deploy  +key added +1$', lines[3])
    first = lines[1][:6]
    assert lines[4] == ('320 alerts in 3 lines, 320 open · next: vedette show '
                        + first)
    assert lines[5].startswith('observed ')
    assert len(lines) == 6


def test_filters_and_groups(journal):
    some(journal)
    journal.serve()
    assert len(journal.rows('--level', 'high')) == 2
    assert len(journal.rows('--rule', 'guessing')) == 318
    assert len(journal.rows('--rule', 'b')) == 318
    assert len(journal.rows('--user', 'deploy')) == 1
    assert len(journal.rows('--source', '203.0.113.7')) == 318
    assert len(journal.rows('--since', '5m')) == 1
    assert len(journal.rows('--until', '-30m')) == 319
    assert len(journal.rows('--kind', 'all')) == 322
    assert len(journal.rows('--limit', '7')) == 7
    assert [r['rule']['id'] for r in journal.rows('--limit', '2')] == [
        'b', 'c']
    by = journal.rows('--by', 'rule,user')
    assert by[0] == {'count': 318, 'rule': 'b', 'user': ''}
    assert len(by) == 3
    assert journal.rows('--by', 'process.pid')[1]['process.pid'] == '12'
    text = journal('alerts', '--by', 'level', status=1).stdout
    assert re.search(r'\n +318 +99.4 % +medium\n', text)


def test_a_rule_is_meant_by_the_front_of_its_id(journal):
    one, other = '35df76fb-fc27-4148', '35df7600-fc27-4148'
    journal.fill(line('a', rule=one), line('b', rule=one),
                 line('c', rule=other))
    assert len(journal.rows('--rule', '35DF76FB')) == 2
    assert len(journal.rows('--rule', '35df76')) == 3
    assert len(journal.rows('--rule', '35df7')) == 0
    assert len(journal.rows('--rule', 'fc27-4148')) == 0
    assert len(journal.rows('--rule', other)) == 1


def test_show_says_what_a_correlation_counted(journal):
    journal.fill(line('Guessing', level='high', ago=9, rule='a', fields={
        'message': '10 in 00:04:49, source.ip=203.0.113.7',
        'vedette.correlation.type': 'event_count'}), line(
        'Other', level='low', ago=8, rule='b', fields={'message': 'text'}))
    journal.serve()
    ids = [line.split()[0] for line in journal(
        'alerts', status=1).stdout.splitlines()[1:3]]
    shown = journal('show', ids[0]).stdout
    assert '\ncounted   10 in 00:04:49, source.ip=203.0.113.7\n' in shown
    assert '\ncounted ' not in journal('show', ids[1]).stdout


def test_programs_get_the_events_of_record_as_well(journal):
    some(journal)
    journal.serve()
    rows = [json.loads(text) for text in
            journal('alerts', '--json', status=1).stdout.splitlines()]
    kinds = [row['vedette']['kind'] for row in rows]
    assert kinds.count('alert') == 320
    assert len(kinds) == len(journal.rows('--kind', 'alert,event')) > 320


def test_nothing_found_is_0_and_says_what_was_observed(journal):
    some(journal)
    journal.serve()
    r = journal('alerts', '--user', 'nobody', status=0)
    assert r.stdout.startswith('no alerts\nobserved ')
    r = journal('alerts', '--user', 'nobody', '--json', status=0)
    assert r.stdout == '' and r.stderr.startswith('observed ')


def test_a_reload_is_no_gap_and_a_stop_is_one(journal):
    def lived(what, ago):
        return line(what, kind='self', level='informational', rule=what,
                    ago=ago)

    journal.fill(lived('start', 4000), lived('handover', 2000),
                 lived('takeover', 1999))
    journal.serve()
    assert journal('alerts').stdout.endswith('\nobserved 100 %\n')
    journal.add(lived('stop', 1000), lived('start', 500))
    wait_for(lambda: len(journal.rows('--kind', 'self')) == 5)
    assert re.search(r'\nobserved 87.\d %: not running ',
                     journal('alerts').stdout)


@pytest.mark.parametrize('args', [
    ['--sinse', '2h'], ['--level', 'hi'], ['--json', '--csv'], ['x'],
    ['--by', ''], ['--by', 'a,,b'], ['--by', 'nonsense'], ['--kind', 'alarm'],
    ['--open', '--kind', 'gap'], ['--follow', '--until', 'now'],
])
def test_a_wrong_call_is_2_and_says_why(journal, args):
    some(journal)
    journal.serve()
    r = journal('alerts', *args, status=2)
    assert r.stdout == '' and r.stderr.startswith('vedette alerts: ')


def comparable(text):
    """Without the header and the coverage, which name time and place."""
    return [x for x in text.splitlines()
            if not x.startswith(('sensor ', 'journal ', 'observed '))]


def test_the_rows_are_the_same_however_they_are_asked_for(journal, tmp_path):
    some(journal)
    journal.serve()
    live = journal('alerts', status=1).stdout
    rows = journal.rows('--kind', 'all')
    journal.kill()
    assert (journal.state / 'journal.db-wal').exists()
    dead = journal('alerts', status=1)
    assert dead.stdout.startswith('sensor not running since ')
    assert comparable(dead.stdout) == comparable(live)
    before = {p.name: p.stat().st_mtime_ns for p in journal.state.iterdir()}
    copy = tmp_path / 'copy'
    shutil.copytree(journal.state, copy)
    for where in (journal.state, copy):
        r = journal('alerts', '--state', where, status=1)
        assert r.stdout.startswith('journal in %s, host ' % where)
        assert comparable(r.stdout) == comparable(live)
        assert journal.rows('--state', where, '--kind', 'all') == rows
    assert before == {p.name: p.stat().st_mtime_ns
                      for p in journal.state.iterdir()}


@ROOT
def test_a_read_only_mount_and_a_plain_user_are_enough(journal, tmp_path):
    some(journal)
    journal.serve()
    rows = journal.rows()
    journal.kill()
    r = subprocess.run(
        ['unshare', '-m', '--propagation', 'private', 'sh', '-c',
         'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && '
         '! touch "$1/x" 2>/dev/null && "$0" alerts --json --kind alert --state "$1"',
         VEDETTE, str(journal.state)],
        capture_output=True, text=True, timeout=60)
    assert [json.loads(x) for x in r.stdout.splitlines()] == rows, r.stderr
    copy = tmp_path / 'copy'
    shutil.copytree(journal.state, copy)
    for path in [copy, *copy.iterdir()]:
        os.chown(path, 4000003, 4000003)
    open_the_way(tmp_path)
    r = subprocess.run([*as_user(4000003, 4000003), VEDETTE, 'alerts',
                        '--json', '--kind', 'alert', '--state', str(copy)],
                       capture_output=True, text=True, timeout=60)
    assert [json.loads(x) for x in r.stdout.splitlines()] == rows, r.stderr


def open_the_way(path):
    """Others may pass through the test's directories."""
    while path != path.parent and path.stat().st_uid == os.getuid():
        path.chmod(path.stat().st_mode | 0o011)
        path = path.parent


def in_terminal(argv, **env):
    """Everything that a terminal gets to see."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(argv[0], argv, dict(os.environ, TERM='xterm', **env))
    seen = b''
    while True:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(fd)
    os.waitpid(pid, 0)
    return seen.decode()


def without_paint(text):
    return re.sub('\x1b\\[(0|1|2|31|32|33|1;31)m', '', text)


def test_hostile_text_is_never_raw(journal):
    texts = [' '.join(HOSTILE) + ' row %d' % i for i in range(2)]
    journal.fill(*[line('title ' + t, user='user ' + t, source='::1',
                        rule=t, fields={'event.original': t,
                                        'process.name': t,
                                        'vedette.session': t})
                   for t in texts])
    journal.serve()
    assert sorted(r['rule']['name'] for r in journal.rows()) == [
        'title ' + t for t in texts]
    first = journal.ids()[0]
    journal('note', first, 'note ' + texts[0], status=0)
    journal('ack', first, '--to', texts[0], '--reason', texts[1], status=0)
    calls = [('alerts',), ('alerts', '--json'), ('alerts', '--csv'),
             ('alerts', '--by', 'user'), ('alerts', '--by', 'user', '--csv'),
             ('alerts', '--kind', 'all'), ('show', first), ('status',),
             ('show', '--json', first), ('ack', '\x1b[2J')]
    for call in calls:
        r = journal(*call)
        for text in (r.stdout, r.stderr):
            assert not set(text) & set(DECEIVING) - {'\n'}, call
        seen = without_paint(in_terminal(journal.argv(*call)))
        assert not set(seen) & set(DECEIVING) - {'\n', '\r'}, call


def test_colour_is_for_terminals_that_want_it(journal):
    some(journal)
    journal.serve()
    argv = journal.argv('alerts')
    assert '\x1b[1;31mcritical\x1b[0m' in in_terminal(argv)
    assert '\x1b' not in in_terminal(argv, NO_COLOR='1')
    assert '\x1b' not in journal('alerts').stdout
    width = max(map(len, without_paint(in_terminal(
        argv, COLUMNS='60')).splitlines()[:4]))
    assert width <= 60


def test_a_spreadsheet_gets_no_formula(journal):
    journal.fill(line("=cmd|'/c calc'!A0", user='a "b", c'))
    journal.serve()
    heading, row = journal('alerts', '--csv').stdout.splitlines()
    assert heading == 'id,time,level,state,user,source,rule,title'
    assert row.endswith(',"high","open","a ""b"", c","","r1",'
                        "\"'=cmd|'/c calc'!A0\"")


def test_decisions_are_records_of_their_own(journal):
    some(journal)
    journal.serve()
    key = journal.ids('--rule', 'c')[0]
    assert journal('ack', key[:6], '--to', 'alice', '--reason', 'on it',
                   status=0).stdout == key[:6] + ' acked: key added\n'
    journal('note', key, 'two', 'words', status=0)
    note = journal.directory / 'note'
    note.write_text('from a file\n')
    journal('note', '--file', note, key, status=0)
    r = journal('show', key, status=0)
    assert re.search(r'^who +root < deploy$', r.stdout, re.M)
    assert re.search(r'^ack +\S+ root \(uid 0\), to alice: on it$', r.stdout,
                     re.M)
    assert re.search(r'^note +\S+ root \(uid 0\): two words$', r.stdout, re.M)
    assert re.search(r'^state +acked$', r.stdout, re.M)
    assert journal('close', key, '--verdict', 'benign', '--reason', 'ours',
                   '--ticket', 'T-7', status=0).stdout.startswith(
                       key[:6] + ' closed')
    r = journal('show', key, status=0)
    assert re.search(r'verdict benign, ticket T-7: ours$', r.stdout, re.M)
    assert 'next ' not in r.stdout
    assert 'key added (closed)' in journal('alerts').stdout
    assert len(journal.rows('--open')) == 319
    decided = journal.rows('--kind', 'decision')
    assert [d['event']['action'] for d in decided] == [
        'ack', 'note', 'note', 'close']
    assert all(d['user']['id'] == '0' for d in decided)
    shown = journal('show', decided[3]['vedette']['short_id']).stdout
    assert re.search(r'^about +%s, ' % key[:6], shown, re.M)
    event = journal.rows('--kind', 'event')[0]
    assert journal.ids('--kind', 'event')[0] in journal(
        'show', '--json', event['event']['id']).stdout
    journal('verify', status=0)


@pytest.mark.parametrize('call, why', [
    (['ack', '000000'], 'no record has this id'),
    (['ack', '12'], 'an id has 6 hex digits or more'),
    (['ack', 'zzzzzz'], 'an id has hex digits only'),
    (['ack'], 'which alert'),
    (['close', '000000', '--verdict', 'true'], '--reason is needed'),
    (['close', '000000', '--reason', 'x'], '--verdict is needed'),
    (['close', '000000', '--verdict', 'x', '--reason', 'y'], 'expected true'),
    (['close', '000000', '--verdict', 'true', '--reason', ' '],
     'close needs a reason'),
    (['note', '000000'], 'vedette note ID TEXT'),
    (['show', '000000'], 'no record has the id'),
    (['ack', 'EVENT'], 'this is no alert'),
])
def test_a_decision_that_is_none_says_why(journal, call, why):
    some(journal)
    journal.serve()
    event = journal.ids('--kind', 'event')[0]
    r = journal(*[event if x == 'EVENT' else x for x in call], status=2)
    assert why in r.stderr
    assert journal.rows('--kind', 'decision') == []


@ROOT
def test_who_asks_decides_what_he_may(journal):
    some(journal)
    journal.serve(READERS, ANALYSTS)
    open_the_way(journal.directory)
    key = journal.ids('--rule', 'c')[0]
    for who, list_, ack, reload_ in [
            (as_user(4000009, 4000009), 2, 2, 2),
            (as_user(4000009, READERS), 1, 2, 2),
            (as_user(4000009, 4000009, 7, READERS), 1, 2, 2),
            (as_user(4000009, ANALYSTS), 1, 0, 2),
            (as_user(4000009, 4000009, ANALYSTS), 1, 0, 2),
            ([], 1, 0, 0)]:
        journal('alerts', before=who, status=list_)
        journal('ack', key, before=who, status=ack)
        journal('reload', before=who, status=reload_)
    r = journal('alerts', before=as_user(4000009, 4000009))
    assert 'only root and group vedette may read' in r.stderr
    refused = journal.rows('--kind', 'refused')
    assert [x['vedette']['refused']['command'] for x in refused] == [
        'list', 'decide', 'reload', 'decide', 'reload', 'decide', 'reload',
        'reload', 'reload', 'list']
    assert {x['user']['id'] for x in refused} == {'4000009'}


@ROOT
def test_refusals_do_not_fill_the_disk(journal):
    some(journal)
    journal.serve(READERS, ANALYSTS)
    open_the_way(journal.directory)
    script = ('for i in $(seq 60); do "$0" status -c "$1" 2>/dev/null; done')
    # The build may be where nobody else gets to.
    binary = shutil.copy(VEDETTE, journal.directory / 'vedette')
    subprocess.run([*as_user(4000009, 4000009), 'sh', '-c', script,
                    str(binary), str(journal.config)], timeout=60)
    assert len(journal.rows('--kind', 'refused')) == 20


class Follower:
    def __init__(self, journal, *args):
        self.out = open(journal.directory / 'followed', 'w+')
        self.process = subprocess.Popen(
            journal.argv('alerts', '--follow', *args), stdout=self.out,
            stderr=subprocess.PIPE, text=True)

    def lines(self):
        with open(self.out.name) as f:
            return f.read().splitlines()

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()
        self.out.close()


def test_following_gives_each_alert_once_also_over_a_restart(journal):
    some(journal)
    journal.serve()
    f = Follower(journal, '--json', '--rule', 'new')
    try:
        for round_ in range(3):
            for i in range(20):
                journal.add(line('n %d.%d' % (round_, i), rule='new', ago=0))
            journal.add(line('other', rule='old', ago=0))
            wait_for(lambda: len(f.lines()) >= 20 * (round_ + 1))
            journal.kill()
            journal.fill(line('between %d' % round_, rule='old', ago=0))
            journal.serve()
        journal.add(line('last', rule='new', ago=0))
        wait_for(lambda: len(f.lines()) >= 61)
    finally:
        f.end()
    names = [json.loads(x)['rule']['name'] for x in f.lines()]
    assert names == ['n %d.%d' % (r, i) for r in range(3)
                     for i in range(20)] + ['last']


def test_following_needs_something_that_grows(journal):
    some(journal)
    r = journal('alerts', '--follow', status=2)
    assert 'needs a running sensor' in r.stderr
    r = journal('ack', '000000', status=2)
    assert 'needs the running sensor' in r.stderr


def frame(kind, body):
    return struct.pack('=IH', len(body), kind) + body


def connect(journal):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(str(journal.run / 'control.sock'))
    return s


def read_all(s):
    got = b''
    try:
        while piece := s.recv(65536):
            got += piece
    except ConnectionError:
        pass
    return got


def resident(pid):
    text = open('/proc/%d/status' % pid).read()
    return int(re.search(r'VmRSS:\s+(\d+)', text).group(1))


def test_a_slow_reader_costs_nobody_anything(journal):
    journal.fill(*[line('n %d' % i, fields={'event.original': 'x' * 2000})
                   for i in range(5000)])
    journal.serve()
    journal('alerts', '--limit', '1', status=1)
    before = resident(journal.server.pid)
    slow = [connect(journal) for i in range(20)]
    for s in slow:
        s.sendall(frame(1, b'{"command":"list"}'))
    begin = time.monotonic()
    assert len(journal.rows()) == 5000
    assert time.monotonic() - begin < 10
    assert resident(journal.server.pid) - before < 20 * 1024
    got = read_all(slow[0])
    assert got.endswith(frame(8, b'\0\0\0\0'))
    for s in slow:
        s.close()


def test_what_is_no_request_ends_the_connection_alone(journal):
    some(journal)
    journal.serve()
    for bad in (b'\0' * 64, frame(1, b'{"command":'), frame(1, b''),
                frame(3, b'{}'), frame(1, b'[]'), frame(200, b'{}'),
                frame(1, b'{"command":"list","query":' + b'[' * 99),
                struct.pack('=IH', 1 << 30, 1), b'GET / HTTP/1.0\r\n\r\n'):
        s = connect(journal)
        s.sendall(bad)
        s.shutdown(socket.SHUT_WR)
        got = read_all(s)
        assert got == b'' or got.endswith(frame(8, b'\2\0\0\0'))
        s.close()
    journal('alerts', status=1)


def test_connections_are_counted_and_end_when_idle(journal):
    some(journal)
    journal.serve()
    idle = [connect(journal) for i in range(64)]
    idle[0].sendall(b'\1')
    r = journal('status', status=2)
    assert 'too many' in r.stderr
    begin = time.monotonic()
    for s in idle:
        assert read_all(s) == b''
        s.close()
    assert time.monotonic() - begin < 15
    journal('status', status=0)


def test_many_ask_at_once(journal):
    some(journal)
    journal.serve()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda i: len(journal.rows()), range(40)))
    assert counts == [320] * 40


def test_status_says_since_when_nothing_runs(journal):
    some(journal)
    r = journal('status', status=1)
    assert re.match(r'sensor not running since \S+', r.stdout)
    told = json.loads(journal('status', '--json', status=1).stdout)
    assert told['running'] is False and told['since'].endswith('Z')
    journal.serve()
    r = journal('status', status=0)
    assert 'none: alerts stay on this host' in r.stdout
    assert re.search(r'^alerts +320 open, oldest ', r.stdout, re.M)
    assert journal('status', '--brief', status=0).stdout.count('\n') == 1
    told = json.loads(journal('status', '--json', status=0).stdout)
    assert told['running'] is True and told['journal']['open'] == 320
    journal.kill()
    journal.serve(STATUS='["disk full", "audit lost \\u001b[2J"]')
    r = journal('status', status=1)
    assert 'DEGRADED (2)' in r.stdout
    assert 'audit lost \\x1b[2J' in r.stdout
    r = journal('status', '--brief', status=1)
    assert r.stdout.endswith('DEGRADED (2): disk full; audit lost '
                             '\\x1b[2J\n')


def test_verify_names_the_first_record_that_was_changed(journal):
    some(journal)
    told = json.loads(journal('verify', '--json', status=0).stdout)
    assert told['intact'] and told['records'] == 322
    head = told['heads']['bulk']
    assert re.fullmatch(r'\d+:[0-9a-f]{64}', head)
    assert journal('verify', status=0).stdout.endswith('\nintact\n')
    journal('verify', '--expect-head', head, status=0)
    wrong = head[:-1] + ('0' if head[-1] != '0' else '1')
    journal('verify', '--expect-head', wrong, status=1)
    db = sqlite3.connect(journal.state / 'journal.db')
    tables = [t for (t,) in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert 'record' in tables
    db.execute("UPDATE record SET title = 'nothing' WHERE seq = 100")
    db.commit()
    db.close()
    r = journal('verify', status=1)
    assert 'NOT INTACT: the first bad record is 100\n' in r.stdout
    assert json.loads(journal('verify', '--json',
                              status=1).stdout)['first_bad'] == 100


def test_a_broken_configuration_keeps_nobody_from_asking(journal):
    some(journal)
    journal.config.write_text(journal.config.read_text() + 'nonsense: 1\n')
    journal('alerts', status=1)
    journal('verify', status=0)
    journal.config.write_text('state: [\n')
    assert 'vedette.yaml:' in journal('alerts', status=2).stderr
    journal.config.unlink()
    assert 'vedette.yaml' in journal('alerts', status=2).stderr


def test_help_of_every_command_comes_from_its_table():
    for command in 'alerts show ack note close status verify'.split():
        r = subprocess.run([VEDETTE, command, '--help'], capture_output=True,
                           text=True, timeout=20)
        assert r.returncode == 0 and r.stderr == ''
        assert r.stdout.startswith('usage: vedette %s ' % command)
        assert re.search(r'^  -c, --config FILE  ', r.stdout, re.M)
        assert max(map(len, r.stdout.splitlines())) <= 80
