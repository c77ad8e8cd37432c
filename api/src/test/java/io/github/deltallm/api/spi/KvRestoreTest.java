package io.github.deltallm.api.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class KvRestoreTest {
    private static KvSequence sequence(Encoding encoding, int sinks, boolean drops) {
        return new KvSequence(new HalfStrategy(encoding, sinks, 2, drops), HalfStrategy.HEADS, 8);
    }

    private static KvRestore.Rows first(KvSequence sequence, KvStream stream) {
        KvRestore restore = new KvRestore(sequence, (layer, head, kind) -> stream);
        return restore.rows(sequence.head(0, 0), KvStream.Kind.KEYS);
    }

    @Test
    void eachStreamIsReadOnce() {
        KvSequence sequence = sequence(HalfStrategy.EXACT, 0, false);
        List<RowsName> read = new ArrayList<>();
        KvRestore restore =
                new KvRestore(
                        sequence,
                        (layer, head, kind) -> {
                            read.add(new RowsName(layer, head, kind));
                            return HalfStrategy.stream(0, false);
                        });
        for (int i = 0; i < 4; i++) {
            for (KvStream.Kind kind : KvStream.Kind.values()) {
                restore.rows(sequence.head(i / 2, i % 2), kind);
            }
        }
        assertThat(read).hasSize(8).doesNotHaveDuplicates();
    }

    @Test
    void wholeStreamLacksNothing() {
        KvStream stream = HalfStrategy.stream(4, false, 0, 1, 2, 3);
        assertThat(first(sequence(HalfStrategy.EXACT, 0, false), stream).gone()).isZero();
    }

    @Test
    void droppedOrEncodedRowsMayBeMissing() {
        KvStream dropped = HalfStrategy.stream(6, false, 0, 4, 5);
        assertThat(first(sequence(HalfStrategy.EXACT, 1, true), dropped).gone()).isEqualTo(4);
        KvStream encoded = HalfStrategy.stream(6, true, 0, 4, 5);
        assertThat(first(sequence(HalfStrategy.DELTA, 1, false), encoded).gone()).isEqualTo(4);
    }

    @Test
    void rowsThatAreNeededMayNotBeMissing() {
        KvStream gap = HalfStrategy.stream(6, true, 0, 4, 5);
        assertRefused(sequence(HalfStrategy.EXACT, 1, false), gap);
        assertRefused(sequence(HalfStrategy.DELTA, 2, false), gap);
        assertRefused(sequence(HalfStrategy.DELTA, 1, false), HalfStrategy.stream(6, true, 0, 5));
        assertRefused(
                sequence(HalfStrategy.DELTA, 1, false), HalfStrategy.stream(6, false, 0, 4, 5));
    }

    private static void assertRefused(KvSequence sequence, KvStream stream) {
        assertThatThrownBy(() -> first(sequence, stream))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("lacks rows that half:least=2 needs");
    }

    @Test
    void streamsOfUnequalLengthAreDamage() {
        KvSequence sequence = sequence(HalfStrategy.EXACT, 0, false);
        KvRestore restore =
                new KvRestore(
                        sequence,
                        (layer, head, kind) ->
                                head == 0
                                        ? HalfStrategy.stream(2, false, 0, 1)
                                        : HalfStrategy.stream(1, false, 0));
        assertThatThrownBy(() -> restore.rows(sequence.head(1, 1), KvStream.Kind.VALUES))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("values of layer 1, head 1");
    }

    @Test
    void stateThatIsTooLongIsRefused() {
        KvStream stream = HalfStrategy.stream(9, false);
        assertThatThrownBy(() ->
                        new KvRestore(
                                sequence(HalfStrategy.EXACT, 0, false),
                                (layer, head, kind) -> stream))
                .isInstanceOf(ContextOverflowException.class)
                .hasMessageContaining("9 positions, more than the capacity of 8");
    }

    @Test
    void exactRowsAreTogetherWithNothingBetween() {
        KvStream stream =
                new KvStream(
                        4,
                        List.of(
                                new KvStream.Rows(0, new float[] {1, 2}),
                                new KvStream.Rows(2, new float[] {5, 6, 7, 8})),
                        KvStream.DeltaRows.NONE);
        assertThat(KvRestore.together(stream, 2)).containsExactly(1, 2, 0, 0, 5, 6, 7, 8);
    }
}
