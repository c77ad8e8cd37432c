package io.github.deltallm.engine.template;

import java.util.List;

/**
 * Everything a template can hold. The set is closed and none of it wraps a Java object, which is
 * what makes the sandbox: there is nothing to reach out to.
 */
sealed interface Value
        permits Text,
                Value.Undefined,
                Value.None,
                Value.Bool,
                Value.Int,
                Value.Real,
                Value.Sequence,
                Value.Callable,
                Mapping,
                Namespace,
                Loop {

    Value NONE = new None();

    /** Python's truth: empty, zero and missing are false. */
    boolean truth();

    /** Python's name of the type, for messages. */
    String type();

    static Bool of(boolean value) {
        return new Bool(value);
    }

    static Int of(long value) {
        return new Int(value);
    }

    static Real of(double value) {
        return new Real(value);
    }

    static Sequence list(List<? extends Value> items) {
        return new Sequence(Kind.LIST, List.copyOf(items));
    }

    static Sequence tuple(List<? extends Value> items) {
        return new Sequence(Kind.TUPLE, List.copyOf(items));
    }

    /**
     * What Python makes a generator: it can be looped over, but has no length and cannot be
     * indexed.
     */
    static Sequence iterator(List<? extends Value> items) {
        return new Sequence(Kind.ITERATOR, List.copyOf(items));
    }

    /**
     * A missing value: prints as nothing and is empty, and fails as soon as more is asked of it.
     */
    record Undefined(String reason) implements Value {
        @Override
        public boolean truth() {
            return false;
        }

        @Override
        public String type() {
            return "Undefined";
        }
    }

    record None() implements Value {
        @Override
        public boolean truth() {
            return false;
        }

        @Override
        public String type() {
            return "NoneType";
        }
    }

    record Bool(boolean value) implements Value {
        @Override
        public boolean truth() {
            return value;
        }

        @Override
        public String type() {
            return "bool";
        }
    }

    record Int(long value) implements Value {
        @Override
        public boolean truth() {
            return value != 0;
        }

        @Override
        public String type() {
            return "int";
        }
    }

    record Real(double value) implements Value {
        @Override
        public boolean truth() {
            return value != 0;
        }

        @Override
        public String type() {
            return "float";
        }
    }

    /** How Python would hold a sequence; decides how it prints and what it allows. */
    enum Kind {
        LIST("list"),
        TUPLE("tuple"),
        ITERATOR("generator"),
        KEYS("dict_keys"),
        VALUES("dict_values"),
        ITEMS("dict_items");

        private final String type;

        Kind(String type) {
            this.type = type;
        }

        boolean indexed() {
            return this == LIST || this == TUPLE;
        }
    }

    record Sequence(Kind kind, List<Value> items) implements Value {
        @Override
        public boolean truth() {
            return kind == Kind.ITERATOR || !items.isEmpty();
        }

        @Override
        public String type() {
            return kind.type;
        }
    }

    /** A macro, a global function or a method bound to its value; equal only to itself. */
    record Callable(String name, Body body) implements Value {
        interface Body {
            Value call(Arguments arguments);
        }

        @Override
        public boolean truth() {
            return true;
        }

        @Override
        public String type() {
            return "function";
        }
    }
}
