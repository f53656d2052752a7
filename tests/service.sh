#!/bin/sh
# The unit file is one that systemd understands, and confines.
set -u
command -v systemd-analyze > /dev/null || exit 77
unit=$(mktemp -d) || exit 99
trap 'rm -rf "$unit"' EXIT

# verify wants the programs to be there.
sed -e 's|^ExecStart=.* run|ExecStart=/bin/true run|' \
    -e 's|^ExecReload=.*|ExecReload=/bin/true|' \
    -e '/^Documentation=/d' vedette.service > "$unit/vedette.service"
said=$(systemd-analyze verify --man=no "$unit/vedette.service" 2>&1 |
    grep -F vedette.service)
if [ -n "$said" ]; then
	echo "$said"
	exit 1
fi
systemd-analyze security --offline=true --threshold=45 \
    "$unit/vedette.service" > "$unit/security" 2>&1 && exit 0
grep -q 'Unknown\|unrecognized' "$unit/security" && exit 77
tail -n 3 "$unit/security"
exit 1
