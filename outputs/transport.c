#include "transport.h"

#include <assert.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/when.h"
#include "resolver.h"

enum {
	HEAD_MAX = 65536,
	REPLY_MAX = 65536,
	CONNECTIONS_MAX = 4,
};
#define RETRY_AFTER_MAX HOUR

/*
 * Options by number: newer than the oldest libcurl that we are built or run
 * with, or deprecated in the newest.
 */
enum {
	OPT_PROTOCOLS = CURLOPTTYPE_LONG + 181,
	OPT_CAINFO_BLOB = CURLOPTTYPE_BLOB + 309,	/* 7.77 */
	OPT_PROTOCOLS_STR = CURLOPTTYPE_STRINGPOINT + 318,	/* 7.85 */
	OPT_QUICK_EXIT = CURLOPTTYPE_LONG + 322,	/* 7.87 */
};

struct curl {
	CURLcode (*global_init)(long flags);
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *easy);
	CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
	CURLcode (*easy_perform)(CURL *easy);
	const char *(*easy_strerror)(CURLcode code);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_cleanup)(CURLM *multi);
	CURLMcode (*multi_setopt)(CURLM *multi, CURLMoption option, ...);
	CURLMcode (*multi_add)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_remove)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_assign)(CURLM *multi, curl_socket_t fd, void *p);
	CURLMcode (*multi_action)(CURLM *multi, curl_socket_t fd, int events,
	    int *running);
	CURLMsg *(*multi_read)(CURLM *multi, int *left);
	struct curl_slist *(*slist_append)(struct curl_slist *l,
	    const char *s);
	void (*slist_free)(struct curl_slist *l);
};

static const struct {
	const char *name;
	size_t at;
} symbols[] = {
	{ "curl_global_init", offsetof(struct curl, global_init) },
	{ "curl_easy_init", offsetof(struct curl, easy_init) },
	{ "curl_easy_cleanup", offsetof(struct curl, easy_cleanup) },
	{ "curl_easy_setopt", offsetof(struct curl, easy_setopt) },
	{ "curl_easy_getinfo", offsetof(struct curl, easy_getinfo) },
	{ "curl_easy_perform", offsetof(struct curl, easy_perform) },
	{ "curl_easy_strerror", offsetof(struct curl, easy_strerror) },
	{ "curl_multi_init", offsetof(struct curl, multi_init) },
	{ "curl_multi_cleanup", offsetof(struct curl, multi_cleanup) },
	{ "curl_multi_setopt", offsetof(struct curl, multi_setopt) },
	{ "curl_multi_add_handle", offsetof(struct curl, multi_add) },
	{ "curl_multi_remove_handle", offsetof(struct curl, multi_remove) },
	{ "curl_multi_assign", offsetof(struct curl, multi_assign) },
	{ "curl_multi_socket_action", offsetof(struct curl, multi_action) },
	{ "curl_multi_info_read", offsetof(struct curl, multi_read) },
	{ "curl_slist_append", offsetof(struct curl, slist_append) },
	{ "curl_slist_free_all", offsetof(struct curl, slist_free) },
};
static_assert(COUNT(symbols) * sizeof(void *) == sizeof(struct curl),
    "one name per function");

/* What holds for every request; see the header. */
static const struct {
	CURLoption option;
	long value;
} always[] = {
	{ CURLOPT_POST, 1 },
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_HTTP09_ALLOWED, 0 },
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
	{ CURLOPT_CONNECTTIMEOUT_MS, 5000 },
	{ CURLOPT_LOW_SPEED_LIMIT, 1 },
	{ CURLOPT_LOW_SPEED_TIME, 20 },
	{ CURLOPT_TCP_KEEPALIVE, 1 },
};

struct transport {
	struct curl curl;
	CURLM *multi;
	struct loop *loop;
	struct loop_timer *timer;
	struct transfer *transfers;
	struct watched *watched;
};

/* One descriptor of libcurl's in our loop. */
struct watched {
	struct transport *transport;
	struct watched *next;
	struct loop_fd *fd;
	curl_socket_t socket;
};

