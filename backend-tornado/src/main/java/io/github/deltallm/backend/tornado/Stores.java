package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * How exact rows are kept: f32 among the floats; two bf16 a word; four int8 or eight int4 a word,
 * as whole numbers above the least one, with the step of each row among the floats.
 */
final class Stores {
    private Stores() {}

    /** The {@code index}-th bf16 of a row that begins at a word. */
    static float half(IntArray words, FloatArray floats, int row, int index) {
        int word = words.get(row + index / 2);
        return Floats.ofBf16(word >> 16 * (index % 2) & 65535, floats);
    }

    /** The {@code index}-th number of steps of a row, 4 or 8 a word. */
    static float steps(IntArray words, int row, int index, int most) {
        int per = 4 + 4 * (7 / Math.max(7, most));
        int bits = 32 / per;
        int word = words.get(row + index / per);
        float above = word >> bits * (index % per) & 2 * most + 1;
        return above - most;
    }

    /** A channel of the exact row of a position. */
    static float get(
            IntArray step,
            IntArray places,
            FloatArray floats,
            FloatArray pool,
            IntArray words,
            int span,
            int stream,
            int position,
            int channel) {
        int of = StepTable.streamAt(step, span, stream);
        int at = Places.exact(step, places, span, stream, position);
        int row = position % Places.BLOCK;
        int inFloats = places.get(at);
        int inWords = places.get(at + 1) + row * step.get(of + StepTable.ROW_WORDS);
        float x = 0;
        for (int k = 0; k < step.get(of + StepTable.STORE_F32); k++) {
            x = pool.get(inFloats + row * step.get(StepTable.DIM) + channel);
        }
        for (int k = 0; k < step.get(of + StepTable.STORE_BF16); k++) {
            x = half(words, floats, inWords, channel);
        }
        for (int k = 0; k < step.get(of + StepTable.STORE_STEPS); k++) {
            int most = step.get(of + StepTable.MOST_STEPS);
            x = pool.get(inFloats + row) * steps(words, inWords, channel, most);
        }
        return x;
    }

    /**
     * Keeps a row of {@code from} that begins at {@code first}, if it is kept as f32 or bf16. (Two
     * methods, since TornadoVM inlines no larger ones.)
     */
    static void put(
            IntArray step,
            IntArray places,
            FloatArray floats,
            FloatArray from,
            FloatArray pool,
            IntArray words,
            int span,
            int stream,
            int position,
            int first) {
        int dim = step.get(StepTable.DIM);
        int of = StepTable.streamAt(step, span, stream);
        int at = Places.exact(step, places, span, stream, position);
        int row = position % Places.BLOCK;
        int rowWords = step.get(of + StepTable.ROW_WORDS);
        int inFloats = places.get(at);
        int inWords = places.get(at + 1) + row * rowWords;
        int plain = step.get(of + StepTable.STORE_F32) * dim;
        for (int c = 0; c < plain; c++) {
            pool.set(inFloats + row * dim + c, from.get(first + c));
        }
        int halved = step.get(of + StepTable.STORE_BF16) * rowWords;
        for (int w = 0; w < halved; w++) {
            int word = 0;
            for (int c = 2 * w; c < Math.min(dim, 2 * w + 2); c++) {
                word = word | Floats.bf16Bits(from.get(first + c), floats) << 16 * (c % 2);
            }
            words.set(inWords + w, word);
        }
    }

    /**
     * Puts the size of the steps of a row of {@code from} that begins at {@code first}, if it is
     * kept as whole steps.
     */
    static void putSize(
            IntArray step,
            IntArray places,
            FloatArray floats,
            FloatArray from,
            FloatArray pool,
            int span,
            int stream,
            int position,
            int first) {
        int dim = step.get(StepTable.DIM);
        int of = StepTable.streamAt(step, span, stream);
        int stepped = step.get(of + StepTable.STORE_STEPS);
        int most = Math.max(7, step.get(of + StepTable.MOST_STEPS));
        float largest = 0;
        int bad = 0;
        for (int c = 0; c < stepped * dim; c++) {
            float x = from.get(first + c);
            largest = Math.max(largest, Math.abs(x));
            bad += x - x == 0 ? 0 : 1;
        }
        float size = Floats.stepSize(largest, most, floats);
        int at = places.get(Places.exact(step, places, span, stream, position));
        for (int k = 0; k < stepped; k++) {
            // One number that isn't finite makes the row NaN: nothing else could be told of it.
            float told = size + floats.get(FloatTables.MARKS + 1 - Math.min(1, bad));
            pool.set(at + position % Places.BLOCK, told);
        }
    }

    /** Rounds a row to steps of the size that {@link #putSize} has put, if it is kept so. */
    static void putSteps(
            IntArray step,
            IntArray places,
            FloatArray from,
            FloatArray pool,
            IntArray words,
            int span,
            int stream,
            int position,
            int first) {
        int dim = step.get(StepTable.DIM);
        int of = StepTable.streamAt(step, span, stream);
        int at = Places.exact(step, places, span, stream, position);
        int row = position % Places.BLOCK;
        int stepped = step.get(of + StepTable.STORE_STEPS);
        int rowWords = step.get(of + StepTable.ROW_WORDS) * stepped;
        int inWords = places.get(at + 1) + row * rowWords;
        int most = Math.max(7, step.get(of + StepTable.MOST_STEPS));
        int per = 4 + 4 * (7 / most);
        float size = 1;
        for (int k = 0; k < stepped; k++) {
            size = pool.get(places.get(at) + row);
        }
        for (int w = 0; w < rowWords; w++) {
            int word = 0;
            for (int c = per * w; c < Math.min(dim, per * w + per); c++) {
                float steps = Floats.rounded(Floats.quotient(from.get(first + c), size));
                int above = (int) (Floats.clamped(steps, -most, most) + most);
                word = word | above << 32 / per * (c % per);
            }
            words.set(inWords + w, word);
        }
    }
}
