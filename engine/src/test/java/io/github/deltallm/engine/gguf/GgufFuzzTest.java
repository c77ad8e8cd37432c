package io.github.deltallm.engine.gguf;

import com.code_intelligence.jazzer.junit.FuzzTest;

/**
 * Whatever the bytes, opening them ends in a model or in one of DeltaLLM's own exceptions.
 *
 * <p>Runs over the committed seeds in every build, and looks for new inputs, guided by coverage,
 * when {@code JAZZER_FUZZ} is set.
 */
class GgufFuzzTest {
    @FuzzTest(maxDuration = "20s")
    void anyBytesAreAModelOrAClearError(byte[] bytes) {
        Exercise.open(bytes);
    }
}