struct transfer {
	struct transport *transport;
	struct transfer *next;
	CURL *easy;
	struct curl_slist *headers;
	void (*done)(void *arg, const struct transport_reply *reply);
	void *arg;
	size_t head, body;	/* bytes read */
	long status;		/* with all its headers; 0: not yet */
	char error[CURL_ERROR_SIZE];
};

/* --- answers -------------------------------------------------------------- */

static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	(void)p;
	t->body += size * n;
	return t->body > REPLY_MAX ? 0 : size * n;
}

/* A status counts when the headers behind it have come to their end. */
static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct curl *c = &t->transport->curl;
	long status = 0;

	t->head += size * n;
	if (t->head > HEAD_MAX)
		return 0;
	if (slice_trim(slice_bytes(p, size * n)).len > 0)
		return size * n;
	c->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200)
		t->status = status;
	return size * n;
}

static bool
is_untrusted(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_CACERT_BADFILE ||
	    code == CURLE_SSL_ISSUER_ERROR ||
	    code == CURLE_SSL_PINNEDPUBKEYNOTMATCH;
}

static const char *
error_text(const struct transfer *t, CURLcode code)
{
	if (t->head > HEAD_MAX)
		return "more than 64 KiB of headers";
	if (code == CURLE_OUT_OF_MEMORY)
		return "no memory, or a header that is too long";
	if (t->error[0] != '\0')
		return t->error;
	if (code == CURLE_OK)
		return "the answer ends in its headers";
	return t->transport->curl.easy_strerror(code);
}

static void
transfer_free(struct transfer *t)
{
	struct transport *owner = t->transport;

	for (struct transfer **at = &owner->transfers; *at != NULL;
	    at = &(*at)->next) {
		if (*at != t)
			continue;
		*at = t->next;
		break;
	}
	owner->curl.multi_remove(owner->multi, t->easy);
	owner->curl.easy_cleanup(t->easy);
	owner->curl.slist_free(t->headers);
	free(t);
}

static void
finish(struct transfer *t, CURLcode code)
{
	struct curl *c = &t->transport->curl;
	struct transport_reply reply = { .status = (int)t->status };
	void (*done)(void *, const struct transport_reply *) = t->done;
	char error[CURL_ERROR_SIZE];
	curl_off_t seconds = 0;
	void *arg = t->arg;

	if (reply.status == 0) {
		reply.untrusted = is_untrusted(code);
		snprintf(error, sizeof(error), "%s", error_text(t, code));
		reply.error = error;
	}
	c->easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds > RETRY_AFTER_MAX / SECOND)
		seconds = RETRY_AFTER_MAX / SECOND;
	if (seconds > 0)
		reply.retry_after = seconds * SECOND;
	transfer_free(t);
	done(arg, &reply);
}

static void
check(struct transport *t)
{
	CURLMsg *m;
	int left;

	while ((m = t->curl.multi_read(t->multi, &left)) != NULL) {
		struct transfer *transfer = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		t->curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE,
		    (char **)&transfer);
		finish(transfer, code);
	}
}

/* --- libcurl on the loop -------------------------------------------------- */

static void
timer_expired(void *arg)
{
	struct transport *t = arg;
	int running;

	t->curl.multi_action(t->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	check(t);
}

static int
want_timer(CURLM *multi, long ms, void *arg)
{
	struct transport *t = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(t->timer);
	else
		loop_timer_set(t->timer, ms * 1000);
	return 0;
}

static void
socket_ready(void *arg, unsigned events)
{
	struct watched *w = arg;
	struct transport *t = w->transport;
	int bits = 0, running;

	if (events & (LOOP_READ | LOOP_HANGUP))
		bits |= CURL_CSELECT_IN;
	if (events & (LOOP_WRITE | LOOP_HANGUP))
		bits |= CURL_CSELECT_OUT;
	t->curl.multi_action(t->multi, w->socket, bits, &running);
	check(t);
}

static void
unwatch(struct watched *w)
{
	struct transport *t = w->transport;

	for (struct watched **at = &t->watched; *at != NULL;
	    at = &(*at)->next) {
		if (*at != w)
			continue;
		*at = w->next;
		break;
	}
	loop_remove(w->fd);
	free(w);
}

static struct watched *
watch(struct transport *t, curl_socket_t socket, unsigned events)
{
	struct watched *w = xcalloc(1, sizeof(*w));

	w->transport = t;
	w->socket = socket;
	w->fd = loop_add(t->loop, socket, events, socket_ready, w);
	if (w->fd == NULL) {
		free(w);
		return NULL;
	}
	w->next = t->watched;
	t->watched = w;
	t->curl.multi_assign(t->multi, socket, w);
	return w;
}

static int
want_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *mine)
{
	struct transport *t = arg;
	struct watched *w = mine;
	unsigned events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			unwatch(w);
		return 0;
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= LOOP_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= LOOP_WRITE;
	if (w != NULL)
		loop_want(w->fd, events);
	else if (watch(t, socket, events) == NULL)
		return -1;
	return 0;
}

