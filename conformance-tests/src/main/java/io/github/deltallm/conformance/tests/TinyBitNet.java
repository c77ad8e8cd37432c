package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import java.util.Arrays;
import java.util.Optional;

/**
 * A seeded model of the BitNet b1.58 architecture that fits a test: two layers, 256 channels, 97
 * tokens.
 */
final class TinyBitNet {
    static final int VOCABULARY = 97;
    private static final HeadShape HEADS = new HeadShape(2, 4, 2, 64);
    private static final int WIDTH = 256;
    private static final int FEED_FORWARD = 512;
    private static final float EPSILON = 1e-5f;

    private final TensorType type;
    private final long seed;
    private final double part;
    private final long changes;

    private TinyBitNet(TensorType type, long seed, double part, long changes) {
        this.type = type;
        this.seed = seed;
        this.part = part;
        this.changes = changes;
    }

    /** Random ternary weights, the same in every type. */
    static TinyBitNet random(TensorType type, long seed) {
        return new TinyBitNet(type, seed, 0, 0);
    }

    /** The same model with embedding and norms changed by up to this part of themselves. */
    TinyBitNet perturbed(double by, long changed) {
        return new TinyBitNet(type, seed, by, changed);
    }

    /** The forward pass, as a BitNet's is recorded. */
    Program program() {
        Numbers numbers = new Numbers(seed);
        Numbers noise = new Numbers(changes);
        Program.Recorder recorder = Program.record(HEADS);
        Value x = recorder.value("x", WIDTH);
        Value h = recorder.value("h", WIDTH);
        Value q = recorder.value("q", HEADS.queryWidth());
        Value k = recorder.value("k", HEADS.kvWidth());
        Value v = recorder.value("v", HEADS.kvWidth());
        Value mixed = recorder.value("mixed", HEADS.queryWidth());
        Value gate = recorder.value("gate", FEED_FORWARD);
        Value up = recorder.value("up", FEED_FORWARD);
        RotaryEmbedding rope =
                new RotaryEmbedding(
                        RotaryEmbedding.Pairing.HALVES,
                        RotaryEmbedding.plainFrequencies(10_000, HEADS.headDim()));
        // Small, or the tied output would only tell the token that came in.
        float[] table = numbers.scaled(VOCABULARY * WIDTH, 0.25);
        Tensor embedding = changed(VOCABULARY, WIDTH, table, noise);
        recorder.embed(embedding, x);
        for (int layer = 0; layer < HEADS.layers(); layer++) {
            recorder.rmsNorm(x, norm(WIDTH, noise), EPSILON, h);
            ternary(recorder, h, numbers, q);
            ternary(recorder, h, numbers, k);
            ternary(recorder, h, numbers, v);
            recorder.rope(q, rope).rope(k, rope);
            recorder.attention(layer, q, k, v, 0.125f, mixed);
            recorder.rmsNorm(mixed, norm(WIDTH, noise), EPSILON, q);
            ternary(recorder, q, numbers, h);
            recorder.add(x, h, x);
            recorder.rmsNorm(x, norm(WIDTH, noise), EPSILON, h);
            ternary(recorder, h, numbers, gate);
            ternary(recorder, h, numbers, up);
            recorder.gate(gate, up, Op.GateFunction.SQUARED_RELU, gate);
            recorder.rmsNorm(gate, norm(FEED_FORWARD, noise), EPSILON, up);
            ternary(recorder, up, numbers, h);
            recorder.add(x, h, x);
        }
        recorder.rmsNorm(x, norm(WIDTH, noise), EPSILON, h);
        return recorder.logits(h, embedding).program();
    }

    private void ternary(Program.Recorder recorder, Value in, Numbers numbers, Value out) {
        int[] trits = new int[in.width() * out.width()];
        Arrays.setAll(trits, i -> numbers.below(3) - 1);
        float scale =
                Float.float16ToFloat(Float.floatToFloat16(1.4f / (float) Math.sqrt(in.width())));
        Tensor weight = Weights.packed(type, out.width(), in.width(), trits, scale);
        recorder.linear(in, weight, Optional.empty(), Op.Activations.INT8_ROW, out);
    }

    private Tensor norm(int width, Numbers noise) {
        float[] ones = new float[width];
        Arrays.fill(ones, 1);
        return changed(1, width, ones, noise);
    }

    private Tensor changed(int rows, int columns, float[] values, Numbers noise) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= (float) (1 + part * (noise.below(2001) - 1000) / 1000);
        }
        return Weights.f32("weight", rows, columns, values);
    }
}
