package io.github.deltallm.engine.template;

/** A method of one type of values. */
interface Method<T extends Value> {
    Value call(T self, Arguments arguments, Rendering rendering);
}
