#include "inputs/libjournal.h"

#include <dlfcn.h>
#include <string.h>

#include "base/opt.h"

static const struct {
	const char *name;
	size_t at;
} symbols[] = {
	{ "sd_journal_open", AT(libjournal, open) },
	{ "sd_journal_open_namespace", AT(libjournal, open_namespace) },
	{ "sd_journal_open_directory", AT(libjournal, open_directory) },
	{ "sd_journal_close", AT(libjournal, close) },
	{ "sd_journal_add_match", AT(libjournal, add_match) },
	{ "sd_journal_add_conjunction", AT(libjournal, add_conjunction) },
	{ "sd_journal_add_disjunction", AT(libjournal, add_disjunction) },
	{ "sd_journal_set_data_threshold", AT(libjournal, set_data_threshold) },
	{ "sd_journal_get_fd", AT(libjournal, get_fd) },
	{ "sd_journal_process", AT(libjournal, process) },
	{ "sd_journal_next", AT(libjournal, next) },
	{ "sd_journal_previous", AT(libjournal, previous) },
	{ "sd_journal_seek_head", AT(libjournal, seek_head) },
	{ "sd_journal_seek_tail", AT(libjournal, seek_tail) },
	{ "sd_journal_seek_cursor", AT(libjournal, seek_cursor) },
	{ "sd_journal_get_cursor", AT(libjournal, get_cursor) },
	{ "sd_journal_get_realtime_usec", AT(libjournal, get_realtime) },
	{ "sd_journal_enumerate_available_data", AT(libjournal, enumerate) },
	{ "sd_journal_restart_data", AT(libjournal, restart) },
};

int
libjournal_load(struct libjournal *lib, struct err *err)
{
	/* What libsystemd would load only when it meets a packed field. */
	static const char *const packers[] = { "libzstd.so.1", "liblz4.so.1",
		"liblzma.so.5" };
	void *so = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);

	if (so == NULL)
		return err_set(err, "journal: %s", dlerror());
	for (size_t i = 0; i < COUNT(symbols); i++) {
		void *found = dlsym(so, symbols[i].name);

		if (found == NULL)
			return err_set(err, "journal: libsystemd has no %s",
			    symbols[i].name);
		memcpy((char *)lib + symbols[i].at, &found, sizeof(found));
	}
	for (size_t i = 0; i < COUNT(packers); i++)
		dlopen(packers[i], RTLD_NOW | RTLD_GLOBAL);
	return 0;
}
