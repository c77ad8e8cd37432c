package io.github.deltallm.engine.tokenizer;

import java.util.Arrays;
import java.util.List;

/** The parts of a prompt as one text that remembers where control tokens are allowed. */
final class PromptText {
    private final String text;

    /** Starts and ends of the runs of trusted parts, ascending. */
    private final int[] bounds;

    private PromptText(String text, int[] bounds) {
        this.text = text;
        this.bounds = bounds;
    }

    static PromptText of(List<Part> parts) {
        StringBuilder text = new StringBuilder();
        int[] bounds = new int[2 * parts.size()];
        int count = 0;
        for (Part part : parts) {
            int from = text.length();
            text.append(part.text());
            if (!part.parseSpecial() || part.text().isEmpty()) {
                continue;
            }
            if (count > 0 && bounds[count - 1] == from) {
                count--;
            } else {
                bounds[count++] = from;
            }
            bounds[count++] = text.length();
        }
        return new PromptText(text.toString(), Arrays.copyOf(bounds, count));
    }

    String text() {
        return text;
    }

    /** Where the run of trusted text around this place ends; 0 in untrusted text. */
    int trustedEnd(int at) {
        int found = Arrays.binarySearch(bounds, at);
        int next = found >= 0 ? found + 1 : -found - 1;
        return next % 2 == 1 ? bounds[next] : 0;
    }
}
