package io.github.deltallm.backend.opencl;

/**
 * Words that hold one thing, in a slab or in memory that is lent for a step; forks share them.
 * Guarded by the lock of the executable.
 */
final class CacheExtent {
    /** The first word. */
    final int place;

    final int words;

    /** Whether it is in memory that is lent for a step. */
    final boolean lent;

    private int holders = 1;

    CacheExtent(int place, int words, boolean lent) {
        this.place = place;
        this.words = words;
        this.lent = lent;
    }

    CacheExtent share() {
        holders++;
        return this;
    }

    boolean isShared() {
        return holders > 1;
    }

    /** Returns whether nobody holds it any more. */
    boolean leave() {
        return --holders == 0;
    }
}
