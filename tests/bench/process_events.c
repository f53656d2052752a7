#include "process_events.h"

#include <stdio.h>

/* In what is run: %d a number, %w a word, %f a file, %h a host, %p a port. */
struct command {
	const char *image, *line;
};

static const struct command commands[] = {
	{ "/usr/bin/ls", "ls -la %f" },
	{ "/usr/bin/ls", "ls --color=auto" },
	{ "/usr/bin/cat", "cat %f" },
	{ "/usr/bin/grep", "grep -rn %w %f" },
	{ "/usr/bin/grep", "grep -E ^%w= %f" },
	{ "/usr/bin/sed", "sed -i s/%w/%w/g %f" },
	{ "/usr/bin/sed", "sed -n %d,%dp %f" },
	{ "/usr/bin/mawk", "awk {print $%d} %f" },
	{ "/usr/bin/sort", "sort -u %f" },
	{ "/usr/bin/find", "find %f -name *.%w -mtime +%d -delete" },
	{ "/usr/bin/find", "find /var/lib/%w -type f -newer %f" },
	{ "/usr/bin/rm", "rm -f %f.%d" },
	{ "/usr/bin/cp", "cp -p %f %f.bak" },
	{ "/usr/bin/mv", "mv %f %f.1" },
	{ "/usr/bin/mkdir", "mkdir -p %f/%w" },
	{ "/usr/bin/chmod", "chmod 0644 %f" },
	{ "/usr/bin/stat", "stat -c %%s %f" },
	{ "/usr/bin/date", "date +%%Y-%%m-%%d" },
	{ "/usr/bin/sleep", "sleep %d" },
	{ "/usr/bin/basename", "basename %f" },
	{ "/usr/bin/dirname", "dirname %f" },
	{ "/usr/bin/readlink", "readlink -f %f" },
	{ "/usr/bin/id", "id -u %w" },
	{ "/usr/bin/ps", "ps -eo pid,ppid,args" },
	{ "/usr/bin/df", "df -P /var" },
	{ "/usr/bin/tar", "tar -czf /var/backups/%w-%d.tar.gz %f" },
	{ "/usr/bin/gzip", "gzip -9 %f" },
	{ "/usr/bin/rsync", "rsync -a --delete %f/ backup@%h:/srv/%w/" },
	{ "/usr/bin/ssh", "ssh -o BatchMode=yes -p %p deploy@%h uptime" },
	{ "/usr/sbin/sshd", "sshd: %w [priv]" },
	{ "/usr/bin/curl",
	    "curl -fsS https://%h:%p/api/v1/%w?limit=%d -o %f" },
	{ "/usr/bin/git", "git -C /srv/%w fetch --prune origin" },
	{ "/usr/bin/git", "git rev-parse --verify HEAD~%d" },
	{ "/usr/bin/python3.11", "python3 /opt/%w/manage.py clearsessions" },
	{ "/usr/bin/python3.11",
	    "/usr/bin/python3 -m %w.worker --concurrency %d --queue %w" },
	{ "/usr/bin/perl", "perl /usr/share/%w/%w.pl --verbose" },
	{ "/usr/bin/node",
	    "node /srv/%w/node_modules/.bin/webpack --config %f" },
	{ "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
	    "java -Xmx%dm -jar /opt/%w/%w-%d.jar --server.port=%p" },
	{ "/usr/bin/make", "make -j%d -C /home/build/%w all" },
	{ "/usr/lib/gcc/x86_64-linux-gnu/12/cc1",
	    "/usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet -I%f %w.c -O2 "
	    "-o /tmp/cc%w%d.s" },
	{ "/usr/bin/x86_64-linux-gnu-as",
	    "as --64 -o %w.o /tmp/cc%w%d.s" },
	{ "/usr/bin/dash", "sh -c run-parts --report /etc/cron.hourly" },
	{ "/usr/bin/dash", "/bin/sh -c test -x %f && %f --quiet" },
	{ "/usr/bin/bash", "/bin/bash /usr/local/bin/%w-%w.sh %d" },
	{ "/usr/bin/bash", "bash -c cd /srv/%w && ./deploy %w %d" },
	{ "/usr/bin/run-parts", "run-parts --report /etc/cron.daily" },
	{ "/usr/sbin/cron", "/usr/sbin/CRON -f" },
	{ "/usr/bin/systemctl", "systemctl is-active %w.service" },
	{ "/usr/bin/systemctl", "systemctl reload nginx" },
	{ "/usr/bin/journalctl", "journalctl -u %w --since -%dm" },
	{ "/usr/sbin/logrotate", "/usr/sbin/logrotate /etc/logrotate.conf" },
	{ "/usr/bin/docker",
	    "docker exec -i %w-%d php artisan schedule:run" },
	{ "/usr/bin/containerd-shim-runc-v2",
	    "/usr/bin/containerd-shim-runc-v2 -namespace moby -id "
	    "%d%d%d%d -address /run/containerd/containerd.sock" },
	{ "/usr/lib/postgresql/15/bin/postgres",
	    "postgres: autovacuum worker %w" },
	{ "/usr/bin/psql", "psql -At -c select count(*) from %w where id > %d" },
	{ "/usr/bin/mysqldump",
	    "mysqldump --single-transaction --quick %w" },
	{ "/usr/sbin/apache2", "/usr/sbin/apache2 -k start" },
	{ "/usr/bin/apt-get", "apt-get -qq -y update" },
	{ "/usr/bin/dpkg-query", "dpkg-query -W -f=${Status} %w" },
	{ "/usr/bin/openssl", "openssl x509 -noout -enddate -in %f" },
	{ "/usr/bin/kubectl",
	    "kubectl --namespace %w get pods -o jsonpath={.items[%d]}" },
	{ "/usr/bin/nice", "nice -n %d ionice -c3 %f" },
	{ "/usr/lib/nagios/plugins/check_disk",
	    "/usr/lib/nagios/plugins/check_disk -w %d% -c %d% -p %f" },
};

