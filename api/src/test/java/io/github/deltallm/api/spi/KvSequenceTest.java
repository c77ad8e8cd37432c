package io.github.deltallm.api.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;

import org.junit.jupiter.api.Test;

import java.util.function.IntPredicate;

class KvSequenceTest {
    private static boolean all(int position) {
        return true;
    }

    private static KvSequence sequence(int least) {
        return new KvSequence(
                new HalfStrategy(HalfStrategy.DELTA, 1, least, false), HalfStrategy.HEADS, 100);
    }

    /** A sequence of so many positions, for which as many were declared. */
    private static KvSequence sequence(int least, int length) {
        KvSequence sequence = sequence(least);
        sequence.begin(length);
        sequence.commit(length);
        return sequence;
    }

    @Test
    void runDeclaresItsRowsWhereNothingWasDeclared() {
        KvSequence sequence = sequence(2);
        assertThat(sequence.declared()).isZero();
        sequence.begin(20);
        assertThat(sequence.request().tokens()).isEqualTo(20);
        assertThat(sequence.length()).isZero();
        sequence.commit(20);
        assertThat(sequence.length()).isEqualTo(20);
        sequence.begin(1);
        sequence.commit(1);
        assertThat(sequence.request().tokens()).isEqualTo(20);
        assertThat(sequence.stage(19)).isEqualTo(KvCache.Stage.PREFILL);
        assertThat(sequence.stage(20)).isEqualTo(KvCache.Stage.DECODE);
    }

    @Test
    void queriesSeeTheirWindowExactly() {
        KvSequence sequence = sequence(2, 20);
        assertThat(sequence.exactFrom(0, 0, 19)).isEqualTo(10);
        assertThat(sequence.exactFrom(1, 0, 9)).isZero();
        assertThat(sequence.exactFrom(0, 1, 19)).isZero();
    }

    @Test
    void whatWasOutsideStaysOutsideWhenWindowsGrow() {
        KvSequence sequence = sequence(2, 20);
        sequence.declare(60);
        // A window of 10 had passed: the new one of 30 begins where that one did.
        assertThat(sequence.outside(0, 0)).isEqualTo(10);
        assertThat(sequence.exactFrom(0, 0, 22)).isEqualTo(10);
        assertThat(sequence.exactFrom(0, 0, 49)).isEqualTo(20);
        assertThat(sequence.exactFrom(0, 0, 5)).isEqualTo(5);
        // The other head's window was 20: nothing had left it.
        assertThat(sequence.outside(0, 1)).isZero();
        assertThat(sequence.truncationFloor(KvSequenceTest::all)).isEqualTo(20);
    }

    @Test
    void smallerDeclarationChangesNothing() {
        KvSequence sequence = sequence(2, 20);
        sequence.declare(7);
        assertThat(sequence.request().tokens()).isEqualTo(20);
        assertThat(sequence.outside(0, 0)).isZero();
    }

    @Test
    void failedRunUndoesItsDeclaration() {
        KvSequence sequence = sequence(2, 4);
        sequence.begin(40);
        sequence.declare(50);
        assertThat(sequence.outside(0, 0)).isEqualTo(2);
        sequence.rollback();
        assertThat(sequence.declared()).isEqualTo(4);
        assertThat(sequence.widestRequest().tokens()).isEqualTo(4);
        assertThat(sequence.outside(0, 0)).isZero();
        assertThat(sequence.length()).isEqualTo(4);
    }

    @Test
    void truncationForgetsWhatWasDeclaredBeyondButNotTheWidestWindow() {
        KvSequence sequence = sequence(2, 40);
        sequence.requireTruncation(30, KvSequenceTest::all);
        sequence.truncate(30);
        assertThat(sequence.declared()).isEqualTo(30);
        assertThat(sequence.exactFrom(0, 0, 29)).isEqualTo(15);
        assertThat(sequence.widestFrom(0, 0, 29)).isEqualTo(10);
        sequence.declare(40);
        assertThat(sequence.outside(0, 0)).isZero();
        sequence.truncate(0);
        assertThat(sequence.widestRequest().tokens()).isZero();
    }

    @Test
    void truncationIsRefusedWhereRowsAreMissing() {
        KvSequence sequence = sequence(2, 40);
        IntPredicate upTo = position -> position >= 30;
        assertThat(sequence.truncationFloor(upTo)).isEqualTo(30);
        assertThatThrownBy(() -> sequence.requireTruncation(29, upTo))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("to 29 positions")
                .hasMessageContaining("the smallest length is 30, or 0");
        assertThatThrownBy(() -> sequence.requireTruncation(41, upTo))
                .isInstanceOf(IllegalArgumentException.class);
        sequence.requireTruncation(0, upTo);
    }

    @Test
    void restoredRowsThatDoNotFillTheWindowLeaveTheRestOutside() {
        KvSequence sequence = sequence(2);
        sequence.declare(40);
        sequence.restore(40);
        sequence.restored(0, 0, 20);
        assertThat(sequence.outside(0, 0)).isZero();
        sequence.restored(0, 0, 25);
        assertThat(sequence.exactFrom(0, 0, 39)).isEqualTo(25);
        assertThat(sequence.truncationFloor(KvSequenceTest::all)).isEqualTo(40);
    }

    @Test
    void copyIsIndependent() {
        KvSequence sequence = sequence(2, 20);
        KvSequence copy = sequence.copy();
        copy.declare(60);
        copy.begin(1);
        copy.commit(1);
        assertThat(sequence.outside(0, 0)).isZero();
        assertThat(sequence.length()).isEqualTo(20);
        assertThat(copy.length()).isEqualTo(21);
    }

    @Test
    void capacityIsALimit() {
        KvSequence sequence = sequence(2, 40);
        sequence.requireRoom(60);
        assertThatThrownBy(() -> sequence.requireRoom(61))
                .isInstanceOf(ContextOverflowException.class)
                .hasMessageContaining("40 positions and a capacity of 100, so 61 more");
        assertThatThrownBy(() -> sequence(2).requireHead(2, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no head 0 of layer 2");
    }

    @Test
    void numbersThatMakeNoSenseNameTheStrategy() {
        assertThatThrownBy(() -> sequence(0).begin(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("half:least=0 has a window of 0 keys");
        assertThatThrownBy(() ->
                        new KvSequence(
                                new HalfStrategy(HalfStrategy.EXACT, -1, 1, false),
                                HalfStrategy.HEADS,
                                5))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("asks for -1 sinks");
        AttentionStrategy behind = new Behind();
        KvSequence sequence = new KvSequence(behind, HalfStrategy.HEADS, 5);
        assertThatThrownBy(() -> sequence.exactFrom(0, 0, 3))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("behind asks for exact keys from 4")
                .hasMessageContaining("position 3");
    }

    @Test
    void strategyThatThrowsLeavesWhatWasDeclared() {
        KvSequence sequence = sequence(0);
        assertThatThrownBy(() -> sequence.declare(10)).isInstanceOf(IllegalStateException.class);
        assertThat(sequence.declared()).isZero();
        assertThat(sequence.widestRequest().tokens()).isZero();
    }

    /** Asks for keys that come after the query. */
    private record Behind() implements AttentionStrategy {
        @Override
        public AttentionSpec spec() {
            return AttentionSpec.parse("behind");
        }

        @Override
        public Encoding keys(int layer, int kvHead) {
            return HalfStrategy.EXACT;
        }

        @Override
        public Encoding values(int layer, int kvHead) {
            return HalfStrategy.EXACT;
        }

        @Override
        public int exactFrom(int layer, int kvHead, int position, Request request) {
            return position + 1;
        }
    }
}
