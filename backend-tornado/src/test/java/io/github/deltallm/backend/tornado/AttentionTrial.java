package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Value;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A program of layers that attend to what is written, and rows to write. */
final class AttentionTrial {
    static final HeadShape HEADS = new HeadShape(2, 2, 1, 32);

    /** A row of it has 2048 floats of keys and values: 128 of them fill a first machine. */
    static final HeadShape WIDE = new HeadShape(2, 2, 2, 256);

    private AttentionTrial() {}

    static TornadoDevice device() {
        TornadoSettings.apply();
        return TornadoDevice.all().getFirst();
    }

    static Program program(HeadShape heads) {
        Program.Recorder recorder = Program.record(heads);
        for (int layer = 0; layer < heads.layers(); layer++) {
            Value query = recorder.input("query" + layer, heads.queryWidth());
            Value key = recorder.input("key" + layer, heads.kvWidth());
            Value value = recorder.input("value" + layer, heads.kvWidth());
            Value out = recorder.value("out" + layer, heads.queryWidth());
            recorder.attention(layer, query, key, value, 0.2f, out).output(out);
        }
        return recorder.program();
    }

    /**
     * Appends rows that change little from one to the next.
     *
     * @return the outputs of each chunk, value after value
     */
    static List<float[]> feed(Executable executable, KvCache cache, int rows, int chunk) {
        List<float[]> outputs = new ArrayList<>();
        Random random = new Random(cache.length());
        for (int done = 0; done < rows; done += chunk) {
            int count = Math.min(chunk, rows - done);
            for (Value input : executable.program().inputs()) {
                float[] data = new float[count * input.width()];
                for (int i = 0; i < data.length; i++) {
                    float before = i < input.width() ? 0 : data[i - input.width()];
                    data[i] = before + 0.2f * (float) random.nextGaussian();
                }
                executable.write(input, count, data);
            }
            executable.run(
                    new Step().add(cache, new int[count], 0, count, Step.Logits.NONE),
                    (row, logits) -> {});
            for (Value output : executable.program().outputs()) {
                outputs.add(executable.read(output, count));
            }
        }
        return outputs;
    }
}
