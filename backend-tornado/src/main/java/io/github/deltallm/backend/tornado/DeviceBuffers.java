package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

import java.util.ArrayList;
import java.util.List;

/** The host's side of all buffers of a {@link Machine}; TornadoVM knows a buffer by its object. */
final class DeviceBuffers {
    final IntArray control;
    final IntArray ops;
    final IntArray step;
    final IntArray places;
    final FloatArray floats;
    final FloatArray angles;
    final FloatArray values;
    final FloatArray pool;
    final IntArray words;
    final FloatArray scores;
    final IntArray counts;
    final FloatArray logits;
    final FloatArray stage;
    final IntArray wordStage;
    final IntArray codes;
    final List<ByteArray> slabs = new ArrayList<>();

    DeviceBuffers(BufferSizes sizes) {
        control = new IntArray(sizes.control());
        ops = new IntArray(sizes.ops());
        step = new IntArray(sizes.step());
        places = new IntArray(sizes.places());
        floats = new FloatArray(sizes.floats());
        angles = new FloatArray(sizes.angles());
        values = new FloatArray(sizes.values());
        pool = new FloatArray(sizes.pool());
        words = new IntArray(sizes.words());
        scores = new FloatArray(sizes.scores());
        counts = new IntArray(sizes.counts());
        logits = new FloatArray(sizes.logits());
        stage = new FloatArray(BufferSizes.STAGE + 1);
        wordStage = new IntArray(BufferSizes.STAGE + 1);
        codes = new IntArray(sizes.codes());
        for (int bytes : sizes.slabs()) {
            slabs.add(new ByteArray(bytes));
        }
    }

    /** What stays on the device from graph to graph. */
    Object[] persistent() {
        List<Object> all =
                new ArrayList<>(
                        List.of(
                                ops, step, places, floats, angles, values, pool, words, scores,
                                counts, codes));
        all.addAll(slabs);
        return all.toArray();
    }
}
