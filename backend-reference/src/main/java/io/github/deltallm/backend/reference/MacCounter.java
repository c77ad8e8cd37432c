package io.github.deltallm.backend.reference;

/** Sums multiply-accumulates that the loops counted where they happened. */
final class MacCounter {
    private long macs;

    void add(int executed) {
        macs += executed;
    }

    long macs() {
        return macs;
    }
}
