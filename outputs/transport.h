/*
 * HTTP for outputs: POST, and what came of it. libcurl, loaded at run time so
 * that only the courier maps it.
 *
 * What holds for every request: https only (http where the request allows
 * it), TLS 1.2 or newer, peer and host name always verified, no redirect
 * followed, no proxy and no credentials from the environment or home
 * directory, HTTP/1.1, 5 s to connect, the request's timeout over all, a
 * transfer that stalls for 10 s is given up, 64 KiB of headers and 64 KiB of
 * body are read and no more.
 *
 * What the sandbox must leave to a process that uses it: socket (INET, INET6
 * stream and datagram; UNIX and NETLINK_ROUTE for the resolver), connect,
 * bind (netlink), get/setsockopt, getsockname, getpeername, send*, recv*,
 * poll, pipe2 or socketpair, fcntl, ioctl(FIONREAD, FIONBIO). libcurl
 * resolves names in a thread (Debian's is not built with c-ares): clone with
 * CLONE_THREAD or clone3 (ENOSYS makes glibc fall back to clone), mmap and
 * mprotect of its stack (not executable), munmap, madvise, futex, rseq,
 * set_robust_list, rt_sigprocmask, exit, sched_getaffinity; and openat, fstat
 * and read of /etc/{resolv.conf,hosts,nsswitch.conf,host.conf,gai.conf,
 * services,ssl}, /run/systemd/resolve, /usr/lib/ssl, /etc/pki. With a path
 * filter that refuses them, names are not resolved and certificates are not
 * trusted: nothing is sent.
 */
#ifndef VEDETTE_TRANSPORT_H
#define VEDETTE_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/slice.h"

struct transport;

struct transport_reply {
	int status;		/* HTTP status; 0: no answer */
	int64_t retry_after;	/* microseconds, at most an hour; 0: none */
	bool untrusted;		/* TLS: the peer is not who it should be */
	const char *error;	/* when status is 0 */
};

struct transport_request {
	const char *url;
	const char *const *headers;	/* NULL-terminated, "Name: value" */
	struct slice body;
	struct slice ca;	/* PEM; empty: the system's authorities */
	int64_t timeout;	/* microseconds */
	bool allow_http;
	/*
	 * Called once, from the loop, never from transport_post; the reply is
	 * valid meanwhile. May post again, must not free the transport.
	 */
	void (*done)(void *arg, const struct transport_reply *reply);
	void *arg;
};

/*
 * Loads libcurl, and whatever it and the resolver would load later, and so
 * may block for a moment. NULL after filling err. The loop must outlive it.
 */
struct transport *transport_new(struct loop *loop, struct err *err);
/* Ends what is under way without calling back. NULL is allowed. */
void transport_free(struct transport *t);
/*
 * Posts. Everything in the request but body and ca is copied; these two must
 * live until done is called. -1 after filling err when libcurl refuses an
 * option; done is not called then.
 */
int transport_post(struct transport *t, const struct transport_request *r,
    struct err *err);

#endif
