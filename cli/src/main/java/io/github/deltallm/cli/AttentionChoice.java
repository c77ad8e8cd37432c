package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionSpec;

import picocli.CommandLine.Option;

/** The attention of a command that takes one. */
final class AttentionChoice {
    @Option(
            names = "--attention",
            paramLabel = "SPEC",
            converter = Words.Attention.class,
            description =
                    "How keys and values are kept: name:key=value,... of one that 'deltallm"
                            + " attentions' lists, or auto: delta where it is faster, for long"
                            + " prompts and large caches, dense elsewhere (default:"
                            + " ${DEFAULT-VALUE}).")
    private AttentionSpec spec = AttentionSpec.parse("auto");

    AttentionSpec spec() {
        return spec;
    }
}
