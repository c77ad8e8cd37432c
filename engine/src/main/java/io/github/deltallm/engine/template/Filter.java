package io.github.deltallm.engine.template;

/** What stands behind a pipe. */
interface Filter {
    Value apply(Value input, Arguments arguments, Rendering rendering);
}
