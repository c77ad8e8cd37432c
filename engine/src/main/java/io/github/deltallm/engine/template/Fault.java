package io.github.deltallm.engine.template;

import org.jspecify.annotations.Nullable;

/**
 * What went wrong, thrown where it is noticed and given its place by the innermost expression or
 * statement around it. {@link ChatTemplate} turns it into the public exception, which adds the
 * template's name.
 */
final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1;

    enum Kind {
        UNREADABLE("cannot be read", "correct the template or choose another one"),
        FAILED("failed", "correct the template or choose another one"),
        STOPPED("was stopped", "choose another template or send less text"),
        REFUSED("refused the messages", "send messages that the template accepts"),
        UNFIT("got data it cannot take", "pass text, numbers, booleans, lists and maps only");

        private final String outcome;
        private final String remedy;

        Kind(String outcome, String remedy) {
            this.outcome = outcome;
            this.remedy = remedy;
        }
    }

    private final Kind kind;
    private final String what;
    private transient @Nullable Position position;

    Fault(Kind kind, String what) {
        // A fault is an outcome of the template, not of this code: its place is a line of the
        // template.
        super(what, null, false, false);
        this.kind = kind;
        this.what = what;
    }

    /** The template did something that its language forbids. */
    static Fault failed(String what) {
        return new Fault(Kind.FAILED, what);
    }

    static Fault unreadable(String what, Position position) {
        return new Fault(Kind.UNREADABLE, what).at(position);
    }

    Kind kind() {
        return kind;
    }

    String what() {
        return what;
    }

    /** Keeps the first place it is told, which is the innermost one. */
    Fault at(Position place) {
        if (position == null) {
            position = place;
        }
        return this;
    }

    ChatTemplateException in(String template) {
        String where = position == null ? "" : " at " + position;
        return new ChatTemplateException(
                template + " " + kind.outcome + where + ": " + what + "; " + kind.remedy + ".",
                this);
    }
}
