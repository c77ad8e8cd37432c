package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums over lanes in one fixed order. {@code reduceLanes} leaves the order open, and interpreted
 * and compiled code differ in it.
 */
final class Sums {
    private static final VectorShuffle<Float> SWAP_1 = swap(1);
    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_8 = swap(8);
    private static final VectorMask<Float> ODD_1 = VectorMask.fromLong(F, 0xAAAA);
    private static final VectorMask<Float> ODD_2 = VectorMask.fromLong(F, 0xCCCC);

    private Sums() {}

    private static VectorShuffle<Float> swap(int distance) {
        return VectorShuffle.fromOp(F, lane -> (lane ^ distance) & N - 1);
    }

    /** Sums the lanes of four registers in {@code sums} from {@code at} on into four values. */
    static void four(float[] sums, int at, float[] out, int to) {
        FloatVector a = FloatVector.fromArray(F, sums, at);
        FloatVector b = FloatVector.fromArray(F, sums, at + N);
        FloatVector c = FloatVector.fromArray(F, sums, at + 2 * N);
        FloatVector d = FloatVector.fromArray(F, sums, at + 3 * N);
        // Lane parity 0 holds sums of a (c), parity 1 of b (d); then lane modulo 4 tells which.
        FloatVector ab =
                a.blend(b.rearrange(SWAP_1), ODD_1).add(a.rearrange(SWAP_1).blend(b, ODD_1));
        FloatVector cd =
                c.blend(d.rearrange(SWAP_1), ODD_1).add(c.rearrange(SWAP_1).blend(d, ODD_1));
        FloatVector sum =
                ab.blend(cd.rearrange(SWAP_2), ODD_2).add(ab.rearrange(SWAP_2).blend(cd, ODD_2));
        if (N > 4) {
            sum = sum.add(sum.rearrange(SWAP_4));
        }
        if (N > 8) {
            sum = sum.add(sum.rearrange(SWAP_8));
        }
        ((FloatVector) sum.reinterpretShape(FloatVector.SPECIES_128, 0)).intoArray(out, to);
    }

    /** The sum of {@code count} values, one after the other. */
    static float of(float[] values, int at, int count) {
        float sum = 0;
        for (int i = 0; i < count; i++) {
            sum += values[at + i];
        }
        return sum;
    }
}