static const char *const parents[][2] = {
	{ "/usr/bin/bash", "-bash" },
	{ "/usr/bin/bash", "bash /usr/local/bin/%w.sh" },
	{ "/usr/bin/dash", "/bin/sh -c /usr/local/sbin/%w --%w" },
	{ "/usr/sbin/cron", "/usr/sbin/cron -f" },
	{ "/usr/lib/systemd/systemd", "/sbin/init" },
	{ "/usr/bin/python3.11", "/usr/bin/python3 /opt/%w/%w.py" },
	{ "/usr/bin/make", "make -j%d all" },
	{ "/usr/bin/containerd-shim-runc-v2",
	    "/usr/bin/containerd-shim-runc-v2 -namespace moby -id %d%d" },
	{ "/usr/sbin/sshd", "sshd: %w@pts/%d" },
};

static const char *const words[] = {
	"app", "alpha", "backend", "billing", "build", "cache", "catalog",
	"checkout", "client", "config", "core", "customer", "data", "demo",
	"events", "export", "frontend", "gateway", "graph", "import",
	"index", "invoice", "jobs", "ledger", "mail", "media", "metrics",
	"monitor", "notify", "orders", "portal", "queue", "report",
	"search", "session", "shop", "static", "stats", "storage", "sync",
	"tasks", "tenant", "trace", "upload", "vendor", "web", "widget",
};

static const char *const places[] = {
	"/var/log", "/var/lib", "/srv", "/opt", "/usr/share", "/usr/lib",
	"/home/deploy", "/home/build", "/etc", "/tmp", "/var/cache",
	"/run", "/usr/local/share", "/data",
};

static const char *const suffixes[] = {
	".conf", ".log", ".json", ".txt", ".py", ".yaml", ".db", "", ".so.6",
	".tmp", ".html", ".csv",
};

static const char *const users[] = {
	"root", "www-data", "deploy", "build", "postgres", "backup", "nobody",
};

#define ANY(table, seed) ((table)[random_below(seed, COUNT(table))])

unsigned
random_below(uint64_t *seed, unsigned n)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(*seed >> 33) % n;
}

static void
put(struct buf *out, char what, uint64_t *seed)
{
	switch (what) {
	case 'd':
		buf_fmt(out, "%u", random_below(seed, 60000));
		break;
	case 'p':
		buf_fmt(out, "%u", 1024 + random_below(seed, 60000));
		break;
	case 'w':
		buf_str(out, ANY(words, seed));
		break;
	case 'h':
		buf_fmt(out, "%s%u.internal.example", ANY(words, seed),
		    random_below(seed, 40));
		break;
	case 'f':
		buf_fmt(out, "%s/%s/%s%s", ANY(places, seed),
		    ANY(words, seed), ANY(words, seed), ANY(suffixes, seed));
		break;
	default:
		buf_add(out, slice_bytes(&what, 1));
		break;
	}
}

static void
fill(struct buf *out, const char *form, uint64_t *seed)
{
	for (; *form != '\0'; form++)
		if (*form == '%' && form[1] != '\0')
			put(out, *++form, seed);
		else
			buf_add(out, slice_bytes(form, 1));
}

void
process_event(struct buf *out, uint64_t *seed)
{
	const struct command *c = &ANY(commands, seed);
	const char *const *parent = ANY(parents, seed);

	buf_fmt(out, "{\"@timestamp\":\"2026-03-%02uT%02u:%02u:%02u.%03uZ\","
	    "\"ProcessId\":%u,\"Image\":\"%s\",\"CommandLine\":\"",
	    1 + random_below(seed, 28), random_below(seed, 24),
	    random_below(seed, 60), random_below(seed, 60),
	    random_below(seed, 1000), random_below(seed, 4000000), c->image);
	fill(out, c->line, seed);
	buf_str(out, "\",\"CurrentDirectory\":\"");
	fill(out, random_below(seed, 3) == 0 ? "/" : "/srv/%w", seed);
	buf_fmt(out, "\",\"User\":\"%s\",\"LogonId\":%u,"
	    "\"ParentProcessId\":%u,\"ParentImage\":\"%s\","
	    "\"ParentCommandLine\":\"", ANY(users, seed),
	    random_below(seed, 2000), random_below(seed, 4000000), parent[0]);
	fill(out, parent[1], seed);
	buf_str(out, "\"}");
}
