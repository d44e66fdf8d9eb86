"""Reads Swift source well enough for the checks beside this file: where code ends and comments and strings begin."""


def blank(source):
    """The source with comments and the text of string literals replaced by spaces, line by line as long as before.

    Code within an interpolation, `\\(…)`, stays. Comments nest as Swift's do; `#` delimiters and `\"\"\"` are known.
    """
    out = []
    end = len(source)

    def hide(text):
        out.append("".join(c if c == "\n" else " " for c in text))

    def string(at):
        """Copies the literal that begins at `at`; answers with the place behind it."""
        hashes = 0
        while source[at + hashes] == "#":
            hashes += 1
        start = at + hashes
        quote = '"""' if source.startswith('"""', start) else '"'
        close = quote + "#" * hashes
        escape = "\\" + "#" * hashes
        out.append(" " * hashes + quote)
        at = start + len(quote)
        while at < end:
            if source.startswith(close, at):
                out.append(quote + " " * hashes)
                return at + len(close)
            if source.startswith(escape, at):
                after = at + len(escape)
                if source.startswith("(", after):
                    hide(source[at:after])
                    at = code(after + 1, "(")
                    continue
                hide(source[at : after + 1])
                at = after + 1
                continue
            if source[at] == "\n" and quote == '"':
                return at
            hide(source[at])
            at += 1
        return at

    def code(at, opened=None):
        """Copies code from `at` to the end, or to the parenthesis that closes an interpolation."""
        depth = 0
        if opened:
            out.append(opened)
            depth = 1
        while at < end:
            if source.startswith("//", at):
                stop = source.find("\n", at)
                stop = end if stop < 0 else stop
                hide(source[at:stop])
                at = stop
            elif source.startswith("/*", at):
                stop, level = at + 2, 1
                while stop < end and level:
                    if source.startswith("/*", stop):
                        level, stop = level + 1, stop + 2
                    elif source.startswith("*/", stop):
                        level, stop = level - 1, stop + 2
                    else:
                        stop += 1
                hide(source[at:stop])
                at = stop
            elif source[at] == '"' or (source[at] == "#" and source[at:].lstrip("#").startswith('"')):
                at = string(at)
            else:
                out.append(source[at])
                if opened and source[at] == "(":
                    depth += 1
                if opened and source[at] == ")":
                    depth -= 1
                    if depth == 0:
                        return at + 1
                at += 1
        return at

    code(0)
    return "".join(out)