/* --- requests ------------------------------------------------------------- */

static CURLcode
set_protocols(const struct curl *c, CURL *easy, bool allow_http)
{
	CURLcode code = c->easy_setopt(easy, (CURLoption)OPT_PROTOCOLS_STR,
	    allow_http ? "https,http" : "https");

	if (code != CURLE_UNKNOWN_OPTION)
		return code;
	return c->easy_setopt(easy, (CURLoption)OPT_PROTOCOLS,
	    (long)(CURLPROTO_HTTPS | (allow_http ? CURLPROTO_HTTP : 0)));
}

/* Only what is in the slice is trusted, nothing of the system's. */
static CURLcode
set_ca(const struct curl *c, CURL *easy, struct slice ca)
{
	struct curl_blob blob = { (void *)(uintptr_t)ca.p, ca.len,
		CURL_BLOB_NOCOPY };
	CURLcode code;

	if (ca.len == 0)
		return CURLE_OK;
	code = c->easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (code == CURLE_OK)
		code = c->easy_setopt(easy, (CURLoption)OPT_CAINFO_BLOB,
		    &blob);
	return code;
}

static CURLcode
set_always(const struct curl *c, CURL *easy)
{
	CURLcode code = CURLE_OK;

	for (size_t i = 0; i < COUNT(always) && code == CURLE_OK; i++)
		code = c->easy_setopt(easy, always[i].option, always[i].value);
	/*
	 * A name server that is silent for longer than our time limit must
	 * not stop the loop; without this option libcurl joins the resolver's
	 * thread. Older than 7.87: waits for as long as resolv.conf says.
	 */
	c->easy_setopt(easy, (CURLoption)OPT_QUICK_EXIT, 1L);
	if (code == CURLE_OK)
		code = c->easy_setopt(easy, CURLOPT_PROXY, "");
	return code;
}

static CURLcode
set_callbacks(const struct curl *c, struct transfer *t)
{
	const struct {
		CURLoption option;
		void *p;
	} pointers[] = {
		{ CURLOPT_PRIVATE, t },
		{ CURLOPT_WRITEDATA, t },
		{ CURLOPT_HEADERDATA, t },
		{ CURLOPT_ERRORBUFFER, t->error },
		{ CURLOPT_HTTPHEADER, t->headers },
	};
	CURLcode code = CURLE_OK;

	for (size_t i = 0; i < COUNT(pointers) && code == CURLE_OK; i++)
		code = c->easy_setopt(t->easy, pointers[i].option,
		    pointers[i].p);
	if (code == CURLE_OK)
		code = c->easy_setopt(t->easy, CURLOPT_WRITEFUNCTION,
		    take_body);
	if (code == CURLE_OK)
		code = c->easy_setopt(t->easy, CURLOPT_HEADERFUNCTION,
		    take_header);
	return code;
}

static CURLcode
set_request(const struct curl *c, CURL *easy,
    const struct transport_request *r)
{
	CURLcode code = c->easy_setopt(easy, CURLOPT_URL, r->url);

	if (code == CURLE_OK)
		code = set_protocols(c, easy, r->allow_http);
	if (code == CURLE_OK)
		code = set_ca(c, easy, r->ca);
	if (code == CURLE_OK)
		code = c->easy_setopt(easy, CURLOPT_TIMEOUT_MS,
		    (long)(r->timeout / 1000));
	if (code == CURLE_OK)
		code = c->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)r->body.len);
	if (code == CURLE_OK)
		code = c->easy_setopt(easy, CURLOPT_POSTFIELDS, r->body.p);
	return code;
}

