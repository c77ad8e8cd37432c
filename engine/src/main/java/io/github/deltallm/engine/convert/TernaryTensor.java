package io.github.deltallm.engine.convert;

import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.gguf.TensorData;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.LongConsumer;

/** Encodes a tensor's weights as one of the ternary types, a few blocks at a time. */
final class TernaryTensor implements TensorData {
    /** Behind the values of I2_S: an f32 and padding. */
    private static final int TAIL_BYTES = 32;

    private final String place;
    private final TernarySource source;
    private final TritBlocks blocks;
    private final long size;
    private final LongConsumer progress;
    private double maxError;
    private double scaleError;

    /**
     * @param place the file and the tensor, for messages
     * @param size number of weights, a multiple of the type's block
     * @param progress is told how many weights are done since it was last told
     */
    TernaryTensor(
            String place, TernarySource source, TensorType type, long size, LongConsumer progress) {
        this.place = place;
        this.source = source;
        this.blocks = TritBlocks.of(type);
        this.size = size;
        this.progress = progress;
    }

    TernarySource source() {
        return source;
    }

    /** The largest difference between a weight and what was written for it. */
    double maxError() {
        return maxError;
    }

    /** The largest part of itself by which a scale was rounded. */
    double scaleError() {
        return scaleError;
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
        boolean one = blocks == TritBlocks.I2_S;
        float common = one ? source.scale() : 0;
        int run = Math.max(source.blockSize(), blocks.type().blockSize());
        byte[] trits = new byte[run];
        byte[] bytes = new byte[(int) blocks.type().rowBytes(run)];
        for (long from = 0; from < size; from += run) {
            float scale = source.read(from, run, trits);
            Arrays.fill(bytes, (byte) 0);
            float written = one ? common : f16(scale);
            encode(trits, bytes, written);
            out.write(bytes, 0, bytes.length);
            maxError = Math.max(maxError, source.error(run, trits, written));
            progress.accept(run);
        }
        if (one) {
            ByteBuffer tail = ByteBuffer.allocate(TAIL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            out.write(tail.putFloat(0, common).array());
        }
    }

    private void encode(byte[] trits, byte[] bytes, float scale) {
        int values = blocks.type().blockSize();
        int length = blocks.type().blockBytes();
        for (int block = 0; block < trits.length / values; block++) {
            for (int i = 0; i < values; i++) {
                blocks.put(bytes, block * length, i, trits[block * values + i] + 1);
            }
            blocks.finish(bytes, block * length);
            if (blocks != TritBlocks.I2_S) {
                ByteBuffer.wrap(bytes)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putShort((block + 1) * length - 2, Float.floatToFloat16(scale));
            }
        }
    }

    /** The nearest f16, if it is one that keeps the weights apart. */
    private float f16(float scale) {
        float rounded = Float.float16ToFloat(Float.floatToFloat16(scale));
        if (Float.isInfinite(rounded) || (rounded == 0 && scale != 0)) {
            throw new UnsupportedModelException(
                    place
                            + "its scale "
                            + scale
                            + " is too "
                            + (rounded == 0 ? "small" : "large")
                            + " for the f16 of "
                            + blocks.type()
                            + "; convert to I2_S, whose scale is an f32");
        }
        if (scale != 0) {
            scaleError = Math.max(scaleError, Math.abs(((double) rounded - scale) / scale));
        }
        return rounded;
    }
}
