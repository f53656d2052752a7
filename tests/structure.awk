# Reads C files whose comments and literals are to be ignored and prints
# "file:line: rule: what" for each offence that can be seen in the text alone.
# Run on one file at a time: awk -v file=NAME -v product=1 -f structure.awk.

function offence(line, rule, what) {
	printf "%s:%d: %s: %s\n", file, line, rule, what
}

# Blanks out comments, strings and characters of one line.
function bare(s,    out, c, i, n) {
	out = ""
	n = length(s)
	for (i = 1; i <= n; i++) {
		c = substr(s, i, 1)
		if (state == "comment") {
			if (c == "*" && substr(s, i + 1, 1) == "/") {
				state = ""
				i++
			}
		} else if (state != "") {
			if (c == "\\")
				i++
			else if (c == state)
				state = ""
		} else if (c == "\"" || c == "'") {
			state = c
			out = out " "
		} else if (c == "/" && substr(s, i + 1, 1) == "*") {
			state = "comment"
			i++
		} else if (c == "/" && substr(s, i + 1, 1) == "/") {
			break
		} else {
			out = out c
		}
	}
	if (state == "\"" || state == "'")
		state = ""
	return out
}

function is_mutable(text,    declarator) {
	gsub(/__attribute__ *\(\(.*\)\)/, "", text)
	gsub(/[ \t]+/, " ", text)
	sub(/^ /, "", text)
	sub(/ $/, "", text)
	declarator = text
	sub(/ *=.*/, "", declarator)
	if (declarator == "" || declarator ~ /^(extern|typedef|static_assert)/)
		return 0
	if (declarator ~ /sig_atomic_t/)
		return 0
	if (declarator ~ /^(static )?(const )?(struct|union|enum)( [a-zA-Z_0-9]+)? ?([{][}])?$/)
		return 0
	if (declarator ~ /^[^(]*\( ?\*/)
		return declarator !~ /^[^(]*\( ?\* ?const/
	if (declarator ~ /\(/)
		return 0
	if (declarator ~ /\*/)
		return declarator !~ /\*[ ]*const[^*]*$/
	return declarator !~ /(^| )const /
}

# Collects what stands at file scope, one declaration at a time.
function file_scope(line, s,    i, c) {
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "{") {
			if (level == 0)
				body = text ~ /\)[ \t]*(__attribute__.*)?$/
			level++
		} else if (c == "}") {
			level--
			if (level == 0)
				text = body ? "" : text "{}"
		} else if (level > 0) {
			continue
		} else if (c == ";") {
			if (is_mutable(text))
				offence(line, "mutable", text)
			text = ""
		} else {
			text = text c
		}
	}
	text = text " "
}

{
	line = bare($0)
	before = level
	if (line ~ /^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else)/ && is_c && product)
		offence(FNR, "ifdef", $0)
	if (line ~ /(^|[^a-zA-Z0-9_])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|gets|alloca)[ \t]*\(/)
		offence(FNR, "banned", $0)
	if (!product && line ~ /(^|[^a-zA-Z0-9_])(sleep|usleep|nanosleep)[ \t]*\(/)
		offence(FNR, "sleep", $0)
	if (product && before > 0 && line ~ /^[ \t]+static[ \t]/ && line ~ /[;=]/) {
		inner = line
		sub(/^[ \t]+/, "", inner)
		sub(/[;{].*/, "", inner)
		if (is_mutable(inner))
			offence(FNR, "mutable", $0)
	}
	if (line ~ /^[ \t]*#/ || continued) {
		continued = line ~ /\\[ \t]*$/
		next
	}
	if (is_c && product)
		file_scope(FNR, line)
	if (is_c && product && level >= 5 && line ~ /[^ \t]/)
		offence(FNR, "braces", $0)
}

END {
	if (product && FNR > 600)
		offence(FNR, "length", "more than 600 lines")
}
