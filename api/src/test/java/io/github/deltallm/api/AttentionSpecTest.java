package io.github.deltallm.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

class AttentionSpecTest {
    @Test
    void readsNameAndSettingsInOrder() {
        AttentionSpec spec = AttentionSpec.parse("delta:theta=1.0,window=5%,min-window=32");
        assertThat(spec.name()).isEqualTo("delta");
        assertThat(spec.settings())
                .containsExactly(
                        java.util.Map.entry("theta", "1.0"),
                        java.util.Map.entry("window", "5%"),
                        java.util.Map.entry("min-window", "32"));
        assertThat(spec).hasToString("delta:theta=1.0,window=5%,min-window=32");
    }

    @Test
    void aNameAloneIsASpecification() {
        assertThat(AttentionSpec.parse("dense").settings()).isEmpty();
        assertThat(AttentionSpec.parse("dense")).hasToString("dense");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                "Dense",
                "delta:",
                "delta:theta",
                "delta:=1",
                "delta:a=1,",
                "delta:a=1,a=2",
                "a b"
            })
    void anythingElseIsRefusedInOneSentence(String text) {
        assertThatThrownBy(() -> AttentionSpec.parse(text))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("'" + text + "'");
    }

    @Test
    void aWrongKeyListsTheRightOnes() {
        assertThatThrownBy(() ->
                        AttentionSpec.parse("window:sise=3").requireKeys(List.of("size", "sinks")))
                .hasMessageContaining("sise")
                .hasMessageContaining("size, sinks");
    }

    @Test
    void settingsAreReadByType() {
        AttentionSpec spec = AttentionSpec.parse("x:n=3,r=0.5,c=red");
        assertThat(spec.integer("n", 0, 0, 9)).isEqualTo(3);
        assertThat(spec.integer("m", 7, 0, 9)).isEqualTo(7);
        assertThat(spec.real("r", 0, 0)).isEqualTo(0.5f);
        assertThat(spec.choice("c", "blue", List.of("red", "blue"))).isEqualTo("red");
        assertThatThrownBy(() -> spec.integer("n", 0, 4, 9)).hasMessageContaining("from 4 to 9");
        assertThatThrownBy(() -> spec.real("c", 0, 0)).hasMessageContaining("c=red");
        assertThatThrownBy(() -> AttentionSpec.parse("x:r=NaN").real("r", 0, 0))
                .isInstanceOf(InvalidOptionException.class);
        assertThatThrownBy(() -> spec.choice("r", "red", List.of("red")))
                .hasMessageContaining("one of red");
    }
}
