package io.github.deltallm.models.bitnet;

import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.ModelSource;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.Value;

/** Records BitNet's linear layers and refuses those that are none. */
final class Projections {
    private final ModelSource source;
    private final Program.Recorder recorder;

    Projections(ModelSource source, Program.Recorder recorder) {
        this.source = source;
        this.recorder = recorder;
    }

    /**
     * Records {@code out = weight * in (+ bias)}.
     *
     * @param name the tensors' common name, such as {@code blk.0.attn_q}
     * @throws UnsupportedModelException if the weight is not ternary, or its scale a tensor of its
     *     own
     */
    void record(Value in, String name, Value out) {
        Tensor weight = source.requireTensor(name + ".weight", out.width(), in.width());
        if (!weight.type().ternary()) {
            throw new UnsupportedModelException(
                    source.name()
                            + ": the tensor "
                            + weight.name()
                            + " is "
                            + weight.type()
                            + ", but a BitNet model's projections must be I2_S, TQ1_0 or TQ2_0;"
                            + " 'deltallm convert IN OUT --type I2_S' makes them so from F16, BF16"
                            + " or F32");
        }
        if (source.tensor(name + ".scale").isPresent()) {
            throw new UnsupportedModelException(
                    source.name()
                            + ": the scale of "
                            + weight.name()
                            + " is a tensor of its own, "
                            + name
                            + ".scale, which is not supported; 'deltallm convert IN OUT --type"
                            + " I2_S' puts it into the weight");
        }
        recorder.linear(
                in,
                weight,
                source.optionalTensor(name + ".bias", 1, out.width()),
                Op.Activations.INT8_ROW,
                out);
    }
}
