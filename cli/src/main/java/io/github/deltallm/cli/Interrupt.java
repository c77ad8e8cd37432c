package io.github.deltallm.cli;

import io.github.deltallm.engine.Cancellation;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * While it is open, Ctrl-C cancels instead of ending the program at once: what is there by then can
 * still be printed.
 *
 * <p>The JVM ends on the signal in any case, with exit code 130; a shutdown hook only makes it wait
 * for {@link #close}.
 */
final class Interrupt implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 10;

    private final Cancellation cancellation;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook = new Thread(this::cancelAndWait, "interrupt");

    Interrupt() {
        this(new Cancellation());
    }

    Interrupt(Cancellation cancellation) {
        this.cancellation = cancellation;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    Cancellation cancellation() {
        return cancellation;
    }

    private void cancelAndWait() {
        cancellation.cancel();
        try {
            if (!closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return; // a chunk takes longer than anybody wants to wait
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        if (!cancellation.cancelled()) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The signal came just now; the hook has nothing left to wait for.
            }
        }
    }
}
