package io.github.deltallm.calibration;

import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Value;

import java.util.List;
import java.util.TreeMap;

/**
 * A model's program whose queries, keys and values stay readable after a run, a layer each: models
 * use the same activations again in every layer, so each layer's are copied, by adding zeros.
 *
 * @param program the program
 * @param queryZeros an input to be filled with zeros before every run
 * @param keyZeros another one
 * @param taps the copies, by layer
 */
record TappedProgram(Program program, Value queryZeros, Value keyZeros, List<Tap> taps) {

    /** What a layer's attention reads; scores are multiplied with {@code scale}. */
    record Tap(Value query, Value key, Value value, float scale) {}

    static TappedProgram of(Program model) {
        Program.Recorder recorder = Program.record(model.heads());
        // Made in the same order, they equal the model's own.
        model.values().forEach(value -> recorder.value(value.name(), value.width()));
        Value queryZeros = recorder.input("zeros of a query", model.heads().queryWidth());
        Value keyZeros = recorder.input("zeros of a key", model.heads().kvWidth());
        TreeMap<Integer, Tap> taps = new TreeMap<>();
        for (Op op : model.ops()) {
            if (op instanceof Op.Attention attention) {
                String layer = " of layer " + attention.layer();
                Value query = copy(recorder, attention.query(), queryZeros, "query" + layer);
                Value key = copy(recorder, attention.key(), keyZeros, "key" + layer);
                Value value = copy(recorder, attention.value(), keyZeros, "value" + layer);
                taps.put(attention.layer(), new Tap(query, key, value, attention.scale()));
            }
            again(recorder, op);
        }
        return new TappedProgram(
                recorder.program(), queryZeros, keyZeros, List.copyOf(taps.values()));
    }

    private static Value copy(Program.Recorder recorder, Value from, Value zeros, String name) {
        Value copy = recorder.value(name, from.width());
        recorder.add(from, zeros, copy);
        recorder.output(copy);
        return copy;
    }

    private static void again(Program.Recorder recorder, Op op) {
        switch (op) {
            case Op.Embed(var table, var out) -> recorder.embed(table, out);
            case Op.RmsNorm(var in, var weight, float epsilon, var out) ->
                    recorder.rmsNorm(in, weight, epsilon, out);
            case Op.Linear(var in, var weight, var bias, var activations, var out) ->
                    recorder.linear(in, weight, bias, activations, out);
            case Op.Rope(var data, int _, var embedding) -> recorder.rope(data, embedding);
            case Op.Attention(int layer, var query, var key, var value, float scale, var out) ->
                    recorder.attention(layer, query, key, value, scale, out);
            case Op.Gate(var gate, var up, var function, var out) ->
                    recorder.gate(gate, up, function, out);
            case Op.Add(var left, var right, var out) -> recorder.add(left, right, out);
            case Op.Logits(var in, var weight) -> recorder.logits(in, weight);
        }
    }
}
