package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Defects of operations with ternary weights. */
final class TernaryDefects {
    private TernaryDefects() {}

    /** Weights are what {@code change} makes of them. */
    private static Program changed(Program program, Change change) {
        return ProgramCopy.of(
                program,
                (op, recorder) -> {
                    if (op instanceof Op.Linear o && o.weight().type().ternary()) {
                        MemorySegment data =
                                Arena.ofAuto()
                                        .allocate(o.weight().data().byteSize(), 64)
                                        .copyFrom(o.weight().data());
                        change.change(o.weight(), data);
                        Tensor weight =
                                new Tensor(
                                        o.weight().name(),
                                        o.weight().type(),
                                        o.weight().rows(),
                                        o.weight().columns(),
                                        data);
                        recorder.linear(o.in(), weight, o.bias(), o.activations(), o.out());
                        return true;
                    }
                    return false;
                });
    }

    /** Changes a tensor's bytes. */
    private interface Change {
        void change(Tensor weight, MemorySegment data);
    }

    /** The last output has the weights of the first. */
    static final class RepeatedRow implements Defect {
        @Override
        public Program program(Program program) {
            return changed(
                    program,
                    (weight, data) ->
                            MemorySegment.copy(
                                    data,
                                    0,
                                    data,
                                    (weight.rows() - 1) * weight.rowBytes(),
                                    weight.rowBytes()));
        }
    }

    /** Every block has the scale of the tensor's first. */
    static final class FirstScaleForAll implements Defect {
        @Override
        public Program program(Program program) {
            return changed(
                    program,
                    (weight, data) -> {
                        int block = weight.type().blockBytes();
                        for (long at = block; at + block <= data.byteSize(); at += block) {
                            MemorySegment.copy(data, block - 2, data, at + block - 2, 2);
                        }
                    });
        }
    }

    /** Scales of TQ1_0 are one step of an f16 off. */
    static final class NextScale implements Defect {
        @Override
        public Program program(Program program) {
            return changed(
                    program,
                    (weight, data) -> {
                        long block = weight.type().blockBytes();
                        for (long at = block - 2;
                                at < data.byteSize() && weight.type() == TensorType.TQ1_0;
                                at += block) {
                            byte low = data.get(ValueLayout.JAVA_BYTE, at);
                            data.set(ValueLayout.JAVA_BYTE, at, (byte) (low ^ 1));
                        }
                    });
        }
    }

    /** Sums are kept in 16 bits. */
    static final class ShortSums implements Defect {
        @Override
        public float[] output(float[] output) {
            for (int i = 0; i < output.length; i++) {
                output[i] = Math.clamp(output[i], Short.MIN_VALUE, Short.MAX_VALUE);
            }
            return output;
        }
    }

    /** Halves are rounded away from zero. */
    static final class HalvesAwayFromZero implements Defect {
        @Override
        public float[] input(float[] input) {
            float[] nudged = input.clone();
            for (int i = 0; i < input.length; i++) {
                if (Math.abs(input[i] % 1) == 0.5f) {
                    nudged[i] = input[i] > 0 ? Math.nextUp(input[i]) : Math.nextDown(input[i]);
                }
            }
            return nudged;
        }
    }

    /** A row of zeros is divided by its largest magnitude. */
    static final class ZeroByZero implements Defect {
        @Override
        public float[] output(float[] output) {
            for (int i = 0; i < output.length; i++) {
                output[i] = output[i] == 0 ? Float.NaN : output[i];
            }
            return output;
        }
    }

    /** BitNet's feed-forward layers are gated as Llama's are. */
    static final class OtherGate implements Defect {
        @Override
        public Program program(Program program) {
            return ProgramCopy.of(
                    program,
                    (op, recorder) -> {
                        if (op instanceof Op.Gate o) {
                            recorder.gate(o.gate(), o.up(), Op.GateFunction.SILU, o.out());
                            return true;
                        }
                        return false;
                    });
        }
    }
}
