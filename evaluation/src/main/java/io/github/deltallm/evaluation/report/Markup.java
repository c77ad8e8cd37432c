package io.github.deltallm.evaluation.report;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * HTML and SVG as they are built. Elements are closed in the order in which they were opened, and
 * whatever is said in them or in their attributes is escaped: there is no way to write text as it
 * is.
 */
final class Markup {
    private final StringBuilder out = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /**
     * Opens an element.
     *
     * @param attributes names and values in turn
     */
    Markup open(String element, String... attributes) {
        tag(element, attributes);
        out.append('>');
        open.push(element);
        return this;
    }

    /** Closes the element that was opened last. */
    Markup close() {
        out.append("</").append(open.pop()).append('>');
        return this;
    }

    /** An element that holds nothing: {@code <br>} in HTML, {@code <path/>} in SVG. */
    Markup empty(String element, String... attributes) {
        tag(element, attributes);
        out.append("/>");
        return this;
    }

    /** An element that holds text alone. */
    Markup element(String element, String text, String... attributes) {
        return open(element, attributes).text(text).close();
    }

    Markup text(String text) {
        escape(text);
        return this;
    }

    /** Text whose lines may end after a comma or a colon, such as a specification. */
    Markup breakable(String text) {
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == ',' || text.charAt(i) == ':') {
                text(text.substring(start, i + 1));
                out.append("<wbr>");
                start = i + 1;
            }
        }
        return text(text.substring(start));
    }

    /** Puts what was built apart into this place. */
    Markup add(Markup other) {
        out.append(other);
        return this;
    }

    /** A line break in the source, for those who read it. */
    Markup line() {
        out.append('\n');
        return this;
    }

    /** The style sheet of the page, which comes with this program and is no text of a user's. */
    Markup style(StyleSheet sheet) {
        out.append("<style>\n").append(sheet.text()).append("</style>");
        return this;
    }

    Markup doctype() {
        out.append("<!DOCTYPE html>\n");
        return this;
    }

    @Override
    public String toString() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("not closed: " + open);
        }
        return out.toString();
    }

    private void tag(String element, String... attributes) {
        if (attributes.length % 2 != 0) {
            throw new IllegalArgumentException("an attribute of " + element + " has no value");
        }
        out.append('<').append(element);
        for (int i = 0; i < attributes.length; i += 2) {
            out.append(' ').append(attributes[i]).append("=\"");
            escape(attributes[i + 1]);
            out.append('"');
        }
    }

    private void escape(String text) {
        VisibleText.of(text)
                .codePoints()
                .forEach(c -> {
                    switch (c) {
                        case '&' -> out.append("&amp;");
                        case '<' -> out.append("&lt;");
                        case '>' -> out.append("&gt;");
                        case '"' -> out.append("&quot;");
                        case '\'' -> out.append("&#39;");
                        default -> out.appendCodePoint(c);
                    }
                });
    }
}
