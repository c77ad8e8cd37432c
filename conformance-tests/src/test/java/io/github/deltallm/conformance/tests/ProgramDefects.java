package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.RotaryEmbedding.Pairing;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Defects of operations. */
final class ProgramDefects {
    private static final int LANES = 16;

    private ProgramDefects() {}

    /** A linear layer forgets the inputs behind the last whole vector. */
    static final class DroppedTail implements Defect {
        @Override
        public Program program(Program program) {
            return ProgramCopy.of(
                    program,
                    (op, recorder) -> {
                        if (op instanceof Op.Linear o && o.weight().type() == TensorType.F32) {
                            recorder.linear(
                                    o.in(),
                                    withoutTail(o.weight()),
                                    o.bias(),
                                    o.activations(),
                                    o.out());
                            return true;
                        }
                        return false;
                    });
        }

        private static Tensor withoutTail(Tensor weight) {
            float[] values = weight.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
            int whole = weight.columns() / LANES * LANES;
            for (int i = 0; i < values.length; i++) {
                values[i] = i % weight.columns() < whole ? values[i] : 0;
            }
            return Weights.f32(weight.name(), weight.rows(), weight.columns(), values);
        }
    }

    /** Of two weights in a byte, the second is taken for the first. */
    static final class SwappedNibbles implements Defect {
        @Override
        public Program program(Program program) {
            return ProgramCopy.of(
                    program,
                    (op, recorder) -> {
                        if (op instanceof Op.Embed o && o.table().type() == TensorType.Q4_0) {
                            recorder.embed(swapped(o.table()), o.out());
                            return true;
                        }
                        return false;
                    });
        }

        private static Tensor swapped(Tensor table) {
            MemorySegment data = Arena.ofAuto().allocate(table.data().byteSize(), 64);
            data.copyFrom(table.data());
            int block = table.type().blockBytes();
            for (long i = 0; i < data.byteSize(); i++) {
                int both = data.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
                if (i % block >= 2) {
                    data.set(ValueLayout.JAVA_BYTE, i, (byte) (both << 4 | both >> 4));
                }
            }
            return new Tensor(table.name(), table.type(), table.rows(), table.columns(), data);
        }
    }

    /** Rotations pair channels the other way. */
    static final class WrongPairing implements Defect {
        @Override
        public Program program(Program program) {
            return ProgramCopy.of(
                    program,
                    (op, recorder) -> {
                        if (op instanceof Op.Rope o) {
                            Pairing right = o.embedding().pairing();
                            Pairing wrong =
                                    right == Pairing.HALVES ? Pairing.INTERLEAVED : Pairing.HALVES;
                            double[] frequencies = o.embedding().frequencies();
                            recorder.rope(o.data(), new RotaryEmbedding(wrong, frequencies));
                            return true;
                        }
                        return false;
                    });
        }
    }

    /** Query head h takes key head h modulo the number of key heads. */
    static final class SwappedGroups implements Defect {
        @Override
        public Program program(Program program) {
            HeadShape heads = program.heads();
            int width = heads.queryWidth();
            return ProgramCopy.of(
                    program,
                    (op, recorder) -> {
                        if (op instanceof Op.Attention o) {
                            Value query = recorder.value("swapped query", width);
                            Value out = recorder.value("swapped out", width);
                            recorder.linear(o.query(), swap(heads, false), query);
                            recorder.attention(
                                    o.layer(), query, o.key(), o.value(), o.scale(), out);
                            recorder.linear(out, swap(heads, true), o.out());
                            return true;
                        }
                        return false;
                    });
        }

        /** Moves head h to where the groups of key head h modulo kvHeads are, or back. */
        private static Tensor swap(HeadShape heads, boolean back) {
            int width = heads.queryWidth();
            float[] matrix = new float[width * width];
            for (int head = 0; head < heads.heads(); head++) {
                int place = head % heads.kvHeads() * heads.group() + head / heads.kvHeads();
                for (int c = 0; c < heads.headDim(); c++) {
                    int from = head * heads.headDim() + c;
                    int to = place * heads.headDim() + c;
                    matrix[back ? from * width + to : to * width + from] = 1;
                }
            }
            return Weights.f32("swap", width, width, matrix);
        }
    }

    /** Activations of BitNet are not rounded to integers. */
    static final class UnroundedActivations implements Defect {
        @Override
        public Program program(Program program) {
            return ProgramCopy.of(
                    program,
                    (op, recorder) -> {
                        if (op instanceof Op.Linear o) {
                            recorder.linear(
                                    o.in(), o.weight(), o.bias(), Op.Activations.FLOAT, o.out());
                            return true;
                        }
                        return false;
                    });
        }
    }

    /** The scale of the scores is off in the second layer alone. */
    static final class WrongScale implements Defect {
        @Override
        public Program program(Program program) {
            return ProgramCopy.of(
                    program,
                    (op, recorder) -> {
                        if (op instanceof Op.Attention o && o.layer() == 1) {
                            float scale = o.scale() * 1.01f;
                            recorder.attention(
                                    o.layer(), o.query(), o.key(), o.value(), scale, o.out());
                            return true;
                        }
                        return false;
                    });
        }
    }

    /** A NaN in one row spreads to all others. */
    static final class LeakedNan implements Defect {
        @Override
        public float[] output(float[] output) {
            boolean any = false;
            for (float value : output) {
                any |= Float.isNaN(value);
            }
            if (any) {
                Arrays.fill(output, Float.NaN);
            }
            return output;
        }
    }

    /** NaN comes out as zero. */
    static final class HiddenNan implements Defect {
        @Override
        public float[] output(float[] output) {
            for (int i = 0; i < output.length; i++) {
                output[i] = Float.isNaN(output[i]) ? 0 : output[i];
            }
            return output;
        }
    }
}
