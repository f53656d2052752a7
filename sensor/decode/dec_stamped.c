/*
 * Lines of logs that a program writes itself: a stamp of the program's own kind
 * and what it says. Who wrote it is not said, so decoders of every program are
 * asked, unless a decoder knows its own lines by their look.
 */
#include "decode/cursor.h"
#include "decode/decode.h"
#include "decode/stamp.h"

static bool
decode(struct decode_frame *frame, struct event *ev, struct decoded *out)
{
	struct slice line = ev->record->bytes, rest = line;
	int64_t when;

	if (!stamp_own(&rest, &frame->zone, &when))
		return false;
	cursor_blanks(&rest);
	if (rest.len > 0 && rest.p[rest.len - 1] == '\r')
		rest.len--;
	ev->time = when < ev->received ? when : ev->received;
	ev->raw = line;
	event_set(ev, F_MESSAGE, rest);
	event_source(ev, frame->other);
	out->program = S("");
	out->message = rest;
	return true;
}

static bool
could(const struct decode_frame *frame, struct event *ev, unsigned n)
{
	event_set(ev, F_MESSAGE, value_any);
	event_source(ev, frame->other);
	return n == 0;
}

/* As those that we know are configured where they are packaged. */
static const char *const files[] = {
	"/var/log/nginx/*error*", "/var/log/apache2/*error*",
	"/var/log/httpd/*error*", "/var/log/lighttpd/*error*",
	"/var/log/php*-fpm.log*", "/var/log/tomcat*/catalina*",
	"/var/log/squid/cache*", "/var/log/squid/access*", NULL
};

const struct decoder dec_stamped = {
	.name = "stamped",
	.form = FORM_TEXT,
	.decode = decode,
	.could = could,
	.speaks = true,
	.nameless = true,
	.files = files,
};
