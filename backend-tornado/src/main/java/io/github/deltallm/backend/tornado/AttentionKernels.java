package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Attention: scores, softmax and mix, each for all rows and query heads of a layer.
 *
 * <p>A query is a row and a head: number {@code row * heads + head}. {@link Control} has which
 * queries are computed, as many as there is room for. Scores lie at {@code index * SCORES +
 * position}, the index counted from the first of them. Where a middle is encoded they are prefix
 * sums over the events, beginning anew with each reference. What a run needs is in the bounds of
 * loops, see {@link EncodeKernels}.
 */
public final class AttentionKernels {
    private AttentionKernels() {}

    /**
     * {@code scale * q . k}; a thread goes through the positions of one block for one query. Keys
     * that are encoded and packed are left to {@link #attendPacked}.
     */
    public static void attendScores(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            IntArray step,
            IntArray places,
            FloatArray floats,
            FloatArray values,
            FloatArray pool,
            IntArray words,
            FloatArray scores) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int heads = step.get(StepTable.HEADS);
        int blocks = step.get(StepTable.BLOCKS);
        if (i < control.get(Control.QUERIES) * blocks) {
            int at = OpTable.at(control, op);
            int index = i / blocks;
            int query = control.get(Control.QUERY) + index;
            int block = i - index * blocks;
            int row = query / heads;
            int head = query - row * heads;
            int dim = step.get(StepTable.DIM);
            int kvHead = head / (heads / step.get(StepTable.KV_HEADS));
            int span = StepTable.span(step, row);
            int stream = StepTable.stream(step, ops.get(at + OpTable.LAYER), kvHead, 0);
            int of = StepTable.streamAt(step, span, stream);
            int position = StepTable.position(step, row);
            int run = StepTable.run(step, stream / 2, row);
            int middle = step.get(run + StepTable.MIDDLE);
            int recent = step.get(run + StepTable.RECENT);
            int encoded = step.get(run + StepTable.KEYS_ENCODED);
            int pruned = step.get(run + StepTable.KEYS_PRUNED);
            int whole = step.get(run + StepTable.KEYS_EXACT);
            float scale = floats.get(ops.get(at + OpTable.CONSTANT));
            int q = ops.get(at + OpTable.IN) + query * dim;
            int out = index * step.get(StepTable.SCORES);
            int first = block * Places.BLOCK;
            int end = Math.min(first + Places.BLOCK, position + 1);
            int list = Places.of(step, places, span, stream, Places.EVENTS) + 2 * block;
            int packed = Places.of(step, places, span, stream, Places.PACKED);
            // Sums go on from key to key, from the block's first one on; sinks are written over
            // below. An open block is one that is not packed.
            int any = Math.min(1, Math.max(0, encoded - middle));
            int openHere = Math.min(1, Math.max(0, block + 1 - packed));
            int summed = Math.max(first, Math.min(end, encoded) * any * openHere);
            float sum = 0;
            for (int k = 0; k < Math.min(1, summed - first); k++) {
                int open = places.get(list);
                for (int c = 0; c < dim; c++) {
                    sum += values.get(q + c) * pool.get(open + c);
                }
                for (int j = first; j < summed; j++) {
                    int events = open + (1 + j - first) * dim;
                    for (int c = 0; c < dim; c++) {
                        float event = pool.get(events + c);
                        sum += event == event ? values.get(q + c) * event : 0;
                    }
                    scores.set(out + j, scale * sum);
                }
            }
            int plain = step.get(of + StepTable.STORE_F32) * dim;
            int halved = step.get(of + StepTable.STORE_BF16) * dim;
            int stepped = step.get(of + StepTable.STORE_STEPS) * dim;
            int most = step.get(of + StepTable.MOST_STEPS);
            int rowWords = step.get(of + StepTable.ROW_WORDS);
            // Rows of other spans may see more blocks than this one has.
            int exact = Places.exact(step, places, span, stream, Math.min(first, position));
            int inFloats = places.get(exact);
            int inWords = places.get(exact + 1);
            int rule = Places.of(step, places, span, stream, Places.RULE);
            for (int j = first; j < end; j++) {
                int sink = Math.min(1, Math.max(0, middle - j));
                int late = Math.min(1, Math.max(0, j + 1 - recent));
                int inExact = Math.min(1, Math.max(0, whole - j));
                int inPruned = Math.min(1, Math.max(0, pruned - j)) * (1 - sink);
                int seen = Math.min(1, sink + late + inExact + inPruned);
                int key = inFloats + (j - first) * dim;
                int keyWords = inWords + (j - first) * rowWords;
                float total = 0;
                for (int c = 0; c < plain * seen; c++) {
                    float x = pool.get(key + c);
                    for (int k = 0; k < inPruned; k++) {
                        x = x * (Math.abs(x) > pool.get(rule + c) ? 1 : 0);
                    }
                    total += values.get(q + c) * x;
                }
                for (int c = 0; c < halved * seen; c++) {
                    float x = Stores.half(words, floats, keyWords, c);
                    for (int k = 0; k < inPruned; k++) {
                        x = x * (Math.abs(x) > pool.get(rule + c) ? 1 : 0);
                    }
                    total += values.get(q + c) * x;
                }
                for (int c = 0; c < stepped * seen; c++) {
                    float size = pool.get(inFloats + j - first);
                    float x = size * Stores.steps(words, keyWords, c, most);
                    for (int k = 0; k < inPruned; k++) {
                        x = x * (Math.abs(x) > pool.get(rule + c) ? 1 : 0);
                    }
                    total += values.get(q + c) * x;
                }
                for (int k = 0; k < seen; k++) {
                    scores.set(out + j, scale * total);
                }
            }
        }
    }

    /**
     * The scores of keys that are encoded and packed; a thread goes through the positions from one
     * reference to the next for one query.
     */
    public static void attendPacked(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            IntArray step,
            IntArray places,
            FloatArray floats,
            FloatArray values,
            FloatArray pool,
            IntArray words,
            FloatArray scores) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int heads = step.get(StepTable.HEADS);
        int parts = (step.get(StepTable.BLOCKS) + Places.ANCHORED - 1) / Places.ANCHORED;
        if (i < control.get(Control.QUERIES) * parts) {
            int at = OpTable.at(control, op);
            int index = i / parts;
            int query = control.get(Control.QUERY) + index;
            int part = i - index * parts;
            int row = query / heads;
            int head = query - row * heads;
            int dim = step.get(StepTable.DIM);
            int perRow = (dim + 31) / 32;
            int kvHead = head / (heads / step.get(StepTable.KV_HEADS));
            int span = StepTable.span(step, row);
            int stream = StepTable.stream(step, ops.get(at + OpTable.LAYER), kvHead, 0);
            int of = StepTable.streamAt(step, span, stream);
            int run = StepTable.run(step, stream / 2, row);
            int middle = step.get(run + StepTable.MIDDLE);
            int encoded = step.get(run + StepTable.KEYS_ENCODED);
            float scale = floats.get(ops.get(at + OpTable.CONSTANT));
            int q = ops.get(at + OpTable.IN) + query * dim;
            int out = index * step.get(StepTable.SCORES);
            int list = Places.of(step, places, span, stream, Places.EVENTS);
            int packed = Places.of(step, places, span, stream, Places.PACKED);
            int steps = Places.of(step, places, span, stream, Places.RULE) + dim;
            int f32 = step.get(of + StepTable.EVENTS_F32);
            int bf16 = step.get(of + StepTable.EVENTS_BF16);
            int int8 = step.get(of + StepTable.EVENTS_INT8);
            int first = part * Places.ANCHORED * Places.BLOCK;
            int any = Math.min(1, Math.max(0, encoded - middle));
            int seen = Math.min(encoded * any, packed * Places.BLOCK);
            int end = Math.max(first, Math.min(first + Places.ANCHORED * Places.BLOCK, seen));
            float sum = 0;
            for (int k = 0; k < Math.min(1, end - first); k++) {
                int reference = places.get(list + 2 * (first / Places.BLOCK));
                for (int c = 0; c < dim; c++) {
                    sum += values.get(q + c) * pool.get(reference + c);
                }
            }
            int count = 0;
            for (int j = first; j < end; j++) {
                int block = j / Places.BLOCK;
                int slot = j - block * Places.BLOCK;
                int masks = places.get(list + 2 * block + 1);
                int inFloats = places.get(list + 2 * block) + PackKernels.floatsAt(block, dim);
                int events = masks + Places.BLOCK * perRow;
                count = count * Math.min(1, slot);
                for (int m = 0; m < perRow; m++) {
                    int mask = words.get(masks + slot * perRow + m);
                    for (int bit = 0; bit < Math.min(32, dim - 32 * m); bit++) {
                        int there = mask >> bit & 1;
                        int c = 32 * m + bit;
                        for (int k = 0; k < there * f32; k++) {
                            sum += values.get(q + c) * pool.get(inFloats + count);
                        }
                        for (int k = 0; k < there * bf16; k++) {
                            sum += values.get(q + c) * Stores.half(words, floats, events, count);
                        }
                        for (int k = 0; k < there * int8; k++) {
                            float event =
                                    pool.get(steps + c) * Stores.steps(words, events, count, 127);
                            sum += values.get(q + c) * event;
                        }
                        count = count + there;
                    }
                }
                for (int k = 0; k < Math.min(1, Math.max(0, j + 1 - middle)); k++) {
                    scores.set(out + j, scale * sum);
                }
            }
        }
    }

    /** Turns the scores of one query into weights, in one thread; NaN among them gives NaN. */
    public static void attendSoftmax(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            IntArray step,
            FloatArray floats,
            FloatArray scores) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int heads = step.get(StepTable.HEADS);
        if (i < control.get(Control.QUERIES)) {
            int at = OpTable.at(control, op);
            int query = control.get(Control.QUERY) + i;
            int row = query / heads;
            int head = query - row * heads;
            int kvHead = head / (heads / step.get(StepTable.KV_HEADS));
            int stream = StepTable.stream(step, ops.get(at + OpTable.LAYER), kvHead, 0);
            int position = StepTable.position(step, row);
            int run = StepTable.run(step, stream / 2, row);
            int gap = step.get(run + StepTable.MIDDLE);
            int next = step.get(run + StepTable.RESUMED);
            int out = i * step.get(StepTable.SCORES);
            float largest = -floats.get(FloatTables.INFINITY);
            for (int j = 0; j < gap; j++) {
                largest = Math.max(largest, scores.get(out + j));
            }
            for (int j = next; j <= position; j++) {
                largest = Math.max(largest, scores.get(out + j));
            }
            float total = 0;
            for (int j = 0; j < gap; j++) {
                float weight = TornadoMath.exp(scores.get(out + j) - largest);
                scores.set(out + j, weight);
                total = total + weight;
            }
            for (int j = next; j <= position; j++) {
                float weight = TornadoMath.exp(scores.get(out + j) - largest);
                scores.set(out + j, weight);
                total = total + weight;
            }
            for (int j = 0; j < gap; j++) {
                scores.set(out + j, scores.get(out + j) / total);
            }
            for (int j = next; j <= position; j++) {
                scores.set(out + j, scores.get(out + j) / total);
            }
        }
    }

    /**
     * Sums the values, weighted; a thread sums one channel of one query. An encoded middle is
     * rebuilt from its events on the way, from the last reference before it.
     */
    public static void attendMix(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            IntArray step,
            IntArray places,
            FloatArray floats,
            FloatArray values,
            FloatArray pool,
            IntArray words,
            FloatArray scores) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int heads = step.get(StepTable.HEADS);
        int dim = step.get(StepTable.DIM);
        if (i < control.get(Control.QUERIES) * dim) {
            int at = OpTable.at(control, op);
            int index = i / dim;
            int query = control.get(Control.QUERY) + index;
            int channel = i - index * dim;
            int row = query / heads;
            int head = query - row * heads;
            int kvHead = head / (heads / step.get(StepTable.KV_HEADS));
            int stream = StepTable.stream(step, ops.get(at + OpTable.LAYER), kvHead, 1);
            int span = StepTable.span(step, row);
            int of = StepTable.streamAt(step, span, stream);
            int run = StepTable.run(step, stream / 2, row);
            int middle = step.get(run + StepTable.MIDDLE);
            int weights = index * step.get(StepTable.SCORES);
            int encoded = step.get(run + StepTable.VALUES_ENCODED);
            int list = Places.of(step, places, span, stream, Places.EVENTS);
            int packed = Places.of(step, places, span, stream, Places.PACKED) * Places.BLOCK;
            int steps = Places.of(step, places, span, stream, Places.RULE) + dim + channel;
            int f32 = step.get(of + StepTable.EVENTS_F32);
            int bf16 = step.get(of + StepTable.EVENTS_BF16);
            int int8 = step.get(of + StepTable.EVENTS_INT8);
            int any = Math.min(1, Math.max(0, encoded - middle));
            int from = middle / (Places.ANCHORED * Places.BLOCK) * (Places.ANCHORED * Places.BLOCK);
            int groups = (dim + 7) / 8;
            float sum = 0;
            float reference = 0;
            for (int k = 0; k < any; k++) {
                reference = pool.get(places.get(list + 2 * (from / Places.BLOCK)) + channel);
            }
            int count = 0;
            int mask = 0;
            for (int j = from; j < Math.min(encoded, packed) * any; j++) {
                int block = j / Places.BLOCK;
                int slot = j - block * Places.BLOCK;
                int inWords = places.get(list + 2 * block + 1);
                int inFloats = places.get(list + 2 * block) + PackKernels.floatsAt(block, dim);
                int events = inWords + groups + dim;
                for (int k = 0; k < 1 - Math.min(1, slot); k++) {
                    mask = words.get(inWords + groups + channel);
                    count = words.get(inWords + channel / 8);
                    for (int before = channel / 8 * 8; before < channel; before++) {
                        count = count + Integer.bitCount(words.get(inWords + groups + before));
                    }
                }
                int there = mask >> slot & 1;
                for (int k = 0; k < there * f32; k++) {
                    reference = reference + pool.get(inFloats + count);
                }
                for (int k = 0; k < there * bf16; k++) {
                    reference = reference + Stores.half(words, floats, events, count);
                }
                for (int k = 0; k < there * int8; k++) {
                    float event = pool.get(steps) * Stores.steps(words, events, count, 127);
                    reference = reference + Floats.clamped(event, -3.4028235e38f, 3.4028235e38f);
                }
                count = count + there;
                for (int k = 0; k < Math.min(1, Math.max(0, j + 1 - middle)); k++) {
                    sum += scores.get(weights + j) * reference;
                }
            }
            for (int j = Math.max(from, packed); j < encoded * any; j++) {
                int open = places.get(list + 2 * (j / Places.BLOCK)) + channel;
                float event = pool.get(open + (1 + j % Places.BLOCK) * dim);
                reference = event == event ? reference + event : reference;
                for (int k = 0; k < Math.min(1, Math.max(0, j + 1 - middle)); k++) {
                    sum += scores.get(weights + j) * reference;
                }
            }
            sum +=
                    exactMix(
                            step,
                            places,
                            floats,
                            pool,
                            words,
                            scores,
                            of,
                            run,
                            Places.of(step, places, span, stream, Places.EXACT),
                            StepTable.position(step, row),
                            Places.of(step, places, span, stream, Places.RULE) + channel,
                            weights,
                            channel);
            values.set(ops.get(at + OpTable.OUT) + query * dim + channel, sum);
        }
    }

    /** What sinks, window and a middle that isn't encoded give of a channel. */
    private static float exactMix(
            IntArray step,
            IntArray places,
            FloatArray floats,
            FloatArray pool,
            IntArray words,
            FloatArray scores,
            int of,
            int run,
            int list,
            int position,
            int rule,
            int weights,
            int channel) {
        int dim = step.get(StepTable.DIM);
        int middle = step.get(run + StepTable.MIDDLE);
        int recent = step.get(run + StepTable.RECENT);
        int whole = step.get(run + StepTable.VALUES_EXACT);
        int pruned = step.get(run + StepTable.VALUES_PRUNED);
        float sum = 0;
        int plain = step.get(of + StepTable.STORE_F32);
        int halved = step.get(of + StepTable.STORE_BF16);
        int stepped = step.get(of + StepTable.STORE_STEPS);
        int most = step.get(of + StepTable.MOST_STEPS);
        int rowWords = step.get(of + StepTable.ROW_WORDS);
        for (int j = 0; j <= position; j++) {
            int sink = Math.min(1, Math.max(0, middle - j));
            int late = Math.min(1, Math.max(0, j + 1 - recent));
            int inExact = Math.min(1, Math.max(0, whole - j));
            int inPruned = Math.min(1, Math.max(0, pruned - j)) * (1 - sink);
            int seen = Math.min(1, sink + late + inExact + inPruned);
            int block = j / Places.BLOCK;
            int slot = j - block * Places.BLOCK;
            int inFloats = places.get(list + 2 * block);
            int inWords = places.get(list + 2 * block + 1) + slot * rowWords;
            float x = 0;
            for (int k = 0; k < plain * seen; k++) {
                x = pool.get(inFloats + slot * dim + channel);
            }
            for (int k = 0; k < halved * seen; k++) {
                x = Stores.half(words, floats, inWords, channel);
            }
            for (int k = 0; k < stepped * seen; k++) {
                x = pool.get(inFloats + slot) * Stores.steps(words, inWords, channel, most);
            }
            for (int k = 0; k < inPruned; k++) {
                x = x * (Math.abs(x) > pool.get(rule) ? 1 : 0);
            }
            for (int k = 0; k < seen; k++) {
                sum += scores.get(weights + j) * x;
            }
        }
        return sum;
    }
}
