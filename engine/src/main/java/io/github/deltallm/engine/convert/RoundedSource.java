package io.github.deltallm.engine.convert;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Tensor;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A tensor of floating-point weights, made ternary as BitNet b1.58 defines it (arXiv 2402.17764):
 * {@code scale = mean |w|} over the tensor, {@code round_half_even(w / scale)} clipped to [-1, 1].
 *
 * <p>Where all weights but the zeros have the same magnitude, they are ternary already; that
 * magnitude is then the scale, so that nothing is lost.
 */
final class RoundedSource implements TernarySource {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String file;
    private final Tensor tensor;
    private final float factor;
    private final boolean exact;
    private final float scale;
    private long lastFrom;

    /**
     * Reads the whole tensor once.
     *
     * @param file for messages
     * @param factor what the scale is multiplied by
     * @throws ModelFormatException if a weight is not finite
     */
    RoundedSource(String file, Tensor tensor, float factor) {
        this.file = file;
        this.tensor = tensor;
        this.factor = factor;
        float magnitude = 0;
        boolean same = true;
        double sum = 0;
        for (long i = 0; i < tensor.size(); i++) {
            float weight = finite(i);
            float size = Math.abs(weight);
            magnitude = magnitude == 0 ? size : magnitude;
            same &= size == magnitude || size == 0;
            sum += size;
        }
        exact = same;
        scale = same ? magnitude : (float) (sum / tensor.size());
        if (!Float.isFinite(scale())) {
            throw new ModelFormatException(
                    file + ": tensor " + tensor.name() + ": its scale is " + scale());
        }
    }

    private float finite(long i) {
        float weight = weight(i);
        if (!Float.isFinite(weight)) {
            throw new ModelFormatException(
                    file
                            + ": tensor "
                            + tensor.name()
                            + ": weight "
                            + i % tensor.columns()
                            + " of row "
                            + i / tensor.columns()
                            + " is "
                            + weight
                            + ", which has no ternary value");
        }
        return weight;
    }

    private float weight(long i) {
        return switch (tensor.type()) {
            case F32 -> tensor.data().getAtIndex(FLOAT, i);
            case F16 -> Float.float16ToFloat(tensor.data().getAtIndex(SHORT, i));
            case BF16 -> Float.intBitsToFloat(tensor.data().getAtIndex(SHORT, i) << 16);
            default -> throw new IllegalStateException(tensor.type() + " is no type of floats");
        };
    }

    @Override
    public int blockSize() {
        return 1;
    }

    @Override
    public float read(long from, int count, byte[] trits) {
        lastFrom = from;
        for (int i = 0; i < count; i++) {
            float rounded = scale == 0 ? 0 : (float) Math.rint(weight(from + i) / scale);
            trits[i] = (byte) Math.clamp(rounded, -1f, 1f);
        }
        return scale();
    }

    @Override
    public float scale() {
        return scale * factor;
    }

    @Override
    public double error(int count, byte[] trits, float written) {
        double most = 0;
        for (int i = 0; i < count; i++) {
            double was = (double) weight(lastFrom + i) * factor;
            most = Math.max(most, Math.abs(was - (double) trits[i] * written));
        }
        return most;
    }

    @Override
    public boolean exact() {
        return exact;
    }
}
