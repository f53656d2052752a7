#!/bin/sh
# Holds the tree against its own rules: who may include whom, which foreign
# library is seen where, and what C we do not write. First proves on small bad
# trees that it can fail. structure.sh [TREE]
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
tree=${1:-${VEDETTE_SOURCE:-$here/..}}
top=$(mktemp -d) || exit 99
trap 'rm -rf "$top"' EXIT

# Room, and the rooms that its files may include.
rooms='
base: base
event: base event
inputs: base event inputs
decode: base event decode
engine: base event engine
outputs: base event outputs
store: base event store
daemon: base event inputs decode engine outputs store daemon
evidence: base event inputs decode engine outputs store evidence
cli: base event inputs decode engine outputs store daemon evidence cli
'

# Foreign header (pattern), and the only file (pattern) that may see it.
walls='
yaml\.h sensor/base/yaml\.c
pcre2.*\.h sensor/base/regex\.c
openssl/.* sensor/base/digest\.c
sqlite3\.h sensor/store/[a-z_]*\.[ch]
curl/.* outputs/transport\.c
systemd/.* sensor/inputs/in_journal\.c
seccomp\.h sensor/daemon/filter\.c
zlib\.h sensor/inputs/unpack_gzip\.c
zstd.*\.h sensor/inputs/unpack_zstd\.c
lzma\.h sensor/inputs/unpack_xz\.c
pcap.*\.h sensor/inputs/in_capture\.c
'

