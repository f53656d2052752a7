/*
 * Only in vedette-probe: does, inside the courier, what somebody would who
 * had taken it over.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/log.h"
#include "output.h"

struct trespass {
	const char *journal, *logfile;
};

struct running {
	struct trespass options;
	struct courier_room room;
};

static const struct opt options[] = {
	{ "journal", OPT_STR, AT(trespass, journal), NULL, "to read", NULL,
	    true },
	{ "logfile", OPT_STR, AT(trespass, logfile), NULL, "to read", NULL,
	    true },
	{ 0 },
};

static void
tell(const char *what, long ret)
{
	if (ret == -1)
		log_info("trespass: courier: %s failed: %s", what,
		    strerror(errno));
	else
		log_info("trespass: courier: %s SUCCEEDED", what);
}

static int
hear(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1)
		return -1;
	bind(fd, (struct sockaddr *)&at, sizeof(at));
	return listen(fd, 1);
}

static int
execute(void)
{
	char *const argv[] = { "/bin/true", NULL };

	return execv(argv[0], argv);
}

static void *
start(const void *given, const int *fds, size_t fd_count,
    const struct courier_room *room, struct err *err)
{
	struct running *r = xcalloc(1, sizeof(*r));

	(void)fds;
	(void)fd_count;
	(void)err;
	memcpy(&r->options, given, sizeof(r->options));
	r->room = *room;
	return r;
}

static void
send_batch(void *state, const struct parcel *parcels, size_t count)
{
	struct running *r = state;

	(void)parcels;
	tell("read the journal", open(r->options.journal, O_RDONLY));
	tell("read a log", open(r->options.logfile, O_RDONLY));
	tell("read /etc/passwd", open("/etc/passwd", O_RDONLY));
	tell("listen", hear());
	tell("exec", execute());
	tell("kill", kill(getppid(), 0));
	log_info("trespass: courier: done");
	r->room.done(r->room.owner, count, DELIVERED, 0, "");
}

static void
stop(void *state)
{
	(void)state;
}

const struct output out_trespass = {
	.name = "trespass",
	.options = options,
	.options_size = sizeof(struct trespass),
	.batch = 16,
	.start = start,
	.send = send_batch,
	.stop = stop,
};
