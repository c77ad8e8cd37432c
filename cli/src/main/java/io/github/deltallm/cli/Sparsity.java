package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.engine.AttentionReport;

import java.util.List;
import java.util.stream.IntStream;

/** What attention skipped and what its cache holds, as JSON and for people. */
record Sparsity(AttentionReport report) {
    /** The fields of {@code sparsity}; the layers only where they are asked for. */
    void write(Json json, boolean layers) {
        counts(json, report.total());
        CacheBytes bytes = report.bytes();
        json.put("key_bytes", bytes.keys())
                .put("value_bytes", bytes.values())
                .put("dense_key_bytes", bytes.denseKeys())
                .put("dense_value_bytes", bytes.denseValues())
                .put("prefill", stage -> counts(stage, report.prefill()))
                .put("decode", stage -> counts(stage, report.decode()))
                .putAll(
                        "layers",
                        layers ? indices() : List.of(),
                        (item, layer) ->
                                counts(item.put("layer", layer), report.layers().get(layer)));
    }

    private static void counts(Json json, AttentionCounts counts) {
        json.put("delta_zero_fraction", counts.deltaZeroFraction())
                .put("skipped_mac_fraction", counts.skippedMacFraction())
                .put("executed_macs", counts.executedMacs())
                .put("value_delta_zero_fraction", counts.valueDeltaZeroFraction())
                .put("value_skipped_mac_fraction", counts.valueSkippedMacFraction());
    }

    /** One line: the cache against a dense one in bf16. */
    String cacheLine() {
        CacheBytes bytes = report.bytes();
        return Units.bytes(bytes.keys() + bytes.values())
                + " (keys "
                + Units.bytes(bytes.keys())
                + ", values "
                + Units.bytes(bytes.values())
                + "; dense bf16: "
                + Units.bytes(bytes.denseKeys() + bytes.denseValues())
                + ")";
    }

    /** One line: how much was skipped. */
    String skippedLine() {
        AttentionCounts counts = report.total();
        return "keys "
                + Units.percent(counts.skippedMacFraction())
                + " of MACs, "
                + Units.percent(counts.deltaZeroFraction())
                + " of deltas zero; values "
                + Units.percent(counts.valueSkippedMacFraction())
                + " of MACs, "
                + Units.percent(counts.valueDeltaZeroFraction())
                + " of deltas zero";
    }

    /** A row for each layer. */
    Table layerTable() {
        Table table =
                new Table(
                        "layer>",
                        "delta zeros>",
                        "MACs skipped>",
                        "value delta zeros>",
                        "value MACs skipped>",
                        "MACs executed>");
        for (int layer : indices()) {
            AttentionCounts counts = report.layers().get(layer);
            table.row(
                    layer,
                    Units.percent(counts.deltaZeroFraction()),
                    Units.percent(counts.skippedMacFraction()),
                    Units.percent(counts.valueDeltaZeroFraction()),
                    Units.percent(counts.valueSkippedMacFraction()),
                    counts.executedMacs());
        }
        return table;
    }

    private List<Integer> indices() {
        return IntStream.range(0, report.layers().size()).boxed().toList();
    }
}
