package io.github.deltallm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

class AttentionSweepTest {
    private static List<String> expanded(String text) {
        return AttentionSweep.expand(AttentionSpec.parse(text)).stream()
                .map(AttentionSpec::toString)
                .toList();
    }

    @Test
    void aRangeEndsWithItsLastNumber() {
        assertThat(expanded("delta:theta=0.4..2.0/0.2"))
                .containsExactly(
                        "delta:theta=0.4",
                        "delta:theta=0.6",
                        "delta:theta=0.8",
                        "delta:theta=1.0",
                        "delta:theta=1.2",
                        "delta:theta=1.4",
                        "delta:theta=1.6",
                        "delta:theta=1.8",
                        "delta:theta=2.0");
    }

    @Test
    void aRangeStopsBeforeItsLastNumberIsPassed() {
        assertThat(expanded("delta:theta=1..2/0.3,window=64"))
                .containsExactly(
                        "delta:theta=1,window=64",
                        "delta:theta=1.3,window=64",
                        "delta:theta=1.6,window=64",
                        "delta:theta=1.9,window=64");
    }

    @Test
    void severalRangesGiveEveryCombination() {
        assertThat(expanded("delta:theta=1..2/1,window=32..64/32"))
                .containsExactly(
                        "delta:theta=1,window=32",
                        "delta:theta=1,window=64",
                        "delta:theta=2,window=32",
                        "delta:theta=2,window=64");
    }

    @Test
    void whatIsNoRangeStaysAsItIs() {
        assertThat(expanded("delta:profile=../a..b/1,window=5%"))
                .containsExactly("delta:profile=../a..b/1,window=5%");
        assertThat(expanded("dense")).containsExactly("dense");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "delta:theta=2..1/0.5",
                "delta:theta=1..2/0",
                "delta:theta=1..2",
                "delta:theta=1../0.1",
                "delta:theta=0..1/0.0001"
            })
    void aRangeThatMakesNoSenseIsRefused(String text) {
        assertThatThrownBy(() -> expanded(text))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("theta")
                .hasMessageContaining("range");
    }

    @Test
    void combinationsThatNobodyWaitsForAreRefused() {
        assertThatThrownBy(() -> expanded("delta:theta=0..1/0.01,values=0..1/0.01"))
                .hasMessageContaining("more than 1000 attentions");
    }

    @Test
    void denseComesFirstAndOnlyOnce() {
        assertThat(AttentionSweep.of(List.of("delta", "dense", "delta"), false))
                .extracting(AttentionSpec::toString)
                .containsExactly("dense", "delta");
    }

    @Test
    void controlsComeLast() {
        assertThat(AttentionSweep.of(List.of("delta"), true))
                .extracting(AttentionSpec::toString)
                .startsWith("dense", "delta")
                .contains("prune:theta=1.0", "dense:keys=int8", "dense:keys=int4")
                .anyMatch(name -> name.startsWith("window"));
    }
}
