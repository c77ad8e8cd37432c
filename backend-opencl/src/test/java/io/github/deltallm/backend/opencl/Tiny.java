package io.github.deltallm.backend.opencl;

import static io.github.deltallm.api.spi.Op.Activations.INT8_ROW;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;
import io.github.deltallm.testsupport.WindowStrategy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Random;

/** Small programs. */
final class Tiny {
    static final int WIDTH = 64;

    /** Keeps everything exactly, as f32. */
    static final AttentionStrategy DENSE =
            WindowStrategy.all(new Encoding.Exact(Encoding.Store.F32));

    private Tiny() {}

    /** Adds two inputs. */
    static Program add() {
        Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, 2));
        Value left = recorder.input("left", WIDTH);
        Value right = recorder.input("right", WIDTH);
        Value out = recorder.value("out", WIDTH);
        return recorder.add(left, right, out).output(out).program();
    }

    /** Every operation: a layer of a transformer with random weights, 50 tokens and logits. */
    static Program transformer() {
        HeadShape heads = new HeadShape(1, 4, 2, 16);
        Program.Recorder recorder = Program.record(heads);
        Value stream = recorder.value("stream", WIDTH);
        Value normed = recorder.value("normed", WIDTH);
        Value query = recorder.value("query", heads.queryWidth());
        Value key = recorder.value("key", heads.kvWidth());
        Value value = recorder.value("value", heads.kvWidth());
        Value mixed = recorder.value("mixed", WIDTH);
        Tensor embedding = random("embedding", 50, WIDTH);
        Tensor ones = random("norm", 1, WIDTH);
        return recorder.embed(embedding, stream)
                .rmsNorm(stream, ones, 1e-5f, normed)
                .linear(normed, random("q", heads.queryWidth(), WIDTH), query)
                .linear(normed, random("k", heads.kvWidth(), WIDTH), key)
                .linear(normed, random("v", heads.kvWidth(), WIDTH), value)
                .attention(0, query, key, value, 0.25f, mixed)
                .add(stream, mixed, stream)
                .logits(stream, embedding)
                .program();
    }

    /**
     * Norm, then two ternary layers of a group: the second one has a scale that is no number, which
     * shows only when it is compiled.
     */
    static Program damagedTernary() {
        int columns = 256;
        Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, 2));
        Value in = recorder.input("in", columns);
        Value normed = recorder.value("normed", columns);
        Value first = recorder.value("first", 2);
        Value second = recorder.value("second", 2);
        return recorder.rmsNorm(in, random("norm", 1, columns), 1e-5f, normed)
                .linear(normed, ternary("sound", 1), Optional.empty(), INT8_ROW, first)
                .linear(normed, ternary("damaged", Float.NaN), Optional.empty(), INT8_ROW, second)
                .output(first)
                .program();
    }

    /** Two rows of 256 values, all -1, times a scale. */
    private static Tensor ternary(String name, float scale) {
        int block = TensorType.TQ2_0.blockBytes();
        MemorySegment data = Arena.ofAuto().allocate(2L * block, 64);
        for (int row = 0; row < 2; row++) {
            data.set(
                    ValueLayout.JAVA_SHORT_UNALIGNED,
                    (long) row * block + 64,
                    Float.floatToFloat16(scale));
        }
        return new Tensor(name, TensorType.TQ2_0, 2, 256, data);
    }

    private static Tensor random(String name, int rows, int columns) {
        Random random = new Random(name.hashCode());
        MemorySegment data = Arena.ofAuto().allocate(4L * rows * columns, 64);
        for (int i = 0; i < rows * columns; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return new Tensor(name, TensorType.F32, rows, columns, data);
    }
}
