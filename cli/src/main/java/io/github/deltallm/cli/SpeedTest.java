package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.engine.AttentionReport;

import java.util.Arrays;

/**
 * Something to measure.
 *
 * @param kind what is timed
 * @param tokens how many tokens are timed
 * @param depth how many are there before
 * @param attention as it was asked for
 */
record SpeedTest(Kind kind, int tokens, int depth, AttentionSpec attention) {
    enum Kind {
        /** A prompt, in chunks. */
        PREFILL("pp"),
        /** Tokens one by one. */
        DECODE("tg");

        private final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    /** {@code pp512}, {@code tg64}: the names that llama.cpp's benchmark gives its tests. */
    String name() {
        return kind.label + tokens;
    }

    /**
     * What came out.
     *
     * @param test the test
     * @param speeds tokens a second, of every run
     * @param report of the session after the last run
     */
    record Result(SpeedTest test, double[] speeds, AttentionReport report) {
        double median() {
            double[] sorted = speeds.clone();
            Arrays.sort(sorted);
            int middle = sorted.length / 2;
            return sorted.length % 2 == 1
                    ? sorted[middle]
                    : (sorted[middle - 1] + sorted[middle]) / 2;
        }

        /** The fastest run less the slowest. */
        double spread() {
            return Arrays.stream(speeds).max().orElse(0) - Arrays.stream(speeds).min().orElse(0);
        }

        private double skipped() {
            AttentionCounts counts = test.kind == Kind.PREFILL ? report.prefill() : report.decode();
            return counts.skippedMacFraction();
        }

        void write(Json json, String backend, int threads) {
            json.put("test", test.name()).put("depth", test.depth);
            new RunningAttention(report).write(json);
            json.put("backend", backend)
                    .put("threads", threads)
                    .put("tokens_per_s", median())
                    .put("spread", spread())
                    .put("key_bytes", report.bytes().keys())
                    .put("skipped_mac_fraction", skipped());
        }

        void addTo(Table table, String backend, int threads) {
            table.row(
                    test.name(),
                    test.depth,
                    new RunningAttention(report).cell(),
                    backend,
                    threads,
                    Units.real(median(), 2),
                    Units.real(spread(), 2),
                    report.bytes().keys(),
                    Units.percent(skipped()));
        }
    }
}
