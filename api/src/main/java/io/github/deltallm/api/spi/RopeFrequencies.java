package io.github.deltallm.api.spi;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The rotary frequencies of a model: {@code base^(-2i/d)}, divided by the linear scaling factor and
 * by Llama 3.1's factors where the file has them.
 */
final class RopeFrequencies {
    private static final ValueLayout.OfFloat F32 =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final ModelSource source;
    private final Metadata metadata;
    private final String prefix;
    private final int headDim;

    RopeFrequencies(ModelSource source, String prefix, int headDim) {
        this.source = source;
        this.metadata = source.metadata();
        this.prefix = prefix + "rope.";
        this.headDim = headDim;
    }

    double[] scaled() {
        int dimensions = metadata.intOr(prefix + "dimension_count", headDim, 2, headDim);
        if (dimensions % 2 != 0) {
            throw new ModelFormatException(
                    source.name() + ": " + prefix + "dimension_count is odd: " + dimensions);
        }
        double base = positive("freq_base").orElse(10_000.0);
        double[] frequencies = RotaryEmbedding.plainFrequencies(base, dimensions);
        double linear = linearFactor();
        Optional<Tensor> factors = source.optionalTensor("rope_freqs.weight", 1, dimensions / 2);
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] /= linear;
            if (factors.isPresent()) {
                frequencies[i] /= factor(factors.get(), i);
            }
        }
        return frequencies;
    }

    private double linearFactor() {
        String type = metadata.text(prefix + "scaling.type").orElse("linear");
        return switch (type) {
            case "none" -> 1;
            case "linear" ->
                    positive("scaling.factor").or(() -> positive("scale_linear")).orElse(1.0);
            default ->
                    throw new UnsupportedModelException(
                            source.name()
                                    + ": the rotary scaling '"
                                    + type
                                    + "' ("
                                    + prefix
                                    + "scaling.type) is not supported; none, linear and Llama 3.1's"
                                    + " rope_freqs are");
        };
    }

    private Optional<Double> positive(String key) {
        Optional<Double> value = metadata.real(prefix + key);
        value.ifPresent(number -> {
            if (!(number > 0 && Double.isFinite(number))) {
                throw new ModelFormatException(
                        source.name() + ": " + prefix + key + " is " + number + ", not positive");
            }
        });
        return value;
    }

    private double factor(Tensor factors, int pair) {
        if (factors.type() != TensorType.F32) {
            throw new ModelFormatException(
                    source.name()
                            + ": the tensor rope_freqs.weight is "
                            + factors.type()
                            + ", not F32");
        }
        float factor = factors.data().get(F32, 4L * pair);
        if (!(factor > 0 && Float.isFinite(factor))) {
            throw new ModelFormatException(
                    source.name()
                            + ": the tensor rope_freqs.weight holds "
                            + factor
                            + " at "
                            + pair);
        }
        return factor;
    }
}
