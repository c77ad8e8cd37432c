package io.github.deltallm.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.KvStream;

import org.junit.jupiter.api.Test;

/** Small streams computed by hand from the rule of delta encoding. */
class DeltaRowsTest {
    private static final RowName NAME = new RowName(3, 1, KvStream.Kind.KEYS);
    private static final float[] NO_STEPS = {};

    @Test
    void changeIsTransmittedWhenItExceedsTheThresholdStrictly() {
        KvStream.DeltaRows delta =
                encode(1, Events.F32, NO_STEPS, 4, 10, 5, 9, 5.5f, 8, 6.5f, 9.5f).delta();

        // k0 all; k1: 5 - 4 = 1 no, 9 - 10 no; k2: 5.5 - 4 = 1.5 yes, 8 - 10 yes;
        // k3: 6.5 - 5.5 = 1 no, 9.5 - 8 yes
        assertThat(delta.changed()).containsExactly(0b10_11_00_11);
        assertThat(delta.events()).containsExactly(4, 10, 1.5f, -2, 1.5f);
    }

    @Test
    void slowDriftIsFollowedBecauseTheLoopIsClosed() {
        DeltaRows rows = rows(1, Events.F32, NO_STEPS);
        append(rows, 0, 0, 0.75f, 0, 1.5f, 0, 2.25f, 0);

        assertThat(rows.reference(1)[0]).isZero();
        assertThat(rows.reference(2)[0]).isEqualTo(1.5f);
        assertThat(rows.reference(3)[0]).isEqualTo(1.5f);
    }

    @Test
    void changeBelowTheLeastNormalNumberCountsAsNone() {
        KvStream.DeltaRows delta =
                encode(0, Events.F32, NO_STEPS, 0, 0, 0x1p-127f, 0x1p-126f).delta();

        assertThat(delta.changed()).containsExactly(0b10_11);
    }

    @Test
    void bf16EventsStayInTheLoop() {
        DeltaRows rows = rows(0, Events.BF16, NO_STEPS);
        float exact = 1 + 0x1p-9f;
        append(rows, 0, 0, exact, 0, exact, 0);

        assertThat(rows.reference(0)[0]).isZero();
        assertThat(rows.reference(1)[0]).isEqualTo(1);
        assertThat(rows.reference(2)[0]).isEqualTo(exact);
    }

    @Test
    void int8EventsAreWholeStepsAndSaturationIsCarriedOn() {
        DeltaRows rows = rows(0, Events.INT8, new float[] {0.5f, 1});
        append(rows, 0, 0, 0.7f, 200, 0.7f, 200);

        assertThat(rows.reference(1)[0]).isEqualTo(0.5f);
        assertThat(rows.reference(1)[1]).isEqualTo(127);
        assertThat(rows.reference(2)[1]).isEqualTo(200);
    }

    @Test
    void firstKeyIsHeldAsItIsWhateverTheEvents() {
        assertThat(encode(9, Events.INT8, new float[] {1, 1}, 0.3f, 500).delta().events())
                .containsExactly(0.3f, 500);
    }

    @Test
    void inputIsRoundedToTheStore() {
        DeltaRows rows = new DeltaRows(NAME, 1, delta(0, Events.F32, NO_STEPS, Store.BF16));
        append(rows, 1 + 0x1p-9f);

        assertThat(rows.reference(0)[0]).isEqualTo(1);
    }

    @Test
    void stepsComeFromTheFirst256RowsWhichStayExactUntilThen() {
        DeltaRows rows = rows(0, Events.INT8, NO_STEPS);
        for (int row = 0; row < 255; row++) {
            append(rows, row % 2 == 0 ? 1 : -127, 0);
        }
        assertThat(rows.export().delta().count()).isZero();
        assertThat(rows.encodedFor(254)).isFalse();

        append(rows, 2.9f, 0);

        assertThat(rows.encodedFor(255)).isTrue();
        assertThat(rows.export().delta().count()).isEqualTo(256);
        // step 2 * 127 / 127 = 2: from 1 by -128 to -127, then by 130 to 3
        assertThat(rows.reference(1)[0]).isEqualTo(-127);
        assertThat(rows.reference(255)[0]).isEqualTo(3);
    }

    @Test
    void largestFiniteKeysHaveFiniteSteps() {
        DeltaRows rows = rows(0, Events.INT8, NO_STEPS);
        for (int row = 0; row < 256; row++) {
            append(rows, Float.MAX_VALUE, 0x1p-149f);
        }
        KvStream.DeltaRows delta = rows.export().delta();

        assertThat(delta.steps()).containsExactly(Float.MAX_VALUE / 63.5f, 0);
        assertThat(delta.events()).containsExactly(Float.MAX_VALUE, 0x1p-149f);
    }

