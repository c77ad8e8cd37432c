package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VisibleTextTest {
    @Test
    void ordinaryTextStaysAsItIs() {
        String text = "Llama-3.2 θ=1.0 – ünïcödé 模型 👩‍🔬";
        assertThat(VisibleText.of(text)).isSameAs(text);
    }

    @Test
    void whatCannotBeShownIsReplaced() {
        assertThat(VisibleText.of("a\u0000b\u001bc\ufffed\ud800e")).isEqualTo("a�b�c�d�e");
        assertThat(VisibleText.of("a\nb\tc")).isEqualTo("a b c");
    }

    @Test
    void nothingReordersItsSurroundings() {
        assertThat(VisibleText.of("model\u202egnp\u2066x\u200f\u061c")).isEqualTo("model�gnp�x��");
    }

    @Test
    void longTextEndsInAnEllipsis() {
        assertThat(VisibleText.shortened("abcdef", 6)).isEqualTo("abcdef");
        assertThat(VisibleText.shortened("abcdefg", 6)).isEqualTo("abcde…");
        assertThat(VisibleText.shortened("😀😀😀", 2)).isEqualTo("😀…");
    }
}