# A test waits in a loop that looks and has a deadline, less than a second at
# a time. What is asleep outside of a loop hopes that it will have been enough.
# A benchmark's subject may be the time itself.
waits='
/[^ ]/ {
	match($0, /^ */)
	while (depth > 0 && indent[depth] >= RLENGTH)
		depth--
	indent[++depth] = RLENGTH
	loop[depth] = $1 ~ /^(while|for)$/
	looping = 0
	for (i = 1; i < depth; i++)
		looping = looping || loop[i]
	if ($0 ~ /(^|[^a-zA-Z0-9_])sleep *\(/ &&
	    (!looping || $0 ~ /sleep *\( *[1-9]/))
		printf "%s:%d: sleep: %s\n", file, NR, $0
}'

room_of() {	# path below the tree
	case $1 in
	outputs/*) echo outputs ;;
	sensor/*/*) r=${1#sensor/}; echo "${r%%/*}" ;;
	sensor/*) echo cli ;;
	esac
}

c_files() {
	find sensor outputs -name '*.[ch]' 2>/dev/null | sort
}

# file:line:include of all product files
includes() {
	c_files | xargs -r grep -n '^[ 	]*#[ 	]*include' /dev/null |
	    sed 's/[ 	]*#[ 	]*include[ 	]*//'
}

check_direction() {
	includes | grep '"' | while IFS=: read -r file line what; do
		what=${what#?}
		what=${what%%\"*}
		case $what in
		config.h | leaves.h) continue ;;
		*/*) to=${what%%/*} ;;
		*) to=outputs ;;
		esac
		from=$(room_of "$file")
		may=$(echo "$rooms" | sed -n "s/^$from: //p")
		case " $may " in
		*" $to "*) ;;
		*) echo "$file:$line: direction: $from may not include $what" ;;
		esac
	done
}

check_walls() {
	echo "$walls" | while read -r header wall; do
		[ -n "$header" ] || continue
		includes | grep -E "^[^:]*:[0-9]*:[<\"]$header[>\"]" |
		    grep -vE "^$wall:" | sed "s|:[<\"].*|: wall: $header|"
	done
	includes | grep -E ':[<"]zlib\.h' | sed 1d |
	    sed 's/:<.*/: wall: a second file with zlib/'
}

check_names() {
	find sensor outputs tests contrib -type f \( -name '*.[ch]' -o \
	    -name '*.py' -o -name '*.sh' -o -name '*.awk' \) 2>/dev/null |
	    sed 's|.*/||' | sort | uniq -d | sed 's/$/: name: twice in the tree/'
	c_files | grep -E '/(in|dec|out|cmd)_[a-z_]*\.h$' |
	    sed 's/$/: leaf: a leaf has no header/'
	find sensor/decode -name 'dec_*.c' 2>/dev/null | sort |
	    xargs -r grep -L '\.could = ' |
	    sed 's/$/: leaf: says not what its records may become/'
}

check_text() {
	c_files | while read -r f; do
		c=0
		[ "${f%.c}" = "$f" ] || c=1
		awk -v file="$f" -v product=1 -v is_c=$c \
		    -f "$here/structure.awk" "$f"
	done | grep -v '^sensor/base/log\.c:[0-9]*: mutable: '
	find tests -name '*.[ch]' 2>/dev/null | sort | while read -r f; do
		awk -v file="$f" -v product=0 -v is_c=1 \
		    -f "$here/structure.awk" "$f"
	done
	find tests -name '*.py' 2>/dev/null | sort | while read -r f; do
		case $f in
		tests/bench/*) ;;
		*) awk -v file="$f" "$waits" "$f" ;;
		esac
	done
	grep -rn 'NDEBUG' configure.ac Makefile.am sensor outputs 2>/dev/null |
	    sed -E 's/^([^:]*:[0-9]*):.*/\1: ndebug: asserts stay in/'
}

check_tree() {	# directory
	(
		cd "$1" || exit 99
		check_direction
		check_walls
		check_names
		check_text
	)
}

failed=0

# A tree of one file that must be found guilty of one rule (or of none).
case_of() {	# rule file text [file text]
	rule=$1
	shift
	rm -rf "$top/case"
	while [ $# -gt 0 ]; do
		mkdir -p "$top/case/$(dirname "$1")"
		printf '%b' "$2" > "$top/case/$1"
		shift 2
	done
	found=$(check_tree "$top/case" | sed -E 's/^[^ ]*:[0-9]*: |^[^ ]*: //' |
	    sed 's/:.*//' | sort -u)
	if [ "$found" != "$rule" ]; then
		echo "self-test: $rule: found \"$found\" in"
		find "$top/case" -type f -exec cat {} +
		failed=1
	fi
}

case_of '' sensor/base/a.c '#include "base/a.h"\n#include <stdio.h>\n' \
    sensor/base/yaml.c '#include <yaml.h>\n' \
    sensor/main.c '#include "config.h"\n#include "cli/command.h"\n' \
    sensor/daemon/b.c '#include "output.h"\n#include "store/store.h"\n'
case_of direction sensor/base/a.c '#include "event/event.h"\n'
case_of direction sensor/engine/a.c '#include "decode/decode.h"\n'
case_of direction sensor/inputs/a.h '# include "store/store.h"\n'
case_of direction outputs/out_a.c '#include "daemon/config.h"\n'
case_of direction sensor/engine/a.c '#include "output.h"\n'
case_of direction sensor/store/a.c '#include "cli/command.h"\n'
case_of wall sensor/daemon/a.c '#include <sqlite3.h>\n'
case_of wall sensor/engine/a.c '#include <pcre2.h>\n'
case_of wall outputs/out_webhook.c '#include <curl/curl.h>\n'
case_of wall sensor/base/a.c '#include <openssl/evp.h>\n'
case_of wall sensor/inputs/a.c '#include <zlib.h>\n' \
    sensor/inputs/b.c '#include <zlib.h>\n'
case_of name sensor/base/a.c '' sensor/event/a.c ''
case_of name sensor/base/a.c '' tests/unit/a.c ''
case_of leaf sensor/inputs/in_a.h ''
case_of leaf sensor/decode/dec_a.c ''
case_of '' sensor/decode/dec_a.c 'const struct d a = {\n\t.could = x,\n};\n'
case_of banned sensor/base/a.c 'int f(char *p)\n{\n\tstrcpy(p, "a");\n}\n'
case_of banned tests/unit/a.c 'int f(char *p)\n{\n\treturn atoi (p);\n}\n'
case_of '' sensor/base/a.c '/* strcpy(a) */\nconst char s[] = "gets(x)";\n'
case_of sleep tests/unit/a.c 'void f(void)\n{\n\tusleep(1);\n}\n'
case_of sleep tests/integration/a.py 'import time\ntime.sleep(1)\n'
case_of sleep tests/integration/a.py 'if x:\n    time.sleep(0.1)\n'
case_of sleep tests/integration/a.py 'while x:\n    time.sleep(2)\n'
case_of sleep tests/integration/a.py 'while x:\n    y()\nsleep(0.1)\n'
case_of '' tests/integration/a.py 'while x:\n    if y:\n        sleep(0.1)\n'
case_of ifdef sensor/base/a.c '#ifdef X\n#endif\n'
case_of ifdef outputs/out_a.c '#if 1\n#endif\n'
case_of '' sensor/base/a.h '#ifndef A_H\n#define A_H\n#endif\n'
case_of mutable sensor/base/a.c 'static int count;\n'
case_of mutable sensor/base/a.c 'int table[] = {\n\t1, 2\n};\n'
case_of mutable sensor/base/a.c 'static const char *name = "x";\n'
case_of mutable sensor/base/a.c 'static struct {\n\tint a;\n} state;\n'
case_of mutable sensor/base/a.c 'static int (*hook)(void);\n'
case_of mutable sensor/base/a.c 'int f(void)\n{\n\tstatic int n;\n}\n'
case_of '' sensor/base/log.c 'static int level;\n'
case_of '' sensor/base/a.c 'static const int a = 1;\nextern int b;\n
static const char *const names[] = { "a", NULL };\nstruct x;\n
static int (*const parts[])(int) = {\n\tf,\n};\n
static int f(int (*x)(int));\nstruct y {\n\tint a;\n};\n
static volatile sig_atomic_t caught;\nenum { A, B };\n
static const struct {\n\tint a;\n} t[] = {\n\t{ 1 },\n};\n
static_assert(sizeof(int) == 4, "x");\n
int\nf(int x)\n{\n\tstatic const int a[] = { 1 };\n\tint b;\n}\n'
case_of braces sensor/base/a.c 'void f(void)\n{\n{\n{\n{\n{\n;\n}\n}\n}\n}\n}\n'
case_of ndebug configure.ac 'CPPFLAGS=-DNDEBUG\n'
case_of length sensor/base/a.c "$(awk 'BEGIN {
	for (i = 0; i < 601; i++) printf "\\n" }')"

offences=$(check_tree "$tree")
if [ -n "$offences" ]; then
	echo "$offences"
	failed=1
fi
exit $failed
