package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A seeded model of the Llama architecture that fits a test: two layers, 64 channels, 97 tokens.
 */
final class TinyLlama {
    static final int VOCABULARY = 97;
    static final HeadShape HEADS = new HeadShape(2, 4, 2, 16);
    private static final int WIDTH = 64;
    private static final int FEED_FORWARD = 160;
    private static final List<String> MATRICES = List.of("q", "k", "v", "o", "gate", "up", "down");

    private final List<Tensor> tensors = new ArrayList<>();

    private TinyLlama() {}

    /** Random weights of one type; norms are f32. */
    static TinyLlama random(TensorType type, long seed) {
        Numbers numbers = new Numbers(seed);
        TinyLlama model = new TinyLlama();
        model.tensors.add(matrix(type, VOCABULARY, WIDTH, 1, numbers));
        for (int layer = 0; layer < HEADS.layers(); layer++) {
            for (String name : MATRICES) {
                int rows = rows(name);
                int columns = columns(name);
                double deviation = 1 / Math.sqrt(columns);
                model.tensors.add(matrix(type, rows, columns, deviation, numbers));
            }
        }
        return model;
    }

    /** The same model with every weight decoded and changed by up to this part of itself. */
    TinyLlama perturbed(double part, long seed, Function<Tensor, float[]> decode) {
        Numbers numbers = new Numbers(seed);
        TinyLlama model = new TinyLlama();
        for (Tensor tensor : tensors) {
            float[] values = decode.apply(tensor).clone();
            for (int i = 0; i < values.length; i++) {
                values[i] *= (float) (1 + part * (numbers.below(2001) - 1000) / 1000);
            }
            model.tensors.add(Weights.f32(tensor.name(), tensor.rows(), tensor.columns(), values));
        }
        return model;
    }

    private static Tensor matrix(
            TensorType type, int rows, int columns, double deviation, Numbers numbers) {
        return type == TensorType.F32
                ? Weights.f32("weight", rows, columns, numbers.scaled(rows * columns, deviation))
                : Weights.quantised(type, rows, columns, 3 * deviation, numbers).tensor();
    }

    private static int rows(String name) {
        return switch (name) {
            case "k", "v" -> HEADS.kvWidth();
            case "gate", "up" -> FEED_FORWARD;
            default -> WIDTH;
        };
    }

    private static int columns(String name) {
        return name.equals("down") ? FEED_FORWARD : WIDTH;
    }

    /** The forward pass, as a Llama's is recorded. */
    Program program() {
        Program.Recorder recorder = Program.record(HEADS);
        Value x = recorder.value("x", WIDTH);
        Value h = recorder.value("h", WIDTH);
        Value q = recorder.value("q", HEADS.queryWidth());
        Value k = recorder.value("k", HEADS.kvWidth());
        Value v = recorder.value("v", HEADS.kvWidth());
        Value mixed = recorder.value("mixed", HEADS.queryWidth());
        Value gate = recorder.value("gate", FEED_FORWARD);
        Value up = recorder.value("up", FEED_FORWARD);
        Tensor norm = Weights.f32("norm", 1, WIDTH, ones());
        RotaryEmbedding rope =
                new RotaryEmbedding(
                        RotaryEmbedding.Pairing.INTERLEAVED,
                        RotaryEmbedding.plainFrequencies(10_000, HEADS.headDim()));
        recorder.embed(tensors.getFirst(), x);
        for (int layer = 0; layer < HEADS.layers(); layer++) {
            recorder.rmsNorm(x, norm, 1e-5f, h);
            recorder.linear(h, matrix(layer, "q"), q);
            recorder.linear(h, matrix(layer, "k"), k);
            recorder.linear(h, matrix(layer, "v"), v);
            recorder.rope(q, rope).rope(k, rope);
            recorder.attention(layer, q, k, v, 0.25f, mixed);
            recorder.linear(mixed, matrix(layer, "o"), h).add(x, h, x);
            recorder.rmsNorm(x, norm, 1e-5f, h);
            recorder.linear(h, matrix(layer, "gate"), gate);
            recorder.linear(h, matrix(layer, "up"), up);
            recorder.gate(gate, up, Op.GateFunction.SILU, gate);
            recorder.linear(gate, matrix(layer, "down"), h).add(x, h, x);
        }
        return recorder.rmsNorm(x, norm, 1e-5f, h).logits(h, tensors.getFirst()).program();
    }

    private Tensor matrix(int layer, String name) {
        return tensors.get(1 + layer * MATRICES.size() + MATRICES.indexOf(name));
    }

    private static float[] ones() {
        float[] ones = new float[WIDTH];
        Arrays.fill(ones, 1);
        return ones;
    }
}
