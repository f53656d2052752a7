#!/bin/sh
# The manual: is well-formed, and names every command with its options, every
# option of the configuration, and nothing of the two that there is not.
set -u
export LC_ALL=C
source=${VEDETTE_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
man=$source/sensor/man
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

commands=$("${VEDETTE:-vedette}" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p' |
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

# Tables of options: { "name", OPT_...
for key in $(grep -rhoE '\{ "[a-z_]+", OPT_' "$source/sensor" \
    "$source/outputs" --include='*.c' | sed 's/[^"]*"\([^"]*\)".*/\1/'); do
	grep -qE "^\.It Ic $key( |\$)" "$man/vedette.yaml.5" ||
	    complain "vedette.yaml.5: \"$key\" is not there"
done
for key in $(sed -n 's/^\.It Ic \([a-z_]*\).*/\1/p' "$man/vedette.yaml.5"); do
	grep -rqE "\"$key\"" "$source/sensor" "$source/outputs" \
	    --include='*.c' || complain "vedette.yaml.5: no \"$key\" in the code"
done
exit $failed
