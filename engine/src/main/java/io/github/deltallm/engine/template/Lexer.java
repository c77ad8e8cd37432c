package io.github.deltallm.engine.template;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a template into tokens and settles white space, as Jinja2 does with {@code trim_blocks} and
 * {@code lstrip_blocks}: a newline right after a block tag or comment goes, and so does the
 * indentation before one that stands first on its line; a minus sign at a tag's border takes all
 * white space there, a plus sign keeps it.
 */
final class Lexer {
    private final Source source;
    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private int position;

    private Lexer(Source source) {
        this.source = source;
        this.text = source.text();
    }

    static List<Token> tokens(Source source) {
        Lexer lexer = new Lexer(source);
        while (lexer.position < source.length()) {
            lexer.data();
        }
        lexer.add(Token.Type.END, "", source.length());
        return List.copyOf(lexer.tokens);
    }

    /** Reads text up to the next tag, and then that tag. */
    private void data() {
        int tag = text.indexOf('{', position);
        while (tag >= 0 && !isTag(source.at(tag + 1))) {
            tag = text.indexOf('{', tag + 1);
        }
        if (tag < 0) {
            add(Token.Type.DATA, text.substring(position), position);
            position = source.length();
            return;
        }
        char kind = source.at(tag + 1);
        char sign = source.at(tag + 2);
        dataBefore(tag, sign, kind != '{');
        position = tag + (sign == '-' || sign == '+' ? 3 : 2);
        switch (kind) {
            case '#' -> comment(tag);
            case '{' -> variable(tag);
            default -> {
                int afterRaw = rawBegin();
                if (afterRaw >= 0) {
                    raw(tag, afterRaw);
                } else {
                    block(tag);
                }
            }
        }
    }

    private static boolean isTag(char second) {
        return second == '{' || second == '%' || second == '#';
    }

    private void dataBefore(int tag, char sign, boolean stripsIndentation) {
        String before = text.substring(position, tag);
        if (sign == '-') {
            before = before.substring(0, Whitespace.trailing(before));
        } else if (sign != '+' && stripsIndentation) {
            int line = before.lastIndexOf('\n') + 1;
            boolean first = line > 0 || position == 0 || text.charAt(position - 1) == '\n';
            if (first && Whitespace.trailing(before) <= line) {
                before = before.substring(0, line);
            }
        }
        if (!before.isEmpty()) {
            add(Token.Type.DATA, before, position);
        }
    }

    private void comment(int tag) {
        int end = text.indexOf("#}", position);
        if (end < 0) {
            throw Fault.unreadable("the comment has no end '#}'", source.position(tag));
        }
        char sign = end > position ? text.charAt(end - 1) : 0;
        position = afterTag(sign, end + 2);
    }

    private int afterTag(char sign, int end) {
        return switch (sign) {
            case '-' -> source.skipWhitespace(end);
            case '+' -> end;
            default -> source.at(end) == '\n' ? end + 1 : end;
        };
    }

    /**
     * Where the content of a raw block begins, if the block tag just opened is one; else negative.
     */
    private int rawBegin() {
        int name = source.skipWhitespace(position);
        if (!source.has("raw", name)) {
            return -1;
        }
        int end = source.skipWhitespace(name + 3);
        if (source.has("-%}", end)) {
            return source.skipWhitespace(end + 3);
        }
        return source.has("%}", end) ? end + 2 : -1;
    }

    private void raw(int tag, int content) {
        position = content;
        if (content >= source.length()) {
            return; // Jinja2 lets a raw block without content end with the template
        }
        for (int end = text.indexOf("{%", content); end >= 0; end = text.indexOf("{%", end + 1)) {
            char sign = source.at(end + 2);
            int name = source.skipWhitespace(end + (sign == '-' || sign == '+' ? 3 : 2));
            if (!source.has("endraw", name)) {
                continue;
            }
            int close = source.skipWhitespace(name + 6);
            char closing = source.at(close);
            int after = close + (closing == '-' || closing == '+' ? 1 : 0);
            if (source.has("%}", after)) {
                dataBefore(end, sign, true);
                position = afterTag(closing, after + 2);
                return;
            }
        }
        throw Fault.unreadable("the raw block has no 'endraw'", source.position(tag));
    }

    private void variable(int tag) {
        add(Token.Type.VARIABLE_BEGIN, "{{", tag);
        expression(tag, "}}");
        char sign = source.at(position);
        int end = position + (sign == '-' ? 3 : 2);
        add(Token.Type.VARIABLE_END, "}}", position);
        position = sign == '-' ? source.skipWhitespace(end) : end;
    }

    private void block(int tag) {
        add(Token.Type.BLOCK_BEGIN, "{%", tag);
        expression(tag, "%}");
        char sign = source.at(position);
        int end = position + (sign == '-' || sign == '+' ? 3 : 2);
        add(Token.Type.BLOCK_END, "%}", position);
        position = afterTag(sign, end);
    }

    /** Stops in front of the closing tag, its sign included. */
    private void expression(int tag, String closing) {
        ExpressionLexer lexer = new ExpressionLexer(source, tokens);
        while (true) {
            position = source.skipWhitespace(position);
            if (position >= source.length()) {
                throw Fault.unreadable(
                        "the tag has no end '" + closing + "'", source.position(tag));
            }
            char sign = source.at(position);
            boolean signed = sign == '-' || (sign == '+' && closing.equals("%}"));
            if (lexer.balanced() && source.has(closing, position + (signed ? 1 : 0))) {
                return;
            }
            position = lexer.next(position);
        }
    }

    private void add(Token.Type type, String content, int start) {
        tokens.add(new Token(type, content, source.position(start)));
    }
}
