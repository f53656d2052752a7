#include "event/form.h"

/* Sigma's names that have a place in ECS. */
static const struct {
	struct slice sigma, ecs;
} sigma_names[] = {
	{ SLICE("Image"), SLICE("process.executable") },
	{ SLICE("CommandLine"), SLICE("process.command_line") },
	{ SLICE("CurrentDirectory"),
	    SLICE("process.working_directory") },
	{ SLICE("ParentImage"), SLICE("process.parent.executable") },
	{ SLICE("ParentCommandLine"),
	    SLICE("process.parent.command_line") },
	{ SLICE("User"), SLICE("user.name") },
	{ SLICE("TargetFilename"), SLICE("file.path") },
	{ SLICE("DestinationIp"), SLICE("destination.ip") },
	{ SLICE("DestinationHostname"), SLICE("destination.domain") },
	{ SLICE("DestinationPort"), SLICE("destination.port") },
};

static bool
is_one_of(struct slice s, const struct slice *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_eq(s, list[i]))
			return true;
	return false;
}

static bool
is_ecs(struct slice name)
{
	static const struct slice roots[] = {
		SLICE("event"), SLICE("user"), SLICE("source"),
		SLICE("process"), SLICE("log"), SLICE("host"), SLICE("group"),
		SLICE("file"), SLICE("destination"), SLICE("network"),
		SLICE("dns"), SLICE("tls"), SLICE("url"), SLICE("http"),
		SLICE("user_agent"), SLICE("service"), SLICE("error"),
		SLICE("container"), SLICE("package"), SLICE("device"),
		SLICE("observer"), SLICE("vedette"),
	};
	struct slice root;

	if (slice_eq(name, S("message")))
		return true;
	if (!slice_cut(&name, '.', &root) || name.len == 0)
		return false;
	return is_one_of(root, roots, COUNT(roots));
}

/* ECS types that are not keyword. */
static bool
is_long(struct slice path)
{
	static const struct slice longs[] = {
		SLICE("source.port"), SLICE("destination.port"),
		SLICE("process.pid"), SLICE("process.parent.pid"),
		SLICE("log.syslog.facility.code"),
		SLICE("log.syslog.severity.code"), SLICE("file.size"),
		SLICE("http.response.status_code"),
		SLICE("http.response.bytes"),
	};

	return is_one_of(path, longs, COUNT(longs));
}

static bool
is_array(struct slice path)
{
	return slice_eq(path, S("event.category")) ||
	    slice_eq(path, S("event.type"));
}

struct field_form
field_form(struct slice name)
{
	struct field_form f = { .path = name };

	for (size_t i = 0; i < COUNT(sigma_names); i++)
		if (slice_eq(name, sigma_names[i].sigma))
			f.path = sigma_names[i].ecs;
	f.foreign = !is_ecs(f.path);
	f.number = is_long(f.path);
	f.list = is_array(f.path);
	return f;
}
