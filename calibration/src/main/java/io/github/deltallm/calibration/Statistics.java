package io.github.deltallm.calibration;

import io.github.deltallm.api.spi.HeadShape;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Statistics of all KV heads of a model. */
final class Statistics {
    /** Layers are recorded in groups of up to this many bytes; the model runs once for each. */
    private static final long GROUP_BYTES = 256L << 20;

    private final HeadShape heads;
    private final List<List<HeadStatistics>> layers = new ArrayList<>();

    private Statistics(HeadShape heads) {
        this.heads = heads;
        for (int layer = 0; layer < heads.layers(); layer++) {
            layers.add(
                    IntStream.range(0, heads.kvHeads())
                            .mapToObj(head -> new HeadStatistics(heads.headDim()))
                            .toList());
        }
    }

    /** Of these sequences. */
    static Statistics of(Probe probe, List<int[]> sequences, WindowSize window) {
        Statistics statistics = new Statistics(probe.heads());
        for (int[] ids : sequences) {
            statistics.add(probe, ids, window.of(ids.length));
        }
        return statistics;
    }

    /** How often a sequence of this length has to be run. */
    static int runs(HeadShape heads, int length) {
        int group = groupOfLayers(heads, length);
        return (heads.layers() + group - 1) / group;
    }

    private static int groupOfLayers(HeadShape heads, int length) {
        long fitting = GROUP_BYTES / Recording.layerBytes(heads, length);
        return Math.clamp(fitting, 1, heads.layers());
    }

    private void add(Probe probe, int[] ids, int window) {
        int group = groupOfLayers(heads, ids.length);
        for (int from = 0; from < heads.layers(); from += group) {
            int first = from;
            int to = Math.min(heads.layers(), from + group);
            Recording recording = new Recording(heads, from, to, ids.length);
            probe.record(ids, from, to, recording::take);
            IntStream.range(0, (to - from) * heads.kvHeads())
                    .parallel()
                    .forEach(index -> {
                        int layer = first + index / heads.kvHeads();
                        int kvHead = index % heads.kvHeads();
                        add(recording, layer, kvHead, probe.scale(layer), window);
                    });
        }
    }

    private void add(Recording recording, int layer, int kvHead, float scale, int window) {
        List<float[]> queries =
                IntStream.range(kvHead * heads.group(), (kvHead + 1) * heads.group())
                        .mapToObj(head -> recording.queries(layer, head))
                        .toList();
        layers.get(layer)
                .get(kvHead)
                .add(
                        queries,
                        recording.keys(layer, kvHead),
                        recording.values(layer, kvHead),
                        scale,
                        window);
    }

    /** Of a layer's KV heads. */
    List<HeadStatistics> layer(int layer) {
        return layers.get(layer);
    }

    int layers() {
        return layers.size();
    }
}
