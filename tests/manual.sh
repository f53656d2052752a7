#!/bin/sh
# The manual: is well-formed, and names every command with its options, every
# option of the configuration, and nothing of the two that there is not.
set -u
export LC_ALL=C
source=${VEDETTE_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
man=$source/sensor/man
VEDETTE=${VEDETTE:-vedette}
failed=0

complain() {
	echo "$*"
	failed=1
}

if command -v mandoc > /dev/null; then
	for page in "$man"/*.[578]; do
		mandoc -T lint -W warning "$page" || complain "$page: see above"
	done
else
	echo "no mandoc: the form of the pages is not looked at"
fi

# A build without libcurl or libsystemd has no such output and input.
accepted() {	# configuration
	"$VEDETTE" check -c "$1" > "$work/said" 2>&1 && return 0
	grep -qE 'no (out|in)put "(webhook|journal)"' "$work/said" && return 0
	cat "$work/said"
	return 1
}

# From ".It Cm name" or ".It Xo / .Cm name" to the next command.
section_of() {	# command
	awk -v name="$1" '
	/^\.Ss / { inside = $2 == "Commands"; here = 0 }
	!inside { next }
	/^\.Bl / { depth++ }
	/^\.El/ { depth-- }
	depth == 1 && /^\.It Cm / { here = $3 == name; head = 0 }
	depth == 1 && /^\.It Xo/ { head = 1; here = 0; next }
	head && /^\.Cm / { here = $2 == name; head = 0 }
	here { print }' "$man/vedette.8"
}

commands=$("$VEDETTE" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p' |
    sort -u)
for command in $commands; do
	text=$(section_of "$command")
	[ -n "$text" ] || complain "vedette.8: no section on \"$command\""
	for option in $("$VEDETTE" "$command" --help |
	    sed -n 's/^  .*--\([a-z-]*\)[ ,].*/\1/p'); do
		case $option in
		help | config) continue ;;
		esac
		echo "$text" | grep -qE "Fl -$option( |\$)|, -$option( |\$)" ||
		    complain "vedette.8: $command --$option is not there"
	done
done

# Tables of options: { "name", OPT_... Those of rules stand in the rules' page;
# how much rules may remember is for the configuration to say.
options_of() {	# file or directory...
	grep -rhoE '\{ "[a-z_]+", OPT_' "$@" --include='*.c' |
	    sed 's/[^"]*"\([^"]*\)".*/\1/' | sort -u
}
for key in $(find "$source/sensor" -maxdepth 1 -mindepth 1 -type d \
    ! -name engine | while read -r room; do options_of "$room"; done) \
    $(options_of "$source/sensor/engine/limits.c" "$source/outputs"); do
	grep -qE "^\.It Ic (.* , )?$key( |\$)" "$man/vedette.yaml.5" ||
	    complain "vedette.yaml.5: \"$key\" is not there"
done
for key in $(options_of $(find "$source/sensor/engine" -name '*.c' \
    ! -name limits.c)); do
	grep -qE "^\.(It )?Ic (.* , )?$key( |\$)" "$man/vedette-rules.7" ||
	    complain "vedette-rules.7: \"$key\" is not there"
done
for key in $(sed -n 's/^\.It Ic \([a-z_]*\).*/\1/p' "$man/vedette.yaml.5"); do
	grep -rqE "\"$key\"" "$source/sensor" "$source/outputs" \
	    --include='*.c' || complain "vedette.yaml.5: no \"$key\" in the code"
done
# What stands as an example has to work. The tree's rules, so that nothing
# needs to be installed; every comment of the example configuration is one.
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
echo "rules: [\"$source/rules\"]" > "$work/own.yaml"
sed -n '/^\.Sh EXAMPLES/,$p' "$man/vedette-rules.7" |
    sed -n '/^title:/,/^\.Ed/p' | sed '$d' > "$work/example.yml"
"$VEDETTE" rules test -c "$work/own.yaml" "$work/example.yml" ||
    complain "vedette-rules.7: the example is wrong"
sed -e '1,/^$/d' -e 's/^# //' -e '/^rules:/d' "$source/contrib/vedette.yaml" |
    cat - "$work/own.yaml" > "$work/all.yaml"
accepted "$work/all.yaml" ||
    complain "contrib/vedette.yaml: an example is wrong"
sed -n '/^\.Sh EXAMPLES/,$p' "$man/vedette.yaml.5" |
    sed -n '/^inputs:/,/^\.Ed/p' | sed '$d' |
    cat - "$work/own.yaml" > "$work/page.yaml"
accepted "$work/page.yaml" ||
    complain "vedette.yaml.5: the example is wrong"
exit $failed