    @Test
    void channelWhoseStepIsZeroTransmitsNothingBehindRow0() {
        DeltaRows rows = rows(0, Events.INT8, new float[] {0, 1});
        append(rows, 3, 3, 90, 90, -7, -7);

        assertThat(rows.export().delta().events()).containsExactly(3, 3, 87, -97);
        assertThat(rows.reference(2)).containsExactly(3, -7);
    }

    @Test
    void stepsAreIgnoredByOtherEvents() {
        DeltaRows rows = rows(0, Events.F32, new float[] {0, 1});
        append(rows, 3, 3, 90.5f, 90.5f);

        assertThat(rows.reference(1)).containsExactly(90.5f, 90.5f);
        assertThat(rows.export().delta().steps()).isEmpty();
    }

    @Test
    void relativeThresholdsAreMultiplesOfTheDeviationOfTheFirstRows() {
        DeltaRows rows = relative(0.5f);
        // Over both channels the mean is 1 and the standard deviation 2.
        for (int row = 0; row < 255; row++) {
            append(rows, 3, -1);
        }
        assertThat(rows.export().delta().count()).isZero();
        append(rows, 3, -1);
        append(rows, 4, -2.25f, 4.0625f, -2.25f);

        KvStream.DeltaRows delta = rows.export().delta();
        assertThat(delta.sigma()).isEqualTo(2);
        assertThat(delta.events()).containsExactly(3, -1, -1.25f, 1.0625f);
    }

    @Test
    void sigmaOfEqualRowsIsZeroAndThenEveryChangeCounts() {
        DeltaRows rows = relative(9);
        for (int row = 0; row < 256; row++) {
            append(rows, 5, 5);
        }
        append(rows, 5, 5.5f);

        assertThat(rows.export().delta().sigma()).isZero();
        assertThat(rows.export().delta().events()).containsExactly(5, 5, 0.5f);
    }

    private static DeltaRows relative(float theta) {
        return new DeltaRows(
                NAME,
                2,
                new Encoding.Delta(new float[] {theta}, true, Events.F32, NO_STEPS, Store.F32));
    }

    @Test
    void truncatingBelow256RowsForgetsTheSteps() {
        DeltaRows rows = rows(0, Events.INT8, NO_STEPS);
        for (int row = 0; row < 300; row++) {
            append(rows, row, 1);
        }
        rows.truncate(255);

        assertThat(rows.export().delta().count()).isZero();
    }

    @Test
    void truncatedStreamContinuesFromTheReferenceAtItsEnd() {
        DeltaRows rows = rows(1, Events.F32, NO_STEPS);
        append(rows, 0, 0, 0.9f, 5, 7, 7);
        rows.truncate(2);
        append(rows, 1.5f, 5.5f);

        assertThat(rows.export().delta().events()).containsExactly(0, 0, 5, 1.5f);
    }

    @Test
    void restoredStreamEqualsItsSource() {
        DeltaRows rows = rows(1, Events.F32, NO_STEPS);
        append(rows, 0, 0, 0.9f, 5, 7, 7);
        DeltaRows restored = rows(1, Events.F32, NO_STEPS);
        restored.restore(rows.export(), DeltaRowsTest::ignore);
        append(rows, 8, 8);
        append(restored, 8, 8);

        assertThat(restored.export()).usingRecursiveComparison().isEqualTo(rows.export());
    }

    @Test
    void exactRowsOfADenseSequenceAreEncodedWhenRestored() {
        HeadRows dense = new ExactRows(NAME, 2, Store.F32);
        append(dense, 0, 0, 0.9f, 5, 7, 7);
        DeltaRows restored = rows(1, Events.F32, NO_STEPS);
        restored.restore(dense.export(), DeltaRowsTest::ignore);

        assertThat(restored.export().delta().events()).containsExactly(0, 0, 5, 7, 2);
    }

    @Test
    void infinitiesAndNanAreRefusedByName() {
        DeltaRows rows = rows(1, Events.F32, NO_STEPS);
        append(rows, 0, 0);

        assertThatThrownBy(() -> append(rows, 0, Float.NaN))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContainingAll("layer 3", "head 1", "position 1", "NaN");
    }

    private static DeltaRows rows(float theta, Events events, float[] steps) {
        return new DeltaRows(NAME, 2, delta(theta, events, steps, Store.F32));
    }

    private static Encoding.Delta delta(float theta, Events events, float[] steps, Store store) {
        return new Encoding.Delta(new float[] {theta}, false, events, steps, store);
    }

    private static KvStream encode(float theta, Events events, float[] steps, float... keys) {
        DeltaRows rows = rows(theta, events, steps);
        append(rows, keys);
        return rows.export();
    }

    private static void append(HeadRows rows, float... keys) {
        for (int at = 0; at < keys.length; at += rows.dim) {
            rows.append(keys, at, DeltaRowsTest::ignore);
        }
    }

    private static void ignore(int position, int elements, int unchanged) {}
}
