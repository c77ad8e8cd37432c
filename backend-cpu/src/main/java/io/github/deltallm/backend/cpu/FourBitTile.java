package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.BIAS;
import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;
import static io.github.deltallm.backend.cpu.FourBitKernels.WORDS;
import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.Lanes.S;
import static io.github.deltallm.backend.cpu.RoundedRows.FACTORS;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

import java.lang.foreign.MemorySegment;

/**
 * Four rows of activations times a register of words of four weights, see {@link FourBitKernels}:
 * what is loaded and shifted of the weights serves four rows. Eight registers are sums of a block,
 * four are words, shifted; results stay in memory, since of 16 registers none is left for them, and
 * the compiler would move them word by word.
 */
final class FourBitTile {
    /**
     * Registers of 512 bits are shifted faster by a register of counts than by one count, which the
     * compiler keeps in a register too; narrower ones have no such instruction, or a slower one.
     */
    private static final boolean WIDE = BYTES == 64;

    private FourBitTile() {}

    /**
     * Adds the products of four rows' blocks with one of the unit's registers, {@code 2 N} weight
     * rows, to the results; in the same order as {@link FourBitKernels#add}, so that results are
     * the same.
     *
     * @param register 0 or 1
     * @param results {@code [4][UNIT]} floats
     */
    static void add(
            MemorySegment w,
            long at,
            int register,
            int blocks,
            int[] x,
            int xAt,
            float[] steps,
            int stepAt,
            float[] scales,
            float[] results) {
        int a = register * (2 * N);
        int b = a + UNIT;
        int c = b + UNIT;
        int d = c + UNIT;
        ShortVector four = ShortVector.broadcast(S, 4);
        ShortVector eight = ShortVector.broadcast(S, 8);
        ShortVector twelve = ShortVector.broadcast(S, 12);
        for (int block = 0; block < blocks; block++) {
            IntVector allA = IntVector.broadcast(I, -WORDS * BIAS);
            IntVector allB = allA;
            IntVector allC = allA;
            IntVector allD = allA;
            IntVector highA = allA;
            IntVector highB = allA;
            IntVector highC = allA;
            IntVector highD = allA;
            for (int word = 0; word < WORDS; word++) {
                long p = at + (block * WORDS + word) * (2L * BYTES) + (long) register * BYTES;
                int j = xAt + (block * WORDS + word) * (4 * FACTORS);
                ShortVector v = ShortVector.fromMemorySegment(S, w, p, NATIVE);
                ShortVector v4 = WIDE ? v.lanewise(LSHR, four) : v.lanewise(LSHR, 4);
                ShortVector v8 = WIDE ? v.lanewise(LSHR, eight) : v.lanewise(LSHR, 8);
                ShortVector v12 = WIDE ? v.lanewise(LSHR, twelve) : v.lanewise(LSHR, 12);
                ShortVector x0 = IntVector.broadcast(I, x[j]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(I, x[j + 1]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(I, x[j + 2]).reinterpretAsShorts();
                ShortVector x3 = IntVector.broadcast(I, x[j + 3]).reinterpretAsShorts();
                ShortVector bias = IntVector.broadcast(I, x[j + 4]).reinterpretAsShorts();
                IntVector sum =
                        v.mul(x0)
                                .add(bias)
                                .add(v4.mul(x1))
                                .add(v8.mul(x2).add(v12.mul(x3)))
                                .reinterpretAsInts();
                allA = allA.add(sum);
                highA = highA.add(sum.lanewise(LSHR, 16));
                x0 = IntVector.broadcast(I, x[j + 5]).reinterpretAsShorts();
                x1 = IntVector.broadcast(I, x[j + 6]).reinterpretAsShorts();
                x2 = IntVector.broadcast(I, x[j + 7]).reinterpretAsShorts();
                x3 = IntVector.broadcast(I, x[j + 8]).reinterpretAsShorts();
                bias = IntVector.broadcast(I, x[j + 9]).reinterpretAsShorts();
                sum =
                        v.mul(x0)
                                .add(bias)
                                .add(v4.mul(x1))
                                .add(v8.mul(x2).add(v12.mul(x3)))
                                .reinterpretAsInts();
                allB = allB.add(sum);
                highB = highB.add(sum.lanewise(LSHR, 16));
                x0 = IntVector.broadcast(I, x[j + 10]).reinterpretAsShorts();
                x1 = IntVector.broadcast(I, x[j + 11]).reinterpretAsShorts();
                x2 = IntVector.broadcast(I, x[j + 12]).reinterpretAsShorts();
                x3 = IntVector.broadcast(I, x[j + 13]).reinterpretAsShorts();
                bias = IntVector.broadcast(I, x[j + 14]).reinterpretAsShorts();
                sum =
                        v.mul(x0)
                                .add(bias)
                                .add(v4.mul(x1))
                                .add(v8.mul(x2).add(v12.mul(x3)))
                                .reinterpretAsInts();
                allC = allC.add(sum);
                highC = highC.add(sum.lanewise(LSHR, 16));
                x0 = IntVector.broadcast(I, x[j + 15]).reinterpretAsShorts();
                x1 = IntVector.broadcast(I, x[j + 16]).reinterpretAsShorts();
                x2 = IntVector.broadcast(I, x[j + 17]).reinterpretAsShorts();
                x3 = IntVector.broadcast(I, x[j + 18]).reinterpretAsShorts();
                bias = IntVector.broadcast(I, x[j + 19]).reinterpretAsShorts();
                sum =
                        v.mul(x0)
                                .add(bias)
                                .add(v4.mul(x1))
                                .add(v8.mul(x2).add(v12.mul(x3)))
                                .reinterpretAsInts();
                allD = allD.add(sum);
                highD = highD.add(sum.lanewise(LSHR, 16));
            }
            int s = block * (4 * N) + a;
            FloatVector scale0 = FloatVector.fromArray(F, scales, s);
            FloatVector scale1 = FloatVector.fromArray(F, scales, s + N);
            int t = stepAt + 4 * block;
            IntVector lowA = allA.sub(highA.lanewise(LSHL, 16));
            ((FloatVector) lowA.convert(I2F, 0))
                    .fma(scale0.mul(steps[t]), FloatVector.fromArray(F, results, a))
                    .intoArray(results, a);
            ((FloatVector) highA.convert(I2F, 0))
                    .fma(scale1.mul(steps[t]), FloatVector.fromArray(F, results, a + N))
                    .intoArray(results, a + N);
            IntVector lowB = allB.sub(highB.lanewise(LSHL, 16));
            ((FloatVector) lowB.convert(I2F, 0))
                    .fma(scale0.mul(steps[t + 1]), FloatVector.fromArray(F, results, b))
                    .intoArray(results, b);
            ((FloatVector) highB.convert(I2F, 0))
                    .fma(scale1.mul(steps[t + 1]), FloatVector.fromArray(F, results, b + N))
                    .intoArray(results, b + N);
            IntVector lowC = allC.sub(highC.lanewise(LSHL, 16));
            ((FloatVector) lowC.convert(I2F, 0))
                    .fma(scale0.mul(steps[t + 2]), FloatVector.fromArray(F, results, c))
                    .intoArray(results, c);
            ((FloatVector) highC.convert(I2F, 0))
                    .fma(scale1.mul(steps[t + 2]), FloatVector.fromArray(F, results, c + N))
                    .intoArray(results, c + N);
            IntVector lowD = allD.sub(highD.lanewise(LSHL, 16));
            ((FloatVector) lowD.convert(I2F, 0))
                    .fma(scale0.mul(steps[t + 3]), FloatVector.fromArray(F, results, d))
                    .intoArray(results, d);
            ((FloatVector) highD.convert(I2F, 0))
                    .fma(scale1.mul(steps[t + 3]), FloatVector.fromArray(F, results, d + N))
                    .intoArray(results, d + N);
        }
    }
}
