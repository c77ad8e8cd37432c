package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MarkupTest {
    @Test
    void textAndAttributesAreEscaped() {
        String text = "<b a='1' c=\"2\">&amp;</b>";
        assertThat(new Markup().element("p", text, "title", text))
                .hasToString(
                        "<p title=\"&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;&lt;/b&gt;\">"
                                + "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;&lt;/b&gt;</p>");
    }

    @Test
    void elementsAreClosedInOrder() {
        Markup markup = new Markup().open("ul").open("li").text("1").close();
        assertThatThrownBy(markup::toString)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("ul");
        assertThat(markup.close()).hasToString("<ul><li>1</li></ul>");
    }

    @Test
    void specificationsMayBreakAfterCommasAndColons() {
        assertThat(new Markup().breakable("delta:theta=1,<b>"))
                .hasToString("delta:<wbr>theta=1,<wbr>&lt;b&gt;");
    }

    @Test
    void anAttributeHasAValue() {
        assertThatThrownBy(() -> new Markup().empty("br", "class"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("br");
    }
}