int
transport_post(struct transport *t, const struct transport_request *r,
    struct err *err)
{
	const struct curl *c = &t->curl;
	struct transfer *transfer = xcalloc(1, sizeof(*transfer));
	CURLcode code;

	transfer->transport = t;
	transfer->done = r->done;
	transfer->arg = r->arg;
	transfer->easy = c->easy_init();
	for (size_t i = 0; r->headers[i] != NULL; i++)
		transfer->headers = c->slist_append(transfer->headers,
		    r->headers[i]);
	transfer->next = t->transfers;
	t->transfers = transfer;

	code = transfer->easy == NULL ? CURLE_FAILED_INIT :
	    set_always(c, transfer->easy);
	if (code == CURLE_OK)
		code = set_request(c, transfer->easy, r);
	if (code == CURLE_OK)
		code = set_callbacks(c, transfer);
	if (code == CURLE_OK &&
	    c->multi_add(t->multi, transfer->easy) != CURLM_OK)
		code = CURLE_FAILED_INIT;
	if (code == CURLE_OK)
		return 0;
	transfer_free(transfer);
	return err_set(err, "libcurl: %s", c->easy_strerror(code));
}

/* --- start ---------------------------------------------------------------- */

static int
load(struct curl *c, struct err *err)
{
	void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		return err_set(err, "%s", dlerror());
	for (size_t i = 0; i < COUNT(symbols); i++) {
		void *p = dlsym(library, symbols[i].name);

		if (p == NULL)
			return err_set(err, "libcurl.so.4 has no %s",
			    symbols[i].name);
		memcpy((char *)c + symbols[i].at, &p, sizeof(p));
	}
	if (c->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, "libcurl does not start");
	return 0;
}

static curl_socket_t
dead_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)purpose, (void)address;
	return dup(*(int *)arg);
}

static int
connected(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg, (void)fd, (void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/*
 * One TLS handshake with a socket that nobody is behind: OpenSSL reads its
 * configuration and the authorities, and loads its providers.
 */
static void
warm_tls(const struct curl *c)
{
	CURL *easy = c->easy_init();
	int pair[2];

	if (easy == NULL)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		c->easy_cleanup(easy);
		return;
	}
	close(pair[1]);
	set_always(c, easy);
	set_protocols(c, easy, false);
	c->easy_setopt(easy, CURLOPT_URL, "https://127.0.0.1/");
	c->easy_setopt(easy, CURLOPT_POSTFIELDS, "");
	c->easy_setopt(easy, CURLOPT_TIMEOUT_MS, 1000L);
	c->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, dead_socket);
	c->easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &pair[0]);
	c->easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, connected);
	c->easy_perform(easy);
	c->easy_cleanup(easy);
	close(pair[0]);
}

static int
start(struct transport *t, struct err *err)
{
	const struct curl *c = &t->curl;

	t->multi = c->multi_init();
	if (t->multi == NULL)
		return err_set(err, "libcurl does not start");
	c->multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	c->multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
	c->multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	c->multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
	c->multi_setopt(t->multi, CURLMOPT_MAXCONNECTS,
	    (long)CONNECTIONS_MAX);
	c->multi_setopt(t->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
	    (long)CONNECTIONS_MAX);
	return 0;
}

struct transport *
transport_new(struct loop *loop, struct err *err)
{
	struct transport *t = xcalloc(1, sizeof(*t));

	/* OpenSSL writes to sockets without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	/* libcurl would write the keys of every session there. */
	unsetenv("SSLKEYLOGFILE");
	t->loop = loop;
	t->timer = loop_timer(loop, timer_expired, t);
	if (load(&t->curl, err) == -1 || start(t, err) == -1) {
		transport_free(t);
		return NULL;
	}
	resolver_warm();
	warm_tls(&t->curl);
	return t;
}

/* The library stays mapped: a resolver's thread may still be in it. */
void
transport_free(struct transport *t)
{
	if (t == NULL)
		return;
	while (t->transfers != NULL)
		transfer_free(t->transfers);
	if (t->multi != NULL)
		t->curl.multi_cleanup(t->multi);
	while (t->watched != NULL)
		unwatch(t->watched);
	loop_timer_free(t->timer);
	free(t);
}
