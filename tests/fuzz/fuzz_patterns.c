/*
 * A decoder file, a line "=====", and a line of a log. What loads runs, its
 * own tests too; what does not load says where.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/when.h"
#include "decode/decode.h"

extern const struct decoder dec_json, dec_syslog;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* decoders_load reads files: this one is in memory. */
static int
load(struct decoders *d, struct slice yaml, struct diag *diag)
{
	int fd = memfd_create("decoders", MFD_CLOEXEC), ret;
	struct buf path = { 0 };

	if (fd == -1 || write_all(fd, yaml) == -1)
		abort();
	buf_fmt(&path, "/proc/self/fd/%d", fd);
	ret = decoders_load(d, buf_cstr(&path), diag);
	if ((ret == -1) != (diag->errors > 0))
		abort();
	buf_free(&path);
	close(fd);
	return ret;
}

static void
run(struct decoders *d, struct event *ev, struct slice line)
{
	struct record r = { .bytes = line, .source = S("fuzz"),
	    .form = slice_starts(line, S("{")) ? FORM_JSON : FORM_TEXT,
	    .received = INT64_C(1795450200) * SECOND };

	event_reset(ev, &r);
	decoders_run(d, ev);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decoder *const formats[] = { &dec_json,
		&dec_syslog, NULL };
	struct slice yaml = slice_bytes(data, size), line = S("");
	size_t at = slice_find(yaml, S("\n=====\n"));
	struct schema *s = schema_new();
	struct decoders *d = decoders_new(s, formats);
	struct diag diag = { 0 };
	struct event *ev;

	if (at != SIZE_MAX) {
		line = slice_from(yaml, at + 7);
		yaml = slice_head(yaml, at + 1);
	}
	if (load(d, yaml, &diag) == 0) {
		schema_freeze(s);
		ev = event_new(s);
		run(d, ev, line);
		decoders_test(d, &diag);
		event_free(ev);
	}
	diag_free(&diag);
	decoders_free(d);
	schema_free(s);
	return 0;
}
