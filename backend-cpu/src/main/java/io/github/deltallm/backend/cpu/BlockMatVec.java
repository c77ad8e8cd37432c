package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.B;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.LE_SHORT;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.I2F;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;

/**
 * {@link MatVec} for Q8_0. A block's products are summed with integer weights and enter the row's
 * accumulator by one fused multiplication with the scale.
 */
final class BlockMatVec {
    private BlockMatVec() {}

    static void q8v0(
            MemorySegment data,
            long at,
            int columns,
            MemorySegment x,
            long xAt,
            float[] sums,
            int to) {
        FloatVector a = FloatVector.zero(F);
        int blocks = columns / 32;
        for (int b = 0; b < blocks; b++) {
            long p = at + b * 34L;
            long q = xAt + b * 128L;
            FloatVector t = FloatVector.zero(F);
            for (int i = 0; i < 32; i += N) {
                t =
                        ((FloatVector)
                                        ByteVector.fromMemorySegment(B, data, p + 2 + i, LE)
                                                .convertShape(B2I, I, 0)
                                                .convertShape(I2F, F, 0))
                                .fma(FloatVector.fromMemorySegment(F, x, q + 4 * i, NATIVE), t);
            }
            a = t.fma(FloatVector.broadcast(F, Float.float16ToFloat(data.get(LE_SHORT, p))), a);
        }
        a.intoArray(sums, to);
    }
}
