/*
 * Access logs of web servers, as files and as messages within another frame,
 * which any program's may be: a container's output has the container's name.
 * Sigma calls them category webserver, and has names of its own for what ECS
 * says otherwise; both are set, so that no file is needed to join them.
 */
#include "decode/accessline.h"
#include "decode/decode.h"

static void
set_both(struct event *ev, int ecs, int sigma, struct slice text)
{
	if (text.len == 0)
		return;
	event_set(ev, ecs, text);
	event_set(ev, sigma, text);
}

static void
set_number(struct event *ev, int ecs, int sigma, struct slice text)
{
	enum value_type type = decode_number(text);

	if (text.len == 0)
		return;
	event_set_typed(ev, ecs, type, text);
	event_set_typed(ev, sigma, type, text);
}

/* Who asked, and how it went. */
static void
set_outcome(struct event *ev, const struct access_line *a)
{
	bool none = a->target.len == 0;

	event_set(ev, F_CATEGORY, S("web"));
	event_set(ev, F_ACTION, a->method.len > 0 ? S("http-request") :
	    none ? S("http-no-request") : S("http-malformed"));
	event_set(ev, F_OUTCOME, a->status.p[0] < '4' ? S("success") :
	    S("failure"));
	if (a->client.len > 0)
		event_set(ev, F_SOURCE_ADDRESS, a->client);
	if (a->address)
		event_set(ev, F_SOURCE_IP, a->client);
	if (a->client.len > 0)
		event_set(ev, F_C_IP, a->client);
}

static bool
take(struct decode_frame *frame, struct event *ev, struct slice line)
{
	struct access_line a;

	if (!access_parse(line, &frame->zone, &a))
		return false;
	set_outcome(ev, &a);
	set_both(ev, F_URL_ORIGINAL, F_CS_URI_QUERY, a.target);
	set_both(ev, F_URL_PATH, F_CS_URI_STEM, a.path);
	set_both(ev, F_URL_DOMAIN, F_CS_HOST, a.host);
	set_both(ev, F_HTTP_METHOD, F_CS_METHOD, a.method);
	set_both(ev, F_HTTP_REFERRER, F_CS_REFERER, a.referer);
	set_both(ev, F_USER_AGENT, F_CS_USER_AGENT, a.agent);
	set_both(ev, F_USER_NAME, F_CS_USERNAME, a.user);
	set_number(ev, F_HTTP_STATUS, F_SC_STATUS, a.status);
	set_number(ev, F_HTTP_BYTES, F_SC_BYTES, a.bytes);
	if (a.version.len > 0)
		event_set(ev, F_HTTP_VERSION, a.version);
	event_source(ev, frame->web);
	ev->time = a.time < ev->received ? a.time : ev->received;
	ev->decoder = S("access");
	return true;
}

static bool
decode(struct decode_frame *frame, struct event *ev, struct decoded *out)
{
	struct slice line = ev->record->bytes;

	if (!take(frame, ev, line))
		return false;
	ev->raw = line;
	event_set(ev, F_MESSAGE, line);
	if (frame->told)
		event_source(ev, frame->other);
	out->message = (struct slice){ 0 };
	return true;
}

/*
 * A message of another program may hold a client's text that looks like such a
 * line. It has words of the program's own before it, which are no host.
 */
static bool
inside(struct decode_frame *frame, struct event *ev, struct decoded *out)
{
	struct slice rest = out->message, first;

	if (slice_find_byte(rest, '"') == SIZE_MAX ||
	    !slice_cut(&rest, ' ', &first) || !access_host(first) ||
	    !take(frame, ev, out->message))
		return false;
	out->message = (struct slice){ 0 };
	return true;
}

static bool
could(const struct decode_frame *frame, struct event *ev, unsigned n)
{
	static const int fields[] = {
		F_MESSAGE, F_CATEGORY, F_ACTION, F_OUTCOME, F_SOURCE_ADDRESS,
		F_SOURCE_IP, F_C_IP, F_URL_ORIGINAL, F_CS_URI_QUERY,
		F_URL_PATH, F_CS_URI_STEM, F_URL_DOMAIN, F_CS_HOST,
		F_HTTP_METHOD, F_CS_METHOD, F_HTTP_REFERRER, F_CS_REFERER,
		F_USER_AGENT, F_CS_USER_AGENT, F_USER_NAME, F_CS_USERNAME,
		F_HTTP_STATUS, F_SC_STATUS, F_HTTP_BYTES, F_SC_BYTES,
		F_HTTP_VERSION,
	};

	for (size_t i = 0; i < COUNT(fields); i++)
		event_set(ev, fields[i], value_any);
	event_source(ev, frame->web);
	return n == 0;
}

/* As servers are configured where they are packaged. */
static const char *const files[] = {
	"/var/log/nginx/*access*", "/var/log/apache2/*access*",
	"/var/log/httpd/*access*", "/var/log/lighttpd/*access*",
	"/var/log/tomcat*/*access*", NULL
};

const struct decoder dec_access = {
	.name = "access",
	.form = FORM_TEXT,
	.decode = decode,
	.inside = inside,
	.could = could,
	.files = files,
};
