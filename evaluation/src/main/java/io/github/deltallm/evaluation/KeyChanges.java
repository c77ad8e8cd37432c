package io.github.deltallm.evaluation;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Session;
import io.github.deltallm.evaluation.result.FrequencyChange;
import io.github.deltallm.evaluation.result.HeadSparsity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the delta-encoded keys of a sequence change: by layer and head, and by channel. Arrays are
 * empty where nothing is encoded.
 *
 * @param zeros unchanged elements of a head over its elements, {@code [layers, kvHeads]}
 * @param changes changed elements of a channel over its elements, all heads together, {@code
 *     [headDim]}
 */
record KeyChanges(double[] zeros, double[] changes) {
    /** In the journal it is an item of the task whose sequence was looked at. */
    static final String ITEM = "#keys";

    private static final String ZEROS = "zeros";
    private static final String CHANGES = "changes";

    /** Looks at what a session holds. */
    static KeyChanges of(Session session) {
        HeadShape shape = session.model().heads();
        double[] zeros = new double[shape.layers() * shape.kvHeads()];
        double[] changes = new double[shape.headDim()];
        for (int head = 0; head < zeros.length; head++) {
            KvStream.DeltaRows delta =
                    session.export(
                                    head / shape.kvHeads(),
                                    head % shape.kvHeads(),
                                    KvStream.Kind.KEYS)
                            .delta();
            if (delta.count() == 0) {
                return new KeyChanges(new double[0], new double[0]);
            }
            double changed = 0;
            for (int c = 0; c < changes.length; c++) {
                double ofChannel = changed(delta, c, changes.length);
                changes[c] += ofChannel / delta.count() / zeros.length;
                changed += ofChannel;
            }
            zeros[head] = 1 - changed / delta.count() / changes.length;
        }
        return new KeyChanges(zeros, changes);
    }

    private static int changed(KvStream.DeltaRows delta, int channel, int channels) {
        int changed = 0;
        for (int row = 0; row < delta.count(); row++) {
            long bit = (long) row * channels + channel;
            changed += (int) (delta.changed()[(int) (bit >> 6)] >>> bit & 1);
        }
        return changed;
    }

    ItemResult item() {
        return new ItemResult(ITEM, Map.of(ZEROS, zeros, CHANGES, changes), "", Usage.NONE);
    }

    static KeyChanges of(ItemResult item) {
        return new KeyChanges(
                item.values().getOrDefault(ZEROS, new double[0]),
                item.values().getOrDefault(CHANGES, new double[0]));
    }

    List<HeadSparsity> heads(String attention, HeadShape shape) {
        List<HeadSparsity> heads = new ArrayList<>();
        for (int head = 0; head < zeros.length; head++) {
            heads.add(
                    new HeadSparsity(
                            attention,
                            head / shape.kvHeads(),
                            head % shape.kvHeads(),
                            zeros[head]));
        }
        return heads;
    }

    /** By the frequency that rotates two channels; empty for models without rotary embedding. */
    List<FrequencyChange> frequencies(String attention, Model model) {
        Optional<RotaryEmbedding> rotary =
                model.program().ops().stream()
                        .filter(Op.Rope.class::isInstance)
                        .map(op -> ((Op.Rope) op).embedding())
                        .findFirst();
        if (rotary.isEmpty() || changes.length == 0) {
            return List.of();
        }
        double[] frequencies = rotary.get().frequencies();
        boolean halves = rotary.get().pairing() == RotaryEmbedding.Pairing.HALVES;
        List<FrequencyChange> found = new ArrayList<>();
        for (int pair = 0; pair < frequencies.length; pair++) {
            int one = halves ? pair : 2 * pair;
            int other = halves ? pair + frequencies.length : 2 * pair + 1;
            found.add(
                    new FrequencyChange(
                            attention,
                            pair,
                            frequencies[pair],
                            (changes[one] + changes[other]) / 2));
        }
        return found;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyChanges keys
                && Arrays.equals(keys.zeros, zeros)
                && Arrays.equals(keys.changes, changes);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(zeros) + Arrays.hashCode(changes);
    }
}
