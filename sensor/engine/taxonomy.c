#include "engine/taxonomy.h"

static const char *const everywhere[] = {
	"User", "Computer", "ComputerName", "Hostname", "Provider_Name",
	"EventID", "Channel", "UtcTime", "LogonId", "LogonGuid",
	"TerminalSessionId", "ProcessGuid", "ProcessId", "RuleName",
	"Image", "CommandLine", "@timestamp", NULL
};

static const char *const process[] = {
	"ParentImage", "ParentCommandLine", "ParentProcessId",
	"ParentProcessGuid", "ParentUser", "GrandParentImage",
	"GrandParentCommandLine", "CurrentDirectory", "OriginalFileName",
	"FileVersion", "Description", "Product", "Company",
	"IntegrityLevel", "Hashes", "Imphash", "imphash", "md5", "sha1",
	"sha256", "Provenance", "LogonGuid", "TargetLogonId", "exitCode",
	"ContainerName", "Image", NULL
};

static const char *const file[] = {
	"TargetFilename", "SourceFilename", "CreationUtcTime",
	"PreviousCreationUtcTime", "ParentImage", "ParentCommandLine",
	"FileName", "Hashes", "IsExecutable", "Archived", "Contents",
	"MagicHeader", "OriginalFileName", "Signature", "Name",
	"CreateOptions", NULL
};

static const char *const connection[] = {
	"Initiated", "Protocol", "SourceIp", "SourceHostname", "SourcePort",
	"SourcePortName", "SourceIsIpv6", "DestinationIp",
	"DestinationHostname", "DestinationPort", "DestinationPortName",
	"DestinationIsIpv6", "ParentImage", "ParentCommandLine", NULL
};

static const char *const web[] = {
	"c-ip", "c-dns", "c-uri", "c-uri-extension", "c-uri-path",
	"c-uri-query", "c-uri-stem", "c-useragent", "c-user-agent",
	"cs-bytes", "cs-cookie", "cs-cookie-vars", "cs-host", "cs-ip",
	"cs-method", "cs-mime-type", "cs-referer", "cs-referrer",
	"cs-uri", "cs-uri-extension", "cs-uri-query", "cs-uri-stem",
	"cs-user-agent", "cs-username", "cs-version", "cs-content-type",
	"date", "time", "r-dns", "r-ip", "r-port", "rs-content-type",
	"s-computername", "s-ip", "s-port", "s-sitename", "sc-bytes",
	"sc-http-status", "sc-status", "sc-substatus", "sc-win32-status",
	"src_ip", "dst_ip", "time-taken", "x-cache", NULL
};

static const char *const dns[] = {
	"query", "QueryName", "QueryResults", "QueryStatus", "answer",
	"record_type", "src_ip", "dst_ip", "parent_domain",
	"parent_domain_length", "subdomain", "question_length", NULL
};

static const char *const firewall[] = {
	"action", "blocked", "src_ip", "src_port", "dst_ip", "dst_port",
	"username", "protocol", NULL
};

static const char *const antivirus[] = {
	"Filename", "FileName", "Signature", "Category", "Action", "Result",
	"Hash", "Source", "Server", NULL
};

static const struct {
	struct slice category;
	const char *const *fields;
} categories[] = {
	{ SLICE("process_creation"), process },
	{ SLICE("file_event"), file },
	{ SLICE("file_change"), file },
	{ SLICE("file_delete"), file },
	{ SLICE("file_rename"), file },
	{ SLICE("file_access"), file },
	{ SLICE("network_connection"), connection },
	{ SLICE("webserver"), web },
	{ SLICE("proxy"), web },
	{ SLICE("dns"), dns },
	{ SLICE("dns_query"), dns },
	{ SLICE("firewall"), firewall },
	{ SLICE("antivirus"), antivirus },
};

const char *const *
taxonomy_fields(struct slice category, const char *const **shared)
{
	*shared = everywhere;
	for (size_t i = 0; i < COUNT(categories); i++)
		if (slice_eq(category, categories[i].category))
			return categories[i].fields;
	return NULL;
}
