package io.github.deltallm.engine.gguf;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;

/** What a bad file must end in: the exception's type, and a message that names field and byte. */
final class Refusal {
    /** Enough bytes behind a header that a small count passes the first check. */
    static final int SLACK = 256;

    private Refusal() {}

    static void damaged(GgufBytes bytes, String field, int offset, String problem) {
        fails(ModelFormatException.class, bytes, field, offset, problem);
    }

    static void unsupported(GgufBytes bytes, String field, int offset, String problem) {
        fails(UnsupportedModelException.class, bytes, field, offset, problem);
    }

    private static void fails(
            Class<? extends DeltaLlmException> type,
            GgufBytes bytes,
            String field,
            int offset,
            String problem) {
        assertThatThrownBy(bytes::open)
                .isExactlyInstanceOf(type)
                .hasMessageStartingWith("made.gguf: " + field + " at byte " + offset + ": ")
                .hasMessageContaining(problem);
    }
}
