/*
 * The names that the loaded rules and decoders use become small numbers while
 * loading: fields (slots of an event) and words (of log sources). After
 * schema_freeze no name is added, so events of one ruleset have one size.
 */
#ifndef VEDETTE_SCHEMA_H
#define VEDETTE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "event/form.h"

/* Fields that C code sets or reads; each schema has them from the start. */
#define SCHEMA_FIELDS(X) \
	X(F_ACTION, "event.action") \
	X(F_OUTCOME, "event.outcome") \
	X(F_CATEGORY, "event.category") \
	X(F_TYPE, "event.type") \
	X(F_REASON, "event.reason") \
	X(F_MESSAGE, "message") \
	X(F_USER_NAME, "user.name") \
	X(F_USER_ID, "user.id") \
	X(F_USER_EFFECTIVE, "user.effective.name") \
	X(F_USER_TARGET, "user.target.name") \
	X(F_GROUP_NAME, "group.name") \
	X(F_SOURCE_IP, "source.ip") \
	X(F_SOURCE_ADDRESS, "source.address") \
	X(F_SOURCE_PORT, "source.port") \
	X(F_PROCESS_NAME, "process.name") \
	X(F_PROCESS_PID, "process.pid") \
	X(F_PROCESS_EXECUTABLE, "process.executable") \
	X(F_PROCESS_COMMAND_LINE, "process.command_line") \
	X(F_HOST_HOSTNAME, "host.hostname") \
	X(F_SYSLOG_FACILITY, "log.syslog.facility.code") \
	X(F_SYSLOG_SEVERITY, "log.syslog.severity.code") \
	X(F_SYSTEMD_UNIT, "systemd.unit") \
	X(F_TRANSPORT, "journald.transport") \
	X(F_JOURNALD_UID, "journald.uid") \
	X(F_JOURNALD_COMM, "journald.process.name") \
	X(F_SESSION, "vedette.session") \
	X(F_URL_ORIGINAL, "url.original") \
	X(F_URL_PATH, "url.path") \
	X(F_URL_DOMAIN, "url.domain") \
	X(F_HTTP_METHOD, "http.request.method") \
	X(F_HTTP_REFERRER, "http.request.referrer") \
	X(F_HTTP_VERSION, "http.version") \
	X(F_HTTP_STATUS, "http.response.status_code") \
	X(F_HTTP_BYTES, "http.response.bytes") \
	X(F_USER_AGENT, "user_agent.original") \
	X(F_C_IP, "c-ip") \
	X(F_C_URI, "c-uri") \
	X(F_CS_HOST, "cs-host") \
	X(F_CS_METHOD, "cs-method") \
	X(F_CS_REFERER, "cs-referer") \
	X(F_CS_URI_QUERY, "cs-uri-query") \
	X(F_CS_URI_STEM, "cs-uri-stem") \
	X(F_CS_USER_AGENT, "cs-user-agent") \
	X(F_CS_USERNAME, "cs-username") \
	X(F_SC_BYTES, "sc-bytes") \
	X(F_SC_STATUS, "sc-status")

#define SCHEMA_ENUM(id, name) id,
enum schema_known { SCHEMA_FIELDS(SCHEMA_ENUM) F_KNOWN };
#undef SCHEMA_ENUM

enum { SCHEMA_FIELDS_MAX = 4096, SCHEMA_WORDS_MAX = 4096 };

struct schema;

struct schema *schema_new(void);
void schema_free(struct schema *s);
/* Number of a field, added if new; -1 when SCHEMA_FIELDS_MAX is reached. */
int schema_field(struct schema *s, struct slice name);
/* Number of a field, or -1. */
int schema_find(const struct schema *s, struct slice name);
struct slice schema_name(const struct schema *s, int field);
/* How the field stands in what is written. */
const struct field_form *schema_form(const struct schema *s, int field);
size_t schema_count(const struct schema *s);
/*
 * Number of a log source's word, added if new. The empty slice is 0, which
 * stands for "unset". -1 when SCHEMA_WORDS_MAX is reached.
 */
int schema_word(struct schema *s, struct slice word);
/* Number of a word, or -1 when nobody added it. */
int schema_word_find(const struct schema *s, struct slice word);
size_t schema_words(const struct schema *s);
struct slice schema_word_text(const struct schema *s, int word);
void schema_freeze(struct schema *s);

/*
 * Where an event comes from in Sigma's terms; 0 is unset. A rule's log source
 * covers an event's when each word is unset in the rule or the same in both.
 */
struct logsource {
	uint16_t product, category, service;
};
/*
 * Reads "product=X,category=Y,service=Z", of which some may be left out. A
 * word that nobody added is like none of those. False when it is no such text.
 */
bool logsource_parse(const struct schema *s, struct slice text,
    struct logsource *out);
bool logsource_covers(struct logsource rule, struct logsource event);

#endif
