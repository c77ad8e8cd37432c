package io.github.deltallm.engine.template;

import java.util.List;

/** What a value can be assigned to. */
sealed interface Target {
    record Variable(String name) implements Target {}

    record Unpacked(List<Target> parts) implements Target {}

    /** An attribute of a namespace. */
    record Attribute(String namespace, String name) implements Target {}
}
