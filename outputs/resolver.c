#include "resolver.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/when.h"

enum { NSSWITCH_MAX = 65536 };
#define LOOK_EVERY (SECOND / 50)

struct lookup {
	struct gaicb request;
	struct addrinfo hints;
	char *host, *port;
	struct loop_timer *timer;
	void (*found)(void *arg, const struct addrinfo *first,
	    const char *error);
	void *arg;
};

/* "files resolve [!UNAVAIL=return] dns": a word that is no module is harmless. */
static void
load_modules(struct slice words)
{
	char name[128];

	while ((words = slice_trim(words)).len > 0) {
		struct slice word = words;

		if (!slice_cut(&words, ' ', &word))
			words.len = 0;
		word = slice_head(word, 64);
		snprintf(name, sizeof(name), "libnss_%.*s.so.2",
		    (int)word.len, (const char *)word.p);
		dlopen(name, RTLD_NOW);
	}
}

void
resolver_warm(void)
{
	struct addrinfo *found = NULL;
	struct buf b = { 0 };
	struct slice rest, line;

	if (read_file("/etc/nsswitch.conf", &b, NSSWITCH_MAX, NULL) == -1)
		buf_clear(&b);
	buf_byte(&b, '\n');
	rest = buf_slice(&b);
	while (slice_cut(&rest, '\n', &line))
		if (slice_skip(&line, S("hosts:")))
			load_modules(line);
	buf_free(&b);
	/* For a thread that is cancelled. */
	dlopen("libgcc_s.so.1", RTLD_NOW);
	if (getaddrinfo("localhost", "514", NULL, &found) == 0)
		freeaddrinfo(found);
}

/*
 * glibc can tell us by a signal or a thread of its own; looking fifty times a
 * second while something is under way needs neither.
 */
static void
look(void *arg)
{
	struct lookup *l = arg;
	int error = gai_error(&l->request);

	if (error == EAI_INPROGRESS)
		loop_timer_set(l->timer, LOOK_EVERY);
	else if (error != 0)
		l->found(l->arg, NULL, gai_strerror(error));
	else
		l->found(l->arg, l->request.ar_result, NULL);
}

struct lookup *
lookup_new(struct loop *loop, const char *host, const char *port,
    void (*found)(void *arg, const struct addrinfo *first, const char *error),
    void *arg)
{
	struct lookup *l = xcalloc(1, sizeof(*l));
	struct gaicb *list[] = { &l->request };

	l->host = xstrdup(host);
	l->port = xstrdup(port);
	l->hints.ai_socktype = SOCK_DGRAM;
	l->hints.ai_flags = AI_NUMERICSERV;
	l->request.ar_name = l->host;
	l->request.ar_service = l->port;
	l->request.ar_request = &l->hints;
	l->found = found;
	l->arg = arg;
	l->timer = loop_timer(loop, look, l);
	if (getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) != 0) {
		l->request.ar_name = NULL;
		lookup_free(l);
		errno = ENOMEM;
		return NULL;
	}
	loop_timer_set(l->timer, 0);
	return l;
}

void
lookup_free(struct lookup *l)
{
	if (l == NULL)
		return;
	loop_timer_free(l->timer);
	l->timer = NULL;
	/* What glibc's thread still writes to has to stay. */
	if (l->request.ar_name != NULL &&
	    gai_cancel(&l->request) == EAI_NOTCANCELED)
		return;
	if (l->request.ar_result != NULL)
		freeaddrinfo(l->request.ar_result);
	free(l->host);
	free(l->port);
	free(l);
}
