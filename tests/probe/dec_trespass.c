/*
 * Only in vedette-probe: does, inside the judge, what somebody would who had
 * taken it over, and logs what came of it. A line "trespass DIR" asks for it;
 * a line "die here" kills the judge.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/log.h"
#include "decode/decode.h"

static void
tell(const char *what, long ret)
{
	if (ret == -1)
		log_info("trespass: %s failed: %s", what, strerror(errno));
	else
		log_info("trespass: %s SUCCEEDED", what);
}

static int
connect_out(void)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1)
		return -1;
	/* Refused by the peer would mean that it was let out. */
	return connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1 &&
	    errno != ECONNREFUSED ? -1 : 0;
}

static int
execute(void)
{
	char *const argv[] = { "/bin/true", NULL };

	return execv(argv[0], argv);
}

static void
trespass(void)
{
	tell("open /etc/passwd", open("/etc/passwd", O_RDONLY));
	tell("create /tmp/vedette-trespass",
	    open("/tmp/vedette-trespass", O_CREAT | O_WRONLY, 0600));
	tell("create /var/tmp/vedette-trespass",
	    open("/var/tmp/vedette-trespass", O_CREAT | O_WRONLY, 0600));
	tell("connect", connect_out());
	tell("exec", execute());
	tell("fork", fork());
	tell("ptrace", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
	tell("kill", kill(getppid(), 0));
	tell("setuid", setuid(0));
	log_info("trespass: done");
}

static bool
decode(struct decode_frame *frame, struct event *ev, struct decoded *out)
{
	(void)frame;
	(void)out;
	if (slice_find(ev->record->bytes, S("die here")) != SIZE_MAX)
		abort();
	if (slice_find(ev->record->bytes, S("trespass now")) != SIZE_MAX)
		trespass();
	return false;
}

const struct decoder dec_trespass = {
	.name = "trespass",
	.form = FORM_TEXT,
	.decode = decode,
};
