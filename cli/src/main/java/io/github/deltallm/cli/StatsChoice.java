package io.github.deltallm.cli;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

/** Which statistics a report goes into. */
final class StatsChoice {
    /** The details there are. */
    enum Detail {
        LAYERS
    }

    @Option(
            names = "--stats",
            paramLabel = "WHAT",
            converter = Words.Statistics.class,
            description = "layers: tell what attention skipped in every layer.")
    private @Nullable Detail detail;

    boolean layers() {
        return detail == Detail.LAYERS;
    }
}
