package io.github.deltallm.api.spi;

/**
 * Makes backends of one kind; found by {@link java.util.ServiceLoader}. Its constructor and {@link
 * #probe} must be cheap and never fail.
 */
public interface BackendProvider {
    /** The name on the command line; a lower-case word, unique among providers. */
    String name();

    /** The heaviest available backend is chosen by {@code auto}. */
    default int weight() {
        return 100;
    }

    /** Finds out whether the backend can work here; never throws. */
    BackendProbe probe();

    /**
     * Opens the backend.
     *
     * @throws io.github.deltallm.api.UnavailableException if it can't work here
     * @throws io.github.deltallm.api.InvalidOptionException if an option makes no sense to it
     */
    Backend open(BackendOptions options);
}
