package io.github.deltallm.backend.opencl;

/**
 * The memory of a sequence and its forks: slabs for the keys and the values of every layer. Guarded
 * by the lock of the executable.
 */
final class CachePool {
    private final CacheSlab[] keys;
    private final CacheSlab[] values;

    CachePool(ClContext context, ClQueue queue, int layers) {
        keys = new CacheSlab[layers];
        values = new CacheSlab[layers];
        for (int layer = 0; layer < layers; layer++) {
            keys[layer] = new CacheSlab(context, queue, "the keys of layer " + layer);
            values[layer] = new CacheSlab(context, queue, "the values of layer " + layer);
        }
    }

    CacheSlab keys(int layer) {
        return keys[layer];
    }

    CacheSlab values(int layer) {
        return values[layer];
    }

    /** Words of keys that nobody has taken. */
    long freeKeyWords() {
        return freeWords(keys);
    }

    /** Words of values that nobody has taken. */
    long freeValueWords() {
        return freeWords(values);
    }

    private static long freeWords(CacheSlab[] slabs) {
        long words = 0;
        for (CacheSlab slab : slabs) {
            words += slab.freeWords();
        }
        return words;
    }

    /** Gives back memory in which nothing is left. */
    void trim() {
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer].trim();
            values[layer].trim();
        }
    }
}
