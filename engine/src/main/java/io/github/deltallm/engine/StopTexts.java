package io.github.deltallm.engine;

import java.util.List;

/**
 * Finds the first stop text in a stream of pieces, holding back what might become one; not
 * thread-safe.
 */
final class StopTexts {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean found;

    StopTexts(List<String> stops) {
        this.stops = stops;
    }

    /** Whether a stop text has appeared; nothing more comes out then. */
    boolean found() {
        return found;
    }

    /** Takes a piece and returns the text that is certain not to be part of a stop text. */
    String push(String piece) {
        held.append(piece);
        int end = earliest();
        if (end >= 0) {
            found = true;
            return release(end);
        }
        int safe = held.length();
        for (String stop : stops) {
            safe = Math.min(safe, held.length() - heldBack(stop));
        }
        return release(safe);
    }

    /** What is still held back when the stream has ended. */
    String finish() {
        return found ? "" : release(held.length());
    }

    private int earliest() {
        int earliest = -1;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at >= 0 && (earliest < 0 || at < earliest)) {
                earliest = at;
            }
        }
        return earliest;
    }

    /** The length of the longest end of the held text that begins a stop text. */
    private int heldBack(String stop) {
        for (int length = Math.min(stop.length() - 1, held.length()); length > 0; length--) {
            if (stop.startsWith(held.substring(held.length() - length))) {
                return length;
            }
        }
        return 0;
    }

    private String release(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        return text;
    }
}
